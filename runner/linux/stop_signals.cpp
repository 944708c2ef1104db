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

// What the handler has to reach.
struct Noting {
    std::atomic<int> *asked = nullptr;
    std::array<struct sigaction, kSignals.size()> asio{};
};
Noting noting;

void note(int signal) {
    int not_asked = StopSignals::kNotAsked;
    noting.asked->compare_exchange_strong(not_asked, exit_status_of(signal));
    const auto at = std::find(kSignals.begin(), kSignals.end(), signal) - kSignals.begin();
    noting.asio[static_cast<std::size_t>(at)].sa_handler(signal);
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
                         std::function<void(int)> force_end, std::atomic<int> *asked)
    : signals_(io), stop_(std::move(stop)), force_end_(std::move(force_end)) {
    boost::system::error_code ignored;
    for (const int signal : kSignals) {
        if (signal != SIGHUP || !before_.ignored(signal)) // nohup(1) asks for that
            signals_.add(signal, ignored);
    }
    if (asked != nullptr)
        note_in(asked);
    wait();
}

void StopSignals::note_in(std::atomic<int> *asked) {
    noting.asked = asked;
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
        ::sigaction(kSignals[i], nullptr, &noting.asio[i]);
        struct sigaction action = noting.asio[i];
        if (action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL)
            continue;
        action.sa_handler = note;
        ::sigaction(kSignals[i], &action, nullptr);
    }
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
        force_end_(kInterrupted);
        ::_exit(kInterrupted);
    }
    interrupted_ |= signal == SIGINT;
    stop_(exit_status_of(signal));
}

} // namespace hotrun
