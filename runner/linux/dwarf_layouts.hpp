// The layout of each type that an entry of the debug information tells of.
#pragma once

#include "core/type_layout.hpp"
#include "linux/dwarf_entry.hpp"
#include "linux/unit_files.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

// Collects layouts; each entry is read once.
class DwarfLayouts {
  public:
    using Types = LibraryTypes::Types;
    using Files = std::map<std::uint64_t, std::string>; // paths by their numbers

    // The unit that has the names of files for those types that come with none. All that is read
    // from now on becomes one of the types, and files that were asked for are noted.
    void set_unit(const DwarfEntry &unit, Types &types, Files *files = nullptr) {
        unit_ = unit;
        types_ = &types;
        noted_files_ = files;
        files_of_ = nullptr;
        children_.clear();
    }

    // Of the unit, as its entries count them.
    const std::string &file(const DwarfUnit &unit, std::uint64_t index);

    const TypeLayout *of(const DwarfEntry &type);

    // By their places; until another unit is set.
    const std::vector<DwarfEntry> &children_of(const DwarfEntry &entry);

  private:
    std::string scope_of(const DwarfEntry &type);
    const std::string &file_of(const DwarfEntry &entry);
    const TypeLayout *read(DwarfEntry type);
    const TypeLayout *read_type_of(const DwarfEntry &entry);
    void fill(TypeLayout &layout, const DwarfEntry &type);
    static TypeLayout::Kind kind_of_encoding(Dwarf_Word encoding);
    static bool is_known_float(const TypeLayout &type);
    void fill_enumeration(TypeLayout &layout, const DwarfEntry &type);
    void fill_array(TypeLayout &layout, const DwarfEntry &type);
    static void make_array(TypeLayout &layout, const TypeLayout &element, std::uint64_t count);
    void fill_members(TypeLayout &layout, const DwarfEntry &type);
    static void show_stored(TypeLayout &layout);
    void add_arguments(TypeLayout &layout, const DwarfEntry &child);
    void add_member(TypeLayout &layout, const DwarfEntry &entry);
    static void add_bits(MemberLayout &member, const DwarfEntry &entry, Dwarf_Word count);

    Types *types_ = nullptr;
    DwarfEntry unit_;
    Files *noted_files_ = nullptr;
    Dwarf_CU *files_of_ = nullptr; // the unit whose entries count them
    FilePaths files_;
    // By the entry, of this unit.
    std::unordered_map<const unsigned char *, std::vector<DwarfEntry>> children_;
    std::unordered_map<const unsigned char *, const TypeLayout *> known_; // by the entry
    std::vector<std::pair<TypeLayout *, DwarfEntry>> to_read_;
};

} // namespace hotrun
