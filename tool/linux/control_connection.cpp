#include "control_connection.hpp"

#include "control/socket_path.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hotrun {

namespace {

std::string variable(const char *name) {
    const char *value = ::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? "" : value;
}

int connect_to(const std::string &path) {
    if (path.size() > kMostSocketPathBytes)
        return -1;
    const boost::asio::local::stream_protocol::endpoint address(path);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, address.data(), static_cast<socklen_t>(address.size())) == 0)
        return socket;
    ::close(socket);
    return -1;
}

// 0: another user listens there, whom we tell nothing.
int pid_of_own(int socket) {
    ucred peer{};
    socklen_t bytes = sizeof peer;
    const bool known = ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0;
    return known && peer.uid == ::geteuid() ? peer.pid : 0;
}

// Where a socket of that name is bound, by unix(7)'s list of all.
std::vector<std::string> bound_paths(const std::string &name) {
    std::vector<std::string> paths;
    std::ifstream sockets("/proc/net/unix");
    for (std::string line; std::getline(sockets, line);) {
        const std::size_t path = line.find('/');
        if (path != std::string::npos && line.ends_with(name))
            paths.push_back(line.substr(path));
    }
    return paths;
}

} // namespace

std::optional<ControlConnection> ControlConnection::open_at(const std::string &path,
                                                            const std::string &builddir) {
    const int socket = connect_to(path);
    if (socket < 0)
        return std::nullopt;
    if (const int pid = pid_of_own(socket); pid != 0)
        return ControlConnection(builddir, socket, pid);
    ::close(socket);
    return std::nullopt;
}

// The run may have been started with another environment, and be where ours does not lead.
std::optional<ControlConnection> ControlConnection::open(const std::string &builddir) {
    const std::vector<SocketPlace> places =
        socket_places(builddir, {variable("XDG_RUNTIME_DIR"), variable("TMPDIR"), ::geteuid()});
    for (const SocketPlace &place : places) {
        if (auto connection = open_at(place.path, builddir))
            return connection;
    }
    const std::string &known = places.back().path;
    for (const std::string &path : bound_paths(known.substr(known.rfind('/')))) {
        if (auto connection = open_at(path, builddir))
            return connection;
    }
    return std::nullopt;
}

ControlConnection::ControlConnection(std::string builddir, int socket, int pid)
    : builddir_(std::move(builddir)), socket_(socket), pid_(pid),
      process_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))), reader_(SIZE_MAX) {}

ControlConnection::ControlConnection(ControlConnection &&other) noexcept
    : builddir_(std::move(other.builddir_)), socket_(std::exchange(other.socket_, -1)),
      pid_(other.pid_), process_(std::exchange(other.process_, -1)),
      reader_(std::move(other.reader_)), lines_(std::move(other.lines_)) {}

ControlConnection::~ControlConnection() {
    for (const int descriptor : {socket_, process_}) {
        if (descriptor >= 0)
            ::close(descriptor);
    }
}

bool ControlConnection::send(std::string_view line) const {
    while (!line.empty()) {
        const ssize_t sent = ::send(socket_, line.data(), line.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        line.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool ControlConnection::receive(const std::function<void(std::string_view line)> &take) {
    std::array<char, std::size_t{64} << 10> bytes; // NOLINT(*-member-init)
    ssize_t got = 0;
    do
        got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    while (got < 0 && errno == EINTR);
    return got > 0 && reader_.feed({bytes.data(), static_cast<std::size_t>(got)}, take);
}

std::optional<std::string> ControlConnection::read_line() {
    while (lines_.empty()) {
        if (!receive([this](std::string_view line) { lines_.emplace_back(line); }))
            return std::nullopt;
    }
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
}

// Without a descriptor of the process, it has ended.
bool ControlConnection::await_end(std::optional<std::chrono::milliseconds> limit) const {
    pollfd end = {process_, POLLIN, 0};
    if (process_ < 0)
        return true;
    while (true) {
        const int count = ::poll(&end, 1, limit ? static_cast<int>(limit->count()) : -1);
        if (count >= 0 || errno != EINTR)
            return count > 0;
    }
}

} // namespace hotrun
