#include "linux/stop_signals.hpp"

#include <csignal>

#include <unistd.h>

namespace hotrun {

namespace {

constexpr int kInterrupted = 128 + SIGINT;

int exit_status_of(int signal) { return signal == SIGTERM ? 0 : 128 + signal; }

} // namespace

StopSignals::StopSignals(boost::asio::io_context &io, std::function<void(int)> stop,
                         std::function<void()> clean_up_before_forced_end)
    : signals_(io, SIGINT, SIGTERM), stop_(std::move(stop)),
      clean_up_(std::move(clean_up_before_forced_end)) {
    boost::system::error_code ignored;
    signals_.add(SIGHUP, ignored);
    signals_.add(SIGPIPE, ignored);
    wait();
}

void StopSignals::wait() {
    signals_.async_wait([this](const boost::system::error_code &error, int signal) {
        if (error)
            return;
        received(signal);
        wait();
    });
}

void StopSignals::received(int signal) {
    if (signal == SIGINT && interrupted_) {
        clean_up_();
        ::_exit(kInterrupted);
    }
    interrupted_ |= signal == SIGINT;
    stop_(exit_status_of(signal));
}

} // namespace hotrun
