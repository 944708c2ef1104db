#include "core/handover.hpp"

#include <algorithm>

namespace hotrun {

void Handover::offer(std::vector<Candidate> candidates) {
    if (candidates.empty())
        return;
    {
        const std::lock_guard lock(mutex_);
        for (Candidate &candidate : candidates)
            candidates_.push_back(std::move(candidate));
        news_.fetch_or(kCandidates, std::memory_order_release);
    }
    wake_();
}

std::unique_ptr<Generation> Handover::take_back(std::size_t module) {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(candidates_.begin(), candidates_.end(),
                     [&](const Candidate &candidate) { return candidate.module == module; });
    if (found == candidates_.end())
        return nullptr;
    std::unique_ptr<Generation> generation = std::move(found->generation);
    candidates_.erase(found);
    return generation;
}

std::vector<Candidate> Handover::take() {
    const std::lock_guard lock(mutex_);
    news_.fetch_and(~kCandidates, std::memory_order_relaxed);
    return std::exchange(candidates_, {});
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
