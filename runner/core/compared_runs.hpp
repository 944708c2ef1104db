// Several ways to do one thing, timed beside each other.
#pragma once

#include "core/trials.hpp"
#include "hotrun/doctor.hpp"

#include <optional>
#include <vector>

namespace hotrun {

// Runs each of the commands once, then each once more, and so on, so that what the machine does
// meanwhile meets all of them; fewer times where they take long, and twice as often those that look
// better than the first. None for a command that fails. The first is the one that the others are
// compared with: if it fails the others are not run again.
Result<std::vector<std::optional<RunTime>>> compare_runs(Trials &trials,
                                                         const std::vector<Command> &commands);

// By how much `other` is shorter than `now`; none if that is too little to matter or might be
// chance. `whole`: what a save takes, of which it is a part.
std::optional<Microseconds> gain(const RunTime &now, const std::optional<RunTime> &other,
                                 Microseconds whole);

} // namespace hotrun
