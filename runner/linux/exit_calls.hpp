// The exit calls of hot libraries: what they register to be called when they are closed.
#pragma once

#include "core/address_range.hpp"
#include "core/library_loader.hpp"

#include <vector>

namespace hotrun {

// As __cxa_atexit (Itanium C++ ABI 3.3.6.3), which calls come to by way of this. Any thread.
int register_exit_call(void (*function)(void *), void *object, void *owner);

// Those whose owner lies there, in the order of their registration. They stay until they have been
// called. Any thread.
std::vector<ExitCall *> exit_calls_in(const AddressRange &library);

} // namespace hotrun
