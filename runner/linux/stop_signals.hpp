// The signals by which a user ends a run.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>

namespace hotrun {

// SIGINT, SIGTERM, SIGHUP and SIGPIPE ask for the end; a second SIGINT forces it. Called on the
// loop's thread. The handlers are put back on destruction.
class StopSignals {
  public:
    StopSignals(boost::asio::io_context &io, std::function<void(int exit_status)> stop,
                std::function<void()> clean_up_before_forced_end);

  private:
    void wait();
    void received(int signal);

    boost::asio::signal_set signals_;
    std::function<void(int)> stop_;
    std::function<void()> clean_up_;
    bool interrupted_ = false;
};

} // namespace hotrun
