// A guard whose calls fail when a test says so.
#pragma once

#include "core/guard.hpp"

#include <deque>
#include <utility>

namespace hotrun {

// Code that fails has done all that it does: its traces are there to be undone.
class FakeGuard final : public Guard {
  public:
    bool call(const CallSite &site, Function function, hotrun_context *context) override {
        sites.push_back(site);
        function(context);
        if (failures_.empty() || failures_.front().first != site.kind)
            return true;
        fault_ = std::move(failures_.front().second);
        failures_.pop_front();
        return false;
    }

    Fault take_fault() override { return std::exchange(fault_, {}); }

    static Fault crash() {
        Fault fault;
        fault.signal_number = 11;
        fault.signal = "SIGSEGV";
        return fault;
    }

    // The next call of that kind does, once those that were told before have.
    void fail_next(CallKind kind, Fault fault = crash()) {
        failures_.emplace_back(kind, std::move(fault));
    }
    bool all_failed() const { return failures_.empty(); }

    std::vector<CallSite> sites;

  private:
    std::deque<std::pair<CallKind, Fault>> failures_;
    Fault fault_;
};

} // namespace hotrun
