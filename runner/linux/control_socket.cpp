#include "linux/control_socket.hpp"

#include "control/socket_path.hpp"
#include "linux/system_error.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>

#include <sys/socket.h>
#include <unistd.h>

namespace hotrun {

namespace {

namespace asio = boost::asio;
using Address = asio::local::stream_protocol::endpoint;

constexpr mode_t kOwnFolder = 0700;
constexpr mode_t kOwnSocket = 0600;

std::string variable(const char *name) {
    const char *value = ::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? "" : value;
}

UniqueFd make_socket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// One that somebody else has made may be read by others, or lead elsewhere.
Status make_own_folder(const std::string &folder) {
    if (::mkdir(folder.c_str(), kOwnFolder) != 0 && errno != EEXIST)
        return system_error("can't make the folder " + folder + " for the control socket");
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0)
        return system_error("can't look at the folder " + folder);
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() ||
        (status.st_mode & 07777) != kOwnFolder)
        return Error{ErrorKind::kFailed,
                     folder + " is no folder for you alone; remove it to have a control socket", 0};
    return Done{};
}

bool somebody_listens(const Address &address) {
    const UniqueFd probe = make_socket();
    return ::connect(probe.get(), address.data(), static_cast<socklen_t>(address.size())) == 0 ||
           errno == EAGAIN;
}

// Only the run that has the build folder's lock comes here: a socket that is left is of a dead one.
Result<UniqueFd> listen_at(const SocketPlace &place) {
    if (const Status made = make_own_folder(place.folder); !made)
        return made.error();
    const Address address(place.path);
    if (somebody_listens(address))
        return Error{ErrorKind::kBusy,
                     "another program listens at " + place.path +
                         "; end it to have a control "
                         "socket",
                     0};
    ::unlink(place.path.c_str());
    UniqueFd listener = make_socket();
    ::fchmod(listener.get(), kOwnSocket); // what the file is made with
    if (!listener.is_open() ||
        ::bind(listener.get(), address.data(), static_cast<socklen_t>(address.size())) != 0 ||
        ::listen(listener.get(), SOMAXCONN) != 0)
        return system_error("can't listen at " + place.path);
    return listener;
}

bool is_of_this_user(int client) {
    ucred peer{};
    socklen_t bytes = sizeof peer;
    return ::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 &&
           peer.uid == ::geteuid();
}

} // namespace

// One client. What can't be sent at once waits; a client that lets too much wait is dropped.
class ControlSocket::Session : public std::enable_shared_from_this<Session> {
  public:
    Session(ControlSocket &socket, UniqueFd client)
        : socket_(socket), stream_(socket.listener_.get_executor(), client.release()) {}

    void start(ControlServer &server) {
        client_ = server.connect([this](std::string line) { send(std::move(line)); });
        read_when_ready();
    }

    void end() {
        flush();
        dropped_ = ended_ = true;
        client_.reset();
        boost::system::error_code ignored;
        stream_.close(ignored);
    }

  private:
    void send(std::string line) {
        if (ended_ || dropped_)
            return;
        if (unread_bytes_ > kMostUnreadBytes)
            return drop();
        unread_bytes_ += line.size();
        lines_.push_back(std::move(line));
        if (!writing_)
            flush();
    }

    void flush() {
        while (!lines_.empty() && !dropped_) {
            const std::string &line = lines_.front();
            const ssize_t sent = ::send(stream_.native_handle(), line.data() + sent_bytes_,
                                        line.size() - sent_bytes_, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0 && errno == EINTR)
                continue;
            if (sent < 0)
                return errno == EAGAIN ? write_when_ready() : drop();
            sent_bytes_ += static_cast<std::size_t>(sent);
            unread_bytes_ -= static_cast<std::size_t>(sent);
            if (sent_bytes_ == line.size()) {
                lines_.pop_front();
                sent_bytes_ = 0;
            }
        }
        end_if_done();
    }

    void write_when_ready() {
        writing_ = true;
        stream_.async_wait(asio::posix::stream_descriptor::wait_write,
                           [self = shared_from_this()](const boost::system::error_code &error) {
                               self->writing_ = false;
                               if (!error && !self->ended_)
                                   self->flush();
                           });
    }

