// The pointers that a library has in its data to itself, as the file tells them: gABI 5,
// "Relocation", and its section on relative relocations (RELR).
#pragma once

#include "core/elf_parts.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace hotrun {

class RelativePointers {
  public:
    // Of broken tables there are none.
    explicit RelativePointers(const ElfParts &parts);

    // Where the pointer at `where` points when the library is loaded without a bias.
    std::optional<std::uint64_t> target_at(std::uint64_t where) const;

  private:
    void read_dynamic();
    bool is_packed(std::uint64_t where) const;

    const ElfParts &parts_;
    std::vector<Elf64_Rela> relative_;  // sorted by the place
    std::vector<std::uint64_t> packed_; // the words of DT_RELR
};

} // namespace hotrun
