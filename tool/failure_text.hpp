// What a person reads when a module's code fails: sentences without a full stop, and stacks.
#pragma once

#include "hotrun/runner.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace hotrun {

// What happened, and what runs now; `on_crash` is the run's.
std::string rolled_back_text(const RolledBackEvent &event, OnCrash on_crash);

std::string stalled_text(const StalledEvent &event);

std::string restarted_text(const RestartedEvent &event);

// An indented line for each call, with a line break before each; of more than `most` calls the
// number of those left out.
std::string backtrace_text(const std::vector<StackFrame> &backtrace, std::size_t most);

} // namespace hotrun
