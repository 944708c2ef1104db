// What a person reads when a module's code fails: sentences without a full stop, and stacks.
#pragma once

#include "hotrun/runner.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace hotrun {

// "crashed".
const char *failure_verb(RollBackReason reason);

// What runs now; `on_crash` is the run's.
std::string consequence_text(const RolledBackEvent &event, OnCrash on_crash);

// What happened, and what runs now.
std::string rolled_back_text(const RolledBackEvent &event, OnCrash on_crash);

std::string stalled_text(const StalledEvent &event);

std::string restarted_text(const RestartedEvent &event);

// An indented line for each call, with a line break before each; of more than `most` calls the
// number of those left out. `source` is put below the call number `source_at`.
std::string backtrace_text(const std::vector<StackFrame> &backtrace, std::size_t most,
                           std::size_t source_at = 0, const std::string &source = "");

// The number of the innermost call whose line is known and in no header of the system: there a
// person looks first. None: the count of the calls.
std::size_t call_to_look_at(const std::vector<StackFrame> &backtrace);

} // namespace hotrun
