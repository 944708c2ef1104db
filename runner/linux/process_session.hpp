// The processes that descend from one that was started as the leader of a session.
#pragma once

#include <chrono>
#include <vector>

#include <sys/types.h>

namespace hotrun {

// Those of the session that still run, its leader among them. A descendant that has made a session
// of its own, as a daemon does, is none of them.
std::vector<pid_t> session_members(pid_t session);

enum class Leader { kToo, kSpared };

// Kills the session's members and waits until they are gone, so that none of them writes any more;
// what the kernel holds up for longer than `limit` is left to it.
void kill_session(pid_t session, Leader leader, std::chrono::milliseconds limit);

} // namespace hotrun
