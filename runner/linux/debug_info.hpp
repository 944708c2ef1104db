// What one ELF file says of its code: DWARF, and the symbols where there is none.
#pragma once

#include "hotrun/events.hpp"
#include "linux/unique_fd.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

// Thread-bound. A file that is missing or damaged is one that says nothing.
class DebugInfo {
  public:
    explicit DebugInfo(const std::string &path);
    explicit DebugInfo(std::vector<std::byte> file); // in memory

    // The function of the address in the file, after those that were inlined there; at least one.
    // They have neither an address nor a library.
    std::vector<StackFrame> frames_at(std::uint64_t address);

    // What the file has for that address in memory.
    std::optional<std::uint64_t> word_at(std::uint64_t address) const;

    // Null: it has none. As long as this is there.
    Dwarf *dwarf() const { return dwarf_.get(); }
    Elf *elf() const { return elf_.get(); }

  private:
    struct UnitRange {
        Dwarf_Addr begin;
        Dwarf_Addr end;
        Dwarf_Die unit;
    };
    struct End {
        void operator()(Elf *elf) const { ::elf_end(elf); }
        void operator()(Dwarf *dwarf) const { ::dwarf_end(dwarf); }
    };

    bool find_unit(Dwarf_Addr address, Dwarf_Die &unit);
    void read_unit_ranges();
    std::vector<StackFrame> frames_of(Dwarf_Die unit, Dwarf_Addr address) const;

    UniqueFd file_; // these two: read as long as the others are there
    std::vector<std::byte> bytes_;
    std::unique_ptr<Elf, End> elf_;
    std::unique_ptr<Dwarf, End> dwarf_;
    bool has_unit_ranges_ = false;
    std::vector<UnitRange> unit_ranges_;
};

} // namespace hotrun
