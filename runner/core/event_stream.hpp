// Numbers and dates the events of a run and hands them to the observers.
#pragma once

#include "core/event_loop.hpp"
#include "hotrun/runner.hpp"

#include <atomic>

namespace hotrun {

// Bound to the runner's thread.
class EventStream {
  public:
    EventStream(const Clock &clock, std::vector<Observer *> observers)
        : clock_(clock), start_(clock.now()), observers_(std::move(observers)) {}

    // Goes on with a stream that was begun at `start`; `last_seq` is kept up to date.
    EventStream(const Clock &clock, std::vector<Observer *> observers, TimePoint start,
                std::atomic<std::uint64_t> &last_seq)
        : clock_(clock), start_(start), observers_(std::move(observers)), last_seq_(&last_seq) {}

    // It is told after those that are there already.
    void add(Observer &observer) { observers_.push_back(&observer); }

    std::uint64_t last_seq() const { return last_seq_->load(); }

    // The number of the event.
    std::uint64_t tell(EventBody body) {
        const auto time = std::chrono::floor<Microseconds>(clock_.now() - start_);
        const Event event{++*last_seq_, time, std::move(body)};
        for (Observer *observer : observers_)
            observer->event(event);
        return event.seq;
    }

    void build_progress(std::size_t done, std::size_t total) const {
        for (Observer *observer : observers_)
            observer->build_progress(done, total);
    }

  private:
    const Clock &clock_;
    TimePoint start_;
    std::vector<Observer *> observers_;
    std::atomic<std::uint64_t> own_seq_{0};
    std::atomic<std::uint64_t> *last_seq_ = &own_seq_;
};

} // namespace hotrun
