// One loaded version of a module's code.
#pragma once

#include "core/guard.hpp"
#include "core/live_library.hpp"
#include "core/phase_times.hpp"
#include "hotrun/module.h"

#include <memory>
#include <optional>
#include <vector>

namespace hotrun {

class CodePatch;
class Migration;
class RebindPlan;
class StaticCarry;

// The module's callbacks; null: it does not have that one.
struct Callbacks {
    using Function = Guard::Function;

    static Callbacks of(const Library &library);

    Function init = nullptr;
    Function step = nullptr;
    Function shutdown = nullptr;
    Function reload = nullptr;
    Function unload = nullptr;
    Function bind = nullptr; // of hotrun/module.hpp
};

struct Generation {
    std::uint64_t number = 0;
    LiveLibrary::Shared code;
    Callbacks callbacks;
    std::string recipe; // how a process that takes over loads it again (core/code_recipe.hpp)
};

// A generation that is ready to be switched to.
struct Candidate {
    std::size_t module = 0; // index
    std::unique_ptr<Generation> generation;
    PhaseTimes phases;
    std::shared_ptr<RebindPlan> rebind;             // null: there is nothing to rebind
    std::shared_ptr<Migration> migration = nullptr; // null: no layout has changed
    std::shared_ptr<StaticCarry> statics = nullptr; // null: none are carried over
    bool resumed = false;                           // it ran in the process before
    bool parked = false;                            // and failed there: it is called no more
    LiveLibrary::Shared recorded = nullptr; // whose static variables go on, not those of live code
    std::string refusal = {};               // not empty: the state can't be carried over
    CodePatch *patch = nullptr;             // its code is that of the generation before, with this
};

// What the host's thread tells of a switch, after the first step with the new code.
struct SwitchReport {
    std::size_t module = 0;
    std::uint64_t generation = 0;
    StateOutcome state = StateOutcome::kKept;
    PhaseTimes phases{TimePoint{}};
    std::unique_ptr<Generation> old; // null: it was the first
    std::string detail;
    bool resumed = false;
    std::shared_ptr<RebindPlan> rebind; // to be let go of on the runner's thread, as the next one
    std::shared_ptr<StaticCarry> statics = nullptr;
};

// What it tells of code that failed.
struct FailureReport {
    std::size_t module = 0;
    CallKind where = CallKind::kStep;
    std::uint64_t from = 0; // that failed
    std::uint64_t to = 0;   // whose state the module has now; 0: fresh state
    bool parked = false;    // nothing of the module is called until the next generation
    bool waits = false;     // it is for new code that is on its way; else the process restarts
    Fault fault;
    std::uint64_t steps_lost = 0;
    std::string detail;                  // beyond the fault's own
    std::string refusal;                 // not empty: no call failed, its types can't be carried
    bool is_patch_refused = false;       // not the types: its code can't be patched
    std::unique_ptr<Generation> dropped; // the one that failed, if another one runs on
    std::shared_ptr<RebindPlan> rebind;  // as above
    std::shared_ptr<StaticCarry> statics = nullptr;
};

} // namespace hotrun
