// Which units of debug information may have an entry of a given name, without reading them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

// Looks for the places in .debug_info where the offset of the name in .debug_str stands, or it
// itself. Other bytes may look like one: that is a unit more to read.
class DebugText {
  public:
    DebugText(Elf *elf, std::string_view name);

    // Whether there may be such an entry in a part of the unit, from one offset to another.
    bool may_be_in(Dwarf_Die unit, Dwarf_Off begin, Dwarf_Off end) const;

  private:
    bool is_known_ = false;         // false: the sections can't be searched
    std::vector<Dwarf_Off> places_; // in .debug_info, ascending
};

} // namespace hotrun
