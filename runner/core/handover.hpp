// What passes from the runner's thread to the host's.
#pragma once

#include "core/generation.hpp"

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
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

    bool has_offer() const noexcept; // that is not taken

    // All that is offered at this moment. Host's thread; the runner's to take it back: what was
    // offered together may be linked together, so none of it stays behind.
    std::vector<Candidate> take();

    // What the host's thread is to do at its next safe point. Any thread; waking may be done in a
    // signal handler.
    enum class Wish : unsigned {
        kSnapshot = 4, // of each module
        kLoad = 8,     // a library, for the runner's thread
        kRestart = 16, // of the process
        kReplay = 32,  // of what was recorded
        kLook = 64,    // at whether it is paused
    };
    enum class Wake { kNow, kLater };
    void ask(Wish wish, Wake wake = Wake::kNow) noexcept;
    bool take(Wish wish) noexcept; // host's thread

    // The files whose timestamps a host compares that has nobody to watch them. Set by the runner's
    // thread, read by the host's.
    using Paths = std::shared_ptr<const std::vector<std::string>>;
    void set_libraries(std::vector<std::string> paths);
    Paths libraries() const;

    // A paused run steps no module; what is offered is switched to all the same. Any thread.
    void set_paused(bool paused) noexcept;
    bool is_paused() const noexcept { return paused_.load(std::memory_order_relaxed); }

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
    std::atomic<bool> paused_{false};
    std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::vector<Candidate> candidates_;                                    // guarded by mutex_
    Paths libraries_ = std::make_shared<const std::vector<std::string>>(); // guarded by mutex_
};

} // namespace hotrun
