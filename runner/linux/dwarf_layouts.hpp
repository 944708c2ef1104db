// The layout of each type that an entry of the debug information tells of.
#pragma once

#include "core/type_layout.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

// Collects layouts; each entry is read once.
class DwarfLayouts {
  public:
    explicit DwarfLayouts(LibraryTypes &types) : types_(types), void_(types.types.emplace_back()) {}

    // The unit that has the names of files for those types that come with none.
    void set_unit(Dwarf_Die unit) {
        unit_ = unit;
        files_of_ = nullptr;
        children_.clear();
    }

    const TypeLayout *of(Dwarf_Die type);

  private:
    std::string scope_of(Dwarf_Die type);
    const std::vector<Dwarf_Die> &children_of(Dwarf_Die entry);
    std::string file_of(Dwarf_Die entry);
    const TypeLayout *read(Dwarf_Die type);
    const TypeLayout *read_type_of(Dwarf_Die entry);
    void fill(TypeLayout &layout, Dwarf_Die type);
    static TypeLayout::Kind kind_of_encoding(Dwarf_Word encoding);
    static bool is_known_float(const TypeLayout &type);
    void fill_enumeration(TypeLayout &layout, Dwarf_Die type);
    void fill_array(TypeLayout &layout, Dwarf_Die type);
    static void make_array(TypeLayout &layout, const TypeLayout &element, std::uint64_t count);
    void fill_members(TypeLayout &layout, Dwarf_Die type);
    static void show_stored(TypeLayout &layout);
    void add_arguments(TypeLayout &layout, Dwarf_Die child);
    void add_member(TypeLayout &layout, Dwarf_Die entry);
    static void add_bits(MemberLayout &member, Dwarf_Die entry, Dwarf_Word count);

    LibraryTypes &types_;
    const TypeLayout &void_;
    Dwarf_Die unit_{};
    Dwarf_Files *files_ = nullptr;
    Dwarf_CU *files_of_ = nullptr; // the unit whose entries name them
    Dwarf_Die unit_with_files_{};
    std::unordered_map<void *, std::vector<Dwarf_Die>> children_; // by the entry, of this unit
    std::unordered_map<void *, const TypeLayout *> known_;        // by the entry
    std::vector<std::pair<TypeLayout *, Dwarf_Die>> to_read_;
};

} // namespace hotrun
