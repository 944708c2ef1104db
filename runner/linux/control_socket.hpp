// The control socket: lets the user's programs in, and carries lines between them and the server.
#pragma once

#include "control/control_server.hpp"
#include "hotrun/result.hpp"
#include "linux/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>
#include <string>

#include <sys/stat.h>

namespace hotrun {

// Bound to the runner's thread once it serves. The file goes with it.
class ControlSocket {
  public:
    static constexpr std::size_t kMostClients = 256;
    static constexpr std::size_t kMostUnreadBytes = std::size_t{4} << 20; // of one client
    static_assert(kMostUnreadBytes > ControlServer::kMostHistoryBytes);

    // Takes the place of a socket that nobody listens at any more.
    static Result<std::unique_ptr<ControlSocket>> create(boost::asio::io_context &io,
                                                         const std::string &builddir);
    ControlSocket(const ControlSocket &) = delete;
    ControlSocket &operator=(const ControlSocket &) = delete;
    ~ControlSocket() { close(); }

    const std::string &path() const { return path_; }
    std::size_t client_count() const { return sessions_.size(); }

    // `server` outlives the socket, or its close().
    void serve(ControlServer &server);

    // Removes the file, and lets all clients go.
    void close();

  private:
    class Session;

    ControlSocket(boost::asio::io_context &io, UniqueFd listener, std::string path);
    void wait_for_client();
    void accept_all();
    void remove(Session *session);

    boost::asio::posix::stream_descriptor listener_;
    boost::asio::steady_timer pause_;
    std::string path_;
    struct stat file_ {}; // ours: another run may have taken the path
    ControlServer *server_ = nullptr;
    std::list<std::shared_ptr<Session>> sessions_;
    std::shared_ptr<bool> open_ = std::make_shared<bool>(true); // what still waits is told by it
};

} // namespace hotrun
