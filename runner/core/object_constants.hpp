// Where the constants without a name lie in an object file: literals, numbers, what an array is
// filled with.
#pragma once

#include "core/object_file.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace hotrun {

// Where something lies in an object file.
struct ObjectPlace {
    std::uint32_t section = 0;
    std::uint64_t offset = 0;

    auto operator<=>(const ObjectPlace &) const = default;
};

// What a relocation in a section refers to, if that is no name: compilers refer to what is local
// by its section.
//
// A reference in code counts from the end of the instruction. All instructions that take an address
// end with the reference; one with a number behind it is taken to refer to a few bytes before.
std::optional<ObjectPlace> referred_place(const ObjectFile &object, const ObjectSection &section,
                                          const Elf64_Rela &relocation);

// They begin where something refers to, and end where the next one begins. Immutable.
class ObjectConstants {
  public:
    explicit ObjectConstants(const ObjectFile &object); // has to outlive it

    // None: it can't be told.
    std::optional<std::uint64_t> bytes_at(ObjectPlace place) const;

  private:
    void add_references(const ObjectSection &section);

    const ObjectFile &object_;
    std::vector<std::vector<std::uint64_t>> starts_; // by section
    std::vector<bool> is_unclear_;                   // by section: some reference is not exact
};

} // namespace hotrun
