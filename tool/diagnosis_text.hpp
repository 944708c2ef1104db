// A diagnosis as people and as programs read it.
#pragma once

#include "hotrun/doctor.hpp"

#include <cstddef>
#include <string>

namespace hotrun {

// One JSON object (docs/doctor.md), without a line break at its end.
std::string diagnosis_json(const Diagnosis &diagnosis);

// For a terminal of so many columns; 0: a line for each part of a finding, however long, for what
// is no terminal.
std::string diagnosis_text(const Diagnosis &diagnosis, std::size_t columns);

} // namespace hotrun
