// An event loop that a test turns by hand.
#pragma once

#include "support/fake_clock.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace hotrun {

class FakeEventLoop final : public EventLoop {
  public:
    explicit FakeEventLoop(FakeClock &clock) : clock_(clock) {}

    void post(std::function<void()> work) override { posted_.push_back(std::move(work)); }

    void set_alarm(int name, TimePoint when, std::function<void()> work) override {
        alarms_[name] = {when, std::move(work)};
    }

    void clear_alarm(int name) override { alarms_.erase(name); }

    void await_end(std::int64_t pid, std::function<void()> work) override {
        awaited_[pid] = std::move(work);
    }

    // Nobody may have waited for that process.
    void process_ends(std::int64_t pid) {
        if (const auto awaited = awaited_.extract(pid))
            awaited.mapped()();
    }

    // Runs what was posted, and what that posts.
    void run_posted() {
        while (!posted_.empty()) {
            const std::function<void()> work = std::move(posted_.front());
            posted_.pop_front();
            work();
        }
    }

    // Lets that time pass: each alarm that falls due in it runs at its own time, in their order.
    void advance(Duration by) {
        const TimePoint end = clock_.now() + by;
        run_posted();
        for (auto next = earliest(); next != alarms_.end() && next->second.when <= end;
             next = earliest()) {
            const Alarm alarm = std::move(next->second);
            alarms_.erase(next);
            clock_.advance(std::max(alarm.when - clock_.now(), Duration::zero()));
            alarm.work();
            run_posted();
        }
        clock_.advance(end - clock_.now());
    }

    std::size_t alarm_count() const { return alarms_.size(); }

  private:
    struct Alarm {
        TimePoint when;
        std::function<void()> work;
    };

    std::map<int, Alarm>::iterator earliest() {
        return std::min_element(alarms_.begin(), alarms_.end(), [](const auto &a, const auto &b) {
            return a.second.when < b.second.when;
        });
    }

    FakeClock &clock_;
    std::deque<std::function<void()>> posted_;
    std::map<int, Alarm> alarms_;
    std::map<std::int64_t, std::function<void()>> awaited_;
};

} // namespace hotrun
