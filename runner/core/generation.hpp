// One loaded version of a module's code.
#pragma once

#include "core/library_loader.hpp"
#include "core/live_copy.hpp"
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

// Owns the mapping and its file. The members are destroyed from the last to the first: the library
// is closed before its file goes, and before the libraries that it needs.
struct Generation {
    std::uint64_t number = 0;
    LiveCopy copy;
    std::vector<std::unique_ptr<Library>> needed;
    std::unique_ptr<Library> library;
    Callbacks callbacks;
    bool has_unique_symbols = false;
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
    std::string live_copy; // path
    StateOutcome state = StateOutcome::kKept;
    PhaseTimes phases;
    std::unique_ptr<Generation> old; // null: it was the first
};

} // namespace hotrun
