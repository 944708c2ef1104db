// How the runner's thread gives way to the host's.
#pragma once

namespace hotrun {

// From now on the calling thread, when it wakes, takes no processor from a thread that runs: it
// waits for a free one, or for its turn. Else each save could hold up an iteration of the host's
// loop for as long as the runner's thread computes. Only a thread of the usual scheduling policy is
// changed. sched(7), SCHED_BATCH.
void yield_to_others() noexcept;

// Whether the calling thread does; what it starts is to get SCHED_OTHER back.
bool yields_to_others() noexcept;

// For a thread that is about to become another program. May be called in a signal handler.
void stop_yielding() noexcept;

} // namespace hotrun
