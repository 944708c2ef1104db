// What a run has of its build folder, whether it hosts the modules or wraps a program.
#pragma once

#include "core/event_stream.hpp"
#include "linux/asio_event_loop.hpp"
#include "linux/build_lock.hpp"
#include "linux/control_socket.hpp"

#include <memory>
#include <optional>
#include <string>

namespace hotrun {

// Takes the folder's lock, in place of that of a folder that was removed. `again`: a process before
// this one, which has replaced itself, had it.
Status claim_builddir(const std::string &builddir, std::optional<BuildLock> &lock,
                      bool again = false);

// Null: there can't be one, and that is going to be told.
std::unique_ptr<ControlSocket> make_control_socket(AsioEventLoop &loop, EventStream &events,
                                                   const std::string &builddir);

} // namespace hotrun
