// How the entries of a unit are built: its table of abbreviations (DWARF 5, 7.5.3).
#pragma once

#include "linux/dwarf_bytes.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace hotrun {

// Few bytes each: a library of many units has some hundred thousand.
struct EntryShape {
    static constexpr std::uint32_t kVaries = UINT32_MAX;

    std::uint64_t code = 0;
    std::uint32_t bytes = 0;            // of all attributes
    std::uint32_t sibling_at = kVaries; // where an entry says where the next one is
    std::uint32_t first = 0;            // of its attributes
    std::uint32_t count = 0;
    std::uint16_t tag = 0;
    bool has_children = false;
    bool has_sibling = false; // it says where the next one is
};

class EntryShapes {
  public:
    struct Attribute {
        static constexpr std::uint8_t kVaries = UINT8_MAX;

        std::uint16_t name = 0;
        std::uint16_t form = 0;
        // In the attributes, or EntryShape::kVaries; of DW_FORM_implicit_const: of the value in the
        // table.
        std::uint32_t at = 0;
        std::uint8_t bytes = 0;
    };

    // Those up to the first that is damaged.
    EntryShapes(DwarfBytes table, const DwarfFormat &format);

    // Whether they are what would be read there.
    bool are_those_of(const DwarfBytes &table, const DwarfFormat &format) const;

    // Null: there is none with that code.
    const EntryShape *find(std::uint64_t code) const;

    std::span<const Attribute> attributes_of(const EntryShape &shape) const {
        return std::span(attributes_).subspan(shape.first, shape.count);
    }

  private:
    using Sizes = std::array<std::uint8_t, 64>; // of values, by their form

    bool add_shape(DwarfBytes &table, const unsigned char *begin, const Sizes &sizes);
    void add_attribute(EntryShape &shape, std::uint64_t name, std::uint64_t form,
                       std::uint32_t constant_at, const Sizes &sizes);

    DwarfFormat format_;
    std::vector<unsigned char> table_; // all that was read
    bool is_damaged_ = false;
    std::vector<EntryShape> shapes_; // by code
    std::vector<Attribute> attributes_;
};

} // namespace hotrun
