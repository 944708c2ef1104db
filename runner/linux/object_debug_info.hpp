// The debug information of an object file in memory.
#pragma once

#include "core/object_constants.hpp"
#include "core/object_file.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

// Thread-bound.
class ObjectDebugInfo {
  public:
    explicit ObjectDebugInfo(const ObjectFile &object);

    // Null: it can't be read; why() says so.
    Dwarf *dwarf() const { return dwarf_.get(); }
    const std::string &why() const { return why_; }

    // The object file itself, with relocated debug information.
    const std::vector<std::byte> &bytes() const { return bytes_; }

    // What an address in it means: sections of code are told apart by their indexes.
    static Dwarf_Addr address_of(const ObjectPlace &place) {
        return (std::uint64_t{place.section} << kOffsetBits) + place.offset;
    }
    static ObjectPlace place_of(Dwarf_Addr address) {
        return {static_cast<std::uint32_t>(address >> kOffsetBits),
                address & ((Dwarf_Addr{1} << kOffsetBits) - 1)};
    }

  private:
    static constexpr unsigned kOffsetBits = 40;

    struct End {
        void operator()(Elf *elf) const { ::elf_end(elf); }
        void operator()(Dwarf *dwarf) const { ::dwarf_end(dwarf); }
    };

    void relocate(const ObjectFile &object);

    std::vector<std::byte> bytes_; // read as long as the others are there
    std::unique_ptr<Elf, End> elf_;
    std::unique_ptr<Dwarf, End> dwarf_;
    std::string why_;
};

} // namespace hotrun
