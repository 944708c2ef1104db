// One loaded version of a module's code.
#pragma once

#include "core/live_library.hpp"
#include "core/phase_times.hpp"
#include "hotrun/module.h"

#include <memory>
#include <optional>
#include <vector>

namespace hotrun {

// The module's callbacks; null: it does not have that one.
struct Callbacks {
    using Function = void (*)(hotrun_context *);

    static Callbacks of(const Library &library);

    Function init = nullptr;
    Function step = nullptr;
    Function shutdown = nullptr;
    Function reload = nullptr;
    Function unload = nullptr;
};

struct Generation {
    std::uint64_t number = 0;
    LiveLibrary::Shared code;
    Callbacks callbacks;
};

// A generation that is ready to be switched to.
struct Candidate {
    std::size_t module = 0; // index
    std::unique_ptr<Generation> generation;
    PhaseTimes phases;
};

// What the host's thread tells of a switch, after the first step with the new code.
struct SwitchReport {
    std::size_t module = 0;
    std::uint64_t generation = 0;
    StateOutcome state = StateOutcome::kKept;
    PhaseTimes phases;
    std::unique_ptr<Generation> old; // null: it was the first
};

} // namespace hotrun
