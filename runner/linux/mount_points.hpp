// Where something is mounted.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace hotrun {

// Of this process, in one reading: to ask the kernel of each file costs as much as all else that is
// asked of it.
std::set<std::string> mount_points();

// As /proc/PID/mountinfo has them: the fifth field of each line, blanks as octal numbers.
std::set<std::string> parse_mount_points(std::string_view mountinfo);

} // namespace hotrun
