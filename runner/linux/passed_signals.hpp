// The signals that reach a run which wraps a program.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>

#include <signal.h>

namespace hotrun {

// Blocks them in this thread, from which others inherit that, and tells of each on the loop. A
// SIGHUP that is ignored stays so. Made before any thread.
class PassedSignals {
  public:
    // `from_terminal`: all of the terminal's foreground process group have got it.
    using OnSignal = std::function<void(int signal, bool from_terminal)>;

    PassedSignals(boost::asio::io_context &io, OnSignal on_signal);
    PassedSignals(const PassedSignals &) = delete;
    PassedSignals &operator=(const PassedSignals &) = delete;
    ~PassedSignals();

    // The mask that was there before, for programs.
    const sigset_t &before() const { return before_; }

  private:
    void wait();
    void read();

    sigset_t before_{};
    boost::asio::posix::stream_descriptor stream_;
    OnSignal on_signal_;
};

} // namespace hotrun
