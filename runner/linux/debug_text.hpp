// Which units of debug information may have an entry of a given name, without reading them.
#pragma once

#include "linux/dwarf_entry.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

class StaticSymbols;

// In .debug_info, ascending. None: what is looked for may be anywhere.
using DebugPlaces = std::optional<std::span<const Dwarf_Off>>;

// Those between two offsets.
std::span<const Dwarf_Off> places_from(std::span<const Dwarf_Off> places, Dwarf_Off begin,
                                       Dwarf_Off end);

// Looks for the places in .debug_info where the offset of the name in .debug_str stands, or it
// itself. Other bytes may look like one: that is a unit more to read.
class DebugText {
  public:
    // `symbols`, if there are any, look at the locations that are met.
    DebugText(Elf *elf, std::string_view name, StaticSymbols *symbols);

    // Where it may be in the entries of the unit, from one offset to another.
    DebugPlaces places_in(const DwarfEntry &unit, Dwarf_Off begin, Dwarf_Off end) const;

  private:
    void search(std::string_view info, std::string_view name,
                const std::vector<std::uint32_t> &offsets, StaticSymbols *symbols);

    bool is_known_ = false;         // false: the sections can't be searched
    std::vector<Dwarf_Off> places_; // in .debug_info, ascending
};

} // namespace hotrun
