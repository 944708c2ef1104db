#include "core/handover.hpp"

#include <utility>

namespace hotrun {

void Handover::offer(std::vector<Candidate> candidates) {
    if (candidates.empty())
        return;
    {
        const std::lock_guard lock(mutex_);
        for (Candidate &candidate : candidates)
            candidates_.push_back(std::move(candidate));
        news_.fetch_or(kCandidates, std::memory_order_release);
        wake_(); // before the host can take them: a wake that came after that would be for nothing
    }
}

bool Handover::has_offer() const noexcept {
    return (news_.load(std::memory_order_acquire) & kCandidates) != 0;
}

std::vector<Candidate> Handover::take() {
    const std::lock_guard lock(mutex_);
    news_.fetch_and(~kCandidates, std::memory_order_relaxed);
    return std::exchange(candidates_, {});
}

void Handover::ask(Wish wish, Wake wake) noexcept {
    news_.fetch_or(static_cast<unsigned>(wish), std::memory_order_release);
    if (wake == Wake::kNow)
        wake_();
}

bool Handover::take(Wish wish) noexcept {
    const auto bit = static_cast<unsigned>(wish);
    return (news_.fetch_and(~bit, std::memory_order_acquire) & bit) != 0;
}

void Handover::set_libraries(std::vector<std::string> paths) {
    Paths shared = std::make_shared<const std::vector<std::string>>(std::move(paths));
    const std::lock_guard lock(mutex_);
    libraries_.swap(shared);
}

Handover::Paths Handover::libraries() const {
    const std::lock_guard lock(mutex_);
    return libraries_;
}

void Handover::set_paused(bool paused) noexcept {
    paused_.store(paused, std::memory_order_relaxed);
    ask(Wish::kLook);
}

void Handover::request_stop(int exit_status) noexcept {
    int none = kNoStatus;
    if (!exit_status_.compare_exchange_strong(none, exit_status))
        return;
    news_.fetch_or(kStop, std::memory_order_release);
    wake_();
}

bool Handover::stop_requested() const noexcept {
    return (news_.load(std::memory_order_acquire) & kStop) != 0;
}

int Handover::exit_status() const noexcept {
    const int status = exit_status_.load();
    return status == kNoStatus ? 0 : status;
}

} // namespace hotrun
