// Modules that tests compile by themselves, without a build system.
#pragma once

#include <string>
#include <vector>

namespace hotrun::e2e {

// The library. `source` is a file of the tests, in C or C++, or the text itself, in C++; `more` are
// further words for the compiler.
std::string compiled(const std::string &source, const std::vector<std::string> &more);

} // namespace hotrun::e2e
