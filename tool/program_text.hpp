// What is said of a program that is wrapped.
#pragma once

#include "hotrun/events.hpp"

#include <string>

namespace hotrun {

std::string program_started_text(const ProgramStartedEvent &started);
std::string program_ended_text(const ProgramEndedEvent &ended);

} // namespace hotrun
