// The headers with which a source begins.
#pragma once

#include <string>
#include <string_view>

namespace hotrun {

// The include lines before anything else, one a line: only blanks and comments lie before and
// between them. What a header is to be preceded by, a macro or a condition, ends them; so does a
// source that is included, and what can't be told from these. Empty: there are none.
std::string leading_includes(std::string_view source);

} // namespace hotrun
