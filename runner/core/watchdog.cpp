#include "core/watchdog.hpp"

#include <algorithm>
#include <utility>

namespace hotrun {

namespace {

// Looks at which a call was seen again until a time-out is over.
constexpr int kLooks = 2;
// A loop that calls malloc is in its own code one time in ten or less.
constexpr int kTries = 400;
constexpr int kFurtherTries = 40; // at each look once it has been told
constexpr std::chrono::microseconds kBetweenTries{150};
// A thread that does not answer for so long has blocked the signal, or is in the kernel.
constexpr std::chrono::milliseconds kNoAnswer{50};
constexpr std::chrono::milliseconds kShortest{1};

} // namespace

Watchdog::Watchdog(EventLoop &loop, const Clock &clock, int alarm, CallMonitor &calls,
                   std::chrono::milliseconds timeout, OnStalled on_stalled)
    : loop_(loop), clock_(clock), alarm_(alarm), calls_(calls), timeout_(timeout),
      on_stalled_(std::move(on_stalled)) {}

void Watchdog::look() {
    const std::uint64_t call = calls_.current_call();
    if (call != call_) {
        call_ = call;
        seen_again_ = 0;
        told_ = false;
        found_at_.clear();
    } else if (call != 0) {
        seen_again_ = calls_.is_debugged() ? 0 : std::min(seen_again_ + 1, kLooks);
    }
    if (seen_again_ >= kLooks) {
        tries_left_ = told_ ? kFurtherTries : kTries;
        interrupt();
    } else {
        look_later();
    }
}

void Watchdog::look_later() {
    loop_.set_alarm(alarm_, clock_.now() + std::max<Duration>(timeout_ / kLooks, kShortest),
                    [this] { look(); });
}

void Watchdog::interrupt() {
    asked_ = clock_.now();
    calls_.interrupt(call_);
    loop_.set_alarm(alarm_, asked_ + kBetweenTries, [this] { look_at_answer(); });
}

void Watchdog::look_at_answer() {
    if (calls_.current_call() != call_) { // it has returned, or was left
        look();
        return;
    }
    std::optional<std::vector<CodeAddress>> place = calls_.found_unsafe();
    if (!place && clock_.now() - asked_ < kNoAnswer) {
        loop_.set_alarm(alarm_, clock_.now() + kBetweenTries, [this] { look_at_answer(); });
        return;
    }
    if (place)
        found_at_ = std::move(*place);
    tries_left_ = place ? tries_left_ - 1 : 0;
    if (tries_left_ > 0) {
        interrupt();
        return;
    }
    if (!std::exchange(told_, true))
        on_stalled_(found_at_);
    look_later();
}

} // namespace hotrun
