// The entries of debugging information (DIE), by where they lie: libdw, which finds each attribute
// by reading the description of its entry, is only asked for values.
#pragma once

#include "linux/die.hpp"
#include "linux/dwarf_bytes.hpp"
#include "linux/entry_shapes.hpp"
#include "linux/read_bytes.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

class DwarfUnits;
class DwarfEntry;

// Whose entries are read. As long as the Dwarf is there.
struct DwarfUnit {
    Dwarf_CU *libdw = nullptr;
    DwarfUnits *all = nullptr;
    DwarfFormat format;
    Dwarf_Off offset = 0;                  // of the header in its section
    const unsigned char *header = nullptr; // what offsets of entries count from
    const unsigned char *begin = nullptr;  // of the entries
    const unsigned char *end = nullptr;
    const EntryShapes *shapes = nullptr;
    const unsigned char *table = nullptr; // of abbreviations
    DwarfBytes strings;                   // .debug_str
    DwarfBytes line_strings;              // .debug_line_str
    ReadBytes *read = nullptr;            // where it is noted what is read; null: nowhere

    void note(const unsigned char *first, const unsigned char *last) const {
        if (read != nullptr)
            read->add(static_cast<std::size_t>(first - header),
                      static_cast<std::size_t>(last - header));
    }
};

// A value of the unit; null: it is none, or damaged.
const char *text_at(const DwarfUnit &unit, const unsigned char *value, unsigned form);

// None, or one in a unit. No larger than needed to be handed around.
class DwarfEntry {
  public:
    DwarfEntry() = default;
    DwarfEntry(const DwarfUnit &unit, const unsigned char *at);

    explicit operator bool() const { return shape_ != nullptr; }
    const DwarfUnit &unit() const { return *unit_; }
    const unsigned char *at() const { return at_; } // tells it from all others
    Dwarf_Off offset() const { return unit_->offset + static_cast<Dwarf_Off>(at_ - unit_->header); }
    unsigned tag() const { return shape_->tag; }
    bool has_children() const { return shape_->has_children; }

    // For functions of libdw.
    Dwarf_Die die() const;

    // Its own one. The other: its own, or that of the entry which it completes.
    std::optional<Dwarf_Attribute> own_attribute(unsigned name) const;
    std::optional<Dwarf_Attribute> attribute(unsigned name) const;

    // Null: the entry is damaged.
    const unsigned char *end_of_attributes() const;
    const unsigned char *end() const; // with its children

  private:
    void skip_values(std::span<const EntryShapes::Attribute> attributes, DwarfBytes &bytes) const;
    void note_value(const Dwarf_Attribute &attribute, const unsigned char *end) const;
    const unsigned char *sibling() const; // null: it does not say
    bool is_end() const { return shape_ == nullptr && values_ != nullptr; }

    const DwarfUnit *unit_ = nullptr;
    const unsigned char *at_ = nullptr;
    const unsigned char *values_ = nullptr; // of its attributes
    const EntryShape *shape_ = nullptr;
};

// Calls `visit` with each child until it returns true; whether it did.
template <typename Visit>
bool any_child(const DwarfEntry &parent, Visit visit) {
    const unsigned char *at = parent.has_children() ? parent.end_of_attributes() : nullptr;
    while (at != nullptr) {
        const DwarfEntry child(parent.unit(), at);
        if (!child)
            return false;
        if (visit(child))
            return true;
        at = child.end();
    }
    return false;
}

// Reads the tables that the units need, once.
class DwarfUnits {
  public:
    // By a checksum of how they begin.
    using Shapes = std::shared_ptr<const EntryShapes>;
    using Tables = std::unordered_multimap<std::size_t, Shapes>;

    // `known`: of another library, which may have the same ones; or null.
    explicit DwarfUnits(const Tables *known = nullptr) : known_(known) {}
    DwarfUnits(const DwarfUnits &) = delete;
    DwarfUnits &operator=(const DwarfUnits &) = delete;

    // None of a file that is damaged.
    DwarfEntry entry(const Dwarf_Die &die);

    // The first one of its unit.
    DwarfEntry first(const DwarfUnit &unit) const { return {unit, unit.begin}; }

    // Null: damaged.
    DwarfUnit *unit(const Dwarf_Die &die);

    // All that were needed.
    const Tables &tables() const { return tables_; }

    // Whether an entry was asked for by one of another unit.
    bool have_met() const { return have_met_; }
    void set_met() { have_met_ = true; }

  private:
    struct Sections { // those of one name, with and without a .dwo at its end
        DwarfBytes abbreviations;
        DwarfBytes strings;
        DwarfBytes line_strings;
        std::vector<DwarfBytes> entries; // .debug_info, .debug_types
    };

    std::unique_ptr<DwarfUnit> read_unit(const Dwarf_Die &die);
    const std::array<Sections, 2> &sections_of(Dwarf *dwarf);
    const EntryShapes &shapes_at(const DwarfBytes &table, const DwarfFormat &format);

    std::unordered_map<Dwarf_CU *, std::unique_ptr<DwarfUnit>> units_; // null: damaged
    std::unordered_map<Dwarf *, std::array<Sections, 2>> sections_;
    std::map<std::pair<const unsigned char *, DwarfFormat>, Shapes> shapes_; // by where they lie
    Tables tables_;
    const Tables *known_;
    bool have_met_ = false;
};

// What an entry says of itself, or the one that it completes.
std::optional<Dwarf_Word> number_of(const DwarfEntry &entry, unsigned attribute);
bool has_flag(const DwarfEntry &entry, unsigned attribute);       // itself
bool has_attribute(const DwarfEntry &entry, unsigned attribute);  // itself
const char *text_of(const DwarfEntry &entry, unsigned attribute); // null: none
std::string name_of(const DwarfEntry &entry);
DwarfEntry entry_of(const DwarfEntry &from, unsigned attribute);

// Of a variable with a fixed place.
std::optional<std::uint64_t> address_of(const DwarfEntry &variable);

// Whether its value has to be computed from what is there.
bool has_computed_value(const DwarfEntry &variable);

// The type behind const, typedef and the like. A struct without a name has that of its first
// typedef: the name is set to the last one met.
DwarfEntry without_qualifiers(DwarfEntry type, std::string &given_name);

} // namespace hotrun
