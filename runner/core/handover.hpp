// What passes from the runner's thread to the host's.
#pragma once

#include "core/generation.hpp"

#include <atomic>
#include <functional>
#include <limits>
#include <mutex>
#include <vector>

namespace hotrun {

// Thread-safe. The host's loop pays one atomic load an iteration; the lock is only taken when that
// load says that there is something.
class Handover {
  public:
    // `wake` is called after each offer and each stop; it may be called from a signal handler.
    explicit Handover(std::function<void()> wake) : wake_(std::move(wake)) {}

    bool has_news() const noexcept { return news_.load(std::memory_order_acquire) != 0; }

    // Runner's thread. All of them are switched to at the same safe point.
    void offer(std::vector<Candidate> candidates);

    // Runner's thread: the candidate for that module, if the host has not taken it.
    std::unique_ptr<Generation> take_back(std::size_t module);

    // Host's thread.
    std::vector<Candidate> take();

    // Any thread, and a signal handler; the first call counts.
    void request_stop(int exit_status) noexcept;
    bool stop_requested() const noexcept;
    int exit_status() const noexcept;

  private:
    static constexpr unsigned kCandidates = 1;
    static constexpr unsigned kStop = 2;
    static constexpr int kNoStatus = std::numeric_limits<int>::min();

    std::atomic<unsigned> news_{0};
    std::atomic<int> exit_status_{kNoStatus};
    std::function<void()> wake_;
    std::mutex mutex_;
    std::vector<Candidate> candidates_; // guarded by mutex_
};

} // namespace hotrun