    void read_when_ready() {
        stream_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](const boost::system::error_code &error) {
                               if (!error && !self->ended_ && self->read() && !self->ended_)
                                   self->read_when_ready();
                           });
    }

    // One piece, which holds few requests: others want to be heard as well. False: there is nothing
    // more to read.
    bool read() {
        std::array<char, std::size_t{8} << 10> bytes; // NOLINT(*-member-init)
        const ssize_t got =
            ::recv(stream_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (got < 0) {
            drop();
            return false;
        }
        misused_ = !client_->receive({bytes.data(), static_cast<std::size_t>(got)});
        read_to_end_ = got == 0 || misused_;
        end_if_done();
        return !read_to_end_;
    }

    // A client that has closed its own side may still wait for answers.
    void end_if_done() {
        const bool awaits = client_ != nullptr && client_->is_waiting() && !misused_;
        if (read_to_end_ && lines_.empty() && !awaits)
            drop();
    }

    // Later: whoever tells an event goes through all clients.
    void drop() {
        if (std::exchange(dropped_, true) || ended_)
            return;
        asio::post(stream_.get_executor(), [self = shared_from_this()] {
            if (!self->ended_)
                self->socket_.remove(self.get());
        });
    }

    ControlSocket &socket_;
    asio::posix::stream_descriptor stream_;
    std::shared_ptr<ControlServer::Client> client_;
    std::deque<std::string> lines_; // that are yet to be sent
    std::size_t sent_bytes_ = 0;    // of the first
    std::size_t unread_bytes_ = 0;
    bool writing_ = false;
    bool read_to_end_ = false;
    bool misused_ = false; // by the client
    bool dropped_ = false;
    bool ended_ = false;
};

ControlSocket::ControlSocket(asio::io_context &io, UniqueFd listener, std::string path)
    : listener_(io, listener.release()), pause_(io), path_(std::move(path)) {
    ::lstat(path_.c_str(), &file_);
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::create(asio::io_context &io,
                                                             const std::string &builddir) {
    const std::vector<SocketPlace> places =
        socket_places(builddir, {variable("XDG_RUNTIME_DIR"), variable("TMPDIR"), ::geteuid()});
    Result<UniqueFd> listener = Error{};
    for (const SocketPlace &place : places) {
        listener = listen_at(place);
        if (listener)
            return std::unique_ptr<ControlSocket>(
                new ControlSocket(io, std::move(*listener), place.path));
    }
    return listener.error();
}

void ControlSocket::serve(ControlServer &server) {
    server_ = &server;
    wait_for_client();
}

void ControlSocket::wait_for_client() {
    listener_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [this, open = std::weak_ptr(open_)](const auto &error) {
                             if (!error && !open.expired())
                                 accept_all();
                         });
}

// Without a descriptor to spare the next client waits a little, and the loop does not spin.
void ControlSocket::accept_all() {
    constexpr std::chrono::milliseconds kPause{100};
    while (true) {
        UniqueFd client(
            ::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!client.is_open() && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (!client.is_open() && errno != EAGAIN) {
            pause_.expires_after(kPause);
            pause_.async_wait([this, open = std::weak_ptr(open_)](const auto &error) {
                if (!error && !open.expired())
                    wait_for_client();
            });
            return;
        }
        if (!client.is_open())
            return wait_for_client();
        if (!is_of_this_user(client.get()) || sessions_.size() >= kMostClients)
            continue; // it is closed
        sessions_.push_back(std::make_shared<Session>(*this, std::move(client)));
        sessions_.back()->start(*server_);
    }
}

void ControlSocket::remove(Session *session) {
    const auto found =
        std::ranges::find(sessions_, session, [](const auto &each) { return each.get(); });
    if (found == sessions_.end())
        return;
    (*found)->end();
    sessions_.erase(found);
}

void ControlSocket::close() {
    if (path_.empty())
        return;
    struct stat now {};
    if (::lstat(path_.c_str(), &now) == 0 && now.st_ino == file_.st_ino &&
        now.st_dev == file_.st_dev)
        ::unlink(path_.c_str());
    path_.clear();
    for (const std::shared_ptr<Session> &session : sessions_)
        session->end();
    sessions_.clear();
    open_.reset();
    pause_.cancel();
    boost::system::error_code ignored;
    listener_.close(ignored);
}

} // namespace hotrun
