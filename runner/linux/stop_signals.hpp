// The signals by which a user ends a run.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <array>
#include <atomic>
#include <functional>

#include <signal.h>

namespace hotrun {

// SIGINT, SIGTERM, SIGHUP and SIGPIPE ask for the end; a second SIGINT forces it, and ends the
// process if `force_end` has not. Called on the loop's thread. A SIGHUP that is ignored stays so.
// The handlers are put back on destruction.
class StopSignals {
  public:
    static constexpr int kNotAsked = -1;

    // `asked` gets the exit status of the first signal as soon as it comes: the loop's thread may
    // be in new code's static constructors, and the process replaced before it hears of it.
    StopSignals(boost::asio::io_context &io, std::function<void(int exit_status)> stop,
                std::function<void(int exit_status)> force_end, std::atomic<int> *asked = nullptr);

  private:
    // What the host does on these signals; Asio would leave the default behind.
    class HostHandlers {
      public:
        HostHandlers();
        HostHandlers(const HostHandlers &) = delete;
        HostHandlers &operator=(const HostHandlers &) = delete;
        ~HostHandlers();

        bool ignored(int signal) const;

      private:
        std::array<struct sigaction, 4> actions_;
    };

    void note_in(std::atomic<int> *asked);
    void wait();
    void received(int signal);

    HostHandlers before_;
    boost::asio::signal_set signals_;
    std::function<void(int)> stop_;
    std::function<void(int)> force_end_;
    bool interrupted_ = false;
};

} // namespace hotrun
