// A call on a stack as a person reads it.
#pragma once

#include "hotrun/events.hpp"

#include <cstdint>
#include <string>

namespace hotrun {

// "0x10".
std::string to_hex(std::uint64_t number);

// One line: "function at file:line". Without a source "function in library"; without a function its
// address stands there.
std::string frame_text(const StackFrame &frame);

} // namespace hotrun
