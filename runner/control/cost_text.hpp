// Measured figures, as people read them.
#pragma once

#include "hotrun/events.hpp"

#include <cstdint>
#include <string>

namespace hotrun {

std::string cost_text(Microseconds time);    // "36 ms", "1.2 s"
std::string bytes_text(std::uint64_t bytes); // "412 KB"

} // namespace hotrun
