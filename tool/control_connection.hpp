// A client of a run's control socket.
#pragma once

#include "control/line_reader.hpp"
#include "hotrun/result.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hotrun {

// Thread-bound. Its calls wait.
class ControlConnection {
  public:
    // To the run in that build folder (canonical); none: nobody of this user listens there.
    static std::optional<ControlConnection> open(const std::string &builddir);

    ControlConnection(ControlConnection &&other) noexcept;
    ControlConnection &operator=(ControlConnection &&) = delete;
    ~ControlConnection();

    const std::string &builddir() const { return builddir_; }
    int pid() const { return pid_; } // of the run

    // False: the run has closed the connection.
    [[nodiscard]] bool send(std::string_view line) const;

    // The next line, without its line break; none: the run has closed the connection.
    std::optional<std::string> read_line();

    // Gives to `take` the lines that end in what has come, and waits only where nothing has. False:
    // the run has closed the connection.
    bool receive(const std::function<void(std::string_view line)> &take);

    // Readable when receive() has something to give.
    int descriptor() const { return socket_; }

    // Waits until the process of the run has ended; false: that takes longer.
    bool await_end(std::optional<std::chrono::milliseconds> limit = {}) const;

  private:
    ControlConnection(std::string builddir, int socket, int pid);
    static std::optional<ControlConnection> open_at(const std::string &path,
                                                    const std::string &builddir);

    std::string builddir_;
    int socket_ = -1;
    int pid_ = 0;
    int process_ = -1; // a pidfd
    LineReader reader_;
    std::deque<std::string> lines_;
};

} // namespace hotrun
