// Names and lines by elfutils' libdw.
#pragma once

#include "core/symbolizer.hpp"

namespace hotrun {

// Opens each file once in a call of symbolize, and keeps nothing open afterwards: live copies are
// removed. It reads what is on this disk only, and asks no server for debug information.
class DwarfSymbolizer : public Symbolizer {
  public:
    std::vector<StackFrame> symbolize(const std::vector<CodeAddress> &addresses) override;
};

} // namespace hotrun
