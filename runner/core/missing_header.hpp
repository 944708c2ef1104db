// Where a header that a compiler did not find would have to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// By the words of gcc ("x.h: No such file or directory") and clang ("'x.h' file not found"): the
// paths at which `command`, run in `directory`, would have found what `source` includes. Empty: the
// message is about something else. Absolute, but for links.
std::vector<std::string> missing_header_places(std::string_view message, const std::string &source,
                                               std::string_view command,
                                               const std::string &directory);

} // namespace hotrun
