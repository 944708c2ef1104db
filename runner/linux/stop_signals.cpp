#include "linux/stop_signals.hpp"

#include <algorithm>

#include <unistd.h>

namespace hotrun {

namespace {

constexpr int kInterrupted = 128 + SIGINT;

constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

int exit_status_of(int signal) {
    return signal == SIGTERM ? 0 : 128 + signal;
}

} // namespace

StopSignals::HostHandlers::HostHandlers() {
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        ::sigaction(kSignals[i], nullptr, &actions_[i]);
}

StopSignals::HostHandlers::~HostHandlers() {
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        ::sigaction(kSignals[i], &actions_[i], nullptr);
}

bool StopSignals::HostHandlers::ignored(int signal) const {
    const auto at = std::find(kSignals.begin(), kSignals.end(), signal) - kSignals.begin();
    return actions_[static_cast<std::size_t>(at)].sa_handler == SIG_IGN;
}

StopSignals::StopSignals(boost::asio::io_context &io, std::function<void(int)> stop,
                         std::function<void()> clean_up_before_forced_end)
    : signals_(io), stop_(std::move(stop)), clean_up_(std::move(clean_up_before_forced_end)) {
    boost::system::error_code ignored;
    for (const int signal : kSignals) {
        if (signal != SIGHUP || !before_.ignored(signal)) // nohup(1) asks for that
            signals_.add(signal, ignored);
    }
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
