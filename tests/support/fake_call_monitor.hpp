// Calls that a test lets begin, hang and return.
#pragma once

#include "core/call_monitor.hpp"

#include <functional>
#include <utility>

namespace hotrun {

class FakeCallMonitor final : public CallMonitor {
  public:
    std::uint64_t current_call() const override { return call; }
    std::size_t current_module() const override { return 0; }

    bool is_debugged() const override { return debugged; }

    void interrupt(std::uint64_t which) override {
        interrupted.push_back(which);
        if (on_interrupt)
            on_interrupt();
    }

    std::optional<std::vector<CodeAddress>> found_unsafe() override {
        return std::exchange(place, std::nullopt);
    }

    std::uint64_t call = 0;
    bool debugged = false;
    std::function<void()> on_interrupt;            // what the interrupted thread does
    std::optional<std::vector<CodeAddress>> place; // where it says that it was
    std::vector<std::uint64_t> interrupted;
};

} // namespace hotrun
