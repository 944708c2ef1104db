// The fault table: what is to happen when a module's code fails, by fault and place.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun::e2e {

// What is to be true of the state once mended code has come.
enum class StateAfter {
    kFresh,    // as at the start of a run
    kGoesOn,   // no finished step is lost
    kSnapshot, // as many steps are lost as the event says
};

enum class Which { kFirst, kLater };

struct FaultRow {
    const char *fault;
    const char *place;
    int at;             // the step, where the place is one
    Which which;        // whether the code that fails is the first of the run
    int threads;        // 2: the module has one of its own, which it ends in hotrun_unload
    const char *events; // those that say what became of the code, in order
    int to;             // the generation it goes back to; equal to its own: parked
    const char *reason;
    const char *signal; // "": none
    StateAfter state;

    std::string name() const;

    // Why the fault does not come so far under these sanitizers; empty: it does.
    std::string not_with(bool address, bool thread) const;
    int own_generation() const { return which == Which::kFirst ? 1 : 2; }
    bool takes_too_long() const { return std::string_view(reason) == "timeout"; }
};

const std::vector<FaultRow> &fault_rows();

std::ostream &operator<<(std::ostream &stream, const FaultRow &row);

} // namespace hotrun::e2e
