// From addresses to the names and lines of a program's source.
#pragma once

#include "hotrun/events.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hotrun {

// An address of the code and the file that it was loaded from: enough to name it, in another
// process too.
struct CodeAddress {
    std::uint64_t address = 0;   // of an instruction of the call, not of the one to return to
    std::uint64_t load_bias = 0; // what was added to the addresses in the file
    std::string file;            // the loaded library or program; empty: none

    bool operator==(const CodeAddress &) const = default;
};

// Bound to the runner's thread.
class Symbolizer {
  public:
    virtual ~Symbolizer() = default;

    // One frame for each address, and one more for each function that the compiler put into
    // another. What is not known stays empty.
    virtual std::vector<StackFrame> symbolize(const std::vector<CodeAddress> &addresses) = 0;
};

} // namespace hotrun
