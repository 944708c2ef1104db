// Who holds this process by ptrace(2).
#pragma once

namespace hotrun {

// Whether a debugger, or anybody else who traces it, is attached. In a signal handler too.
bool is_traced() noexcept;

} // namespace hotrun
