// What a module gets as input for one step, and where it waits for that.
#pragma once

#include "hotrun/module.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotrun {

struct InputEvent {
    std::uint32_t kind = 0;
    std::string bytes;

    bool operator==(const InputEvent &) const = default;
};

struct StepInput {
    std::uint64_t time_ns = 0;
    std::uint64_t delta_ns = 0;
    std::vector<InputEvent> events;

    bool operator==(const StepInput &) const = default;
};

// As the module's contract has it. Its address stays.
class InputView {
  public:
    InputView() = default;
    InputView(const InputView &) = delete;
    InputView &operator=(const InputView &) = delete;

    const hotrun_input *get() const { return &view_; }

    void show(const StepInput &input) {
        events_.clear();
        for (const InputEvent &event : input.events)
            events_.push_back({event.kind, event.bytes.data(), event.bytes.size()});
        view_ = {input.time_ns, input.delta_ns, events_.data(), events_.size()};
    }
    void hide_events() {
        view_.events = nullptr;
        view_.event_count = 0;
    }

  private:
    std::vector<hotrun_input_event> events_;
    hotrun_input view_{};
};

// Events on their way to the next step. Thread-safe.
class InputQueue {
  public:
    static constexpr std::size_t kMostBytes = std::size_t{16} << 20;

    // False: too much waits already, or the queue is closed.
    bool push(std::uint32_t kind, std::string_view bytes) {
        const std::lock_guard lock(mutex_);
        const std::size_t all_bytes = waiting_bytes_ + sizeof(InputEvent) + bytes.size();
        if (is_closed_ || all_bytes > kMostBytes)
            return false;
        waiting_bytes_ = all_bytes;
        waiting_.push_back({kind, std::string(bytes)});
        some_wait_.store(true, std::memory_order_release);
        return true;
    }

    // For a step that begins now; `step` is the one before.
    void take(std::chrono::nanoseconds now, StepInput &step) {
        const auto time_ns = static_cast<std::uint64_t>(now.count());
        step.delta_ns = step.time_ns == 0 ? 0 : time_ns - step.time_ns;
        step.time_ns = time_ns;
        step.events.clear();
        if (!some_wait_.load(std::memory_order_acquire))
            return; // as at most steps: the lock would be a fifth of what an empty one costs
        const std::lock_guard lock(mutex_);
        some_wait_.store(false, std::memory_order_relaxed);
        step.events.swap(waiting_);
        waiting_bytes_ = 0;
    }

    void close() {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
    }

  private:
    std::mutex mutex_;
    std::atomic<bool> some_wait_ = false; // set and taken back under mutex_
    std::vector<InputEvent> waiting_;     // guarded by mutex_, as the rest
    std::size_t waiting_bytes_ = 0;
    bool is_closed_ = false;
};

} // namespace hotrun
