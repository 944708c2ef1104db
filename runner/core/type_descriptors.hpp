// The hotrun_type objects of a library, which HOTRUN_TYPE makes: one for each place that names a
// type, with names that are ordinals. What they describe is the same in every version.
#pragma once

#include "core/relative_pointers.hpp"
#include "core/symbol_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

struct TypeDescription {
    std::string name;
    std::uint64_t size_bytes = 0;
    std::uint64_t alignment = 0;

    auto operator<=>(const TypeDescription &) const = default;
};

// What one of them describes; `pointers` are those of the table's file.
std::optional<TypeDescription>
describe_type(const SymbolTable &table, const RelativePointers &pointers, const Symbol &symbol);

class TypeDescriptors {
  public:
    // Reads all of them. `table` has to outlive it.
    explicit TypeDescriptors(const SymbolTable &table);

    static bool is_descriptor(const Symbol &symbol);

    std::optional<TypeDescription> describe(const Symbol &symbol) const {
        return describe_type(table_, pointers_, symbol);
    }
    std::optional<std::uint64_t> find(const TypeDescription &description) const; // its address

  private:
    struct Entry {
        TypeDescription description;
        std::uint64_t address;
    };

    const SymbolTable &table_;
    RelativePointers pointers_;
    std::vector<Entry> entries_; // sorted by the description
};

} // namespace hotrun
