#include "linux/entry_shapes.hpp"

#include <algorithm>

#include <dwarf.h>

namespace hotrun {

namespace {

constexpr std::uint32_t kMostBytes = 1 << 20; // of attributes that are known to be so many

// No name, form or tag that is known has that value.
std::uint16_t narrow(std::uint64_t number) {
    return static_cast<std::uint16_t>(std::min<std::uint64_t>(number, UINT16_MAX));
}

} // namespace

EntryShapes::EntryShapes(DwarfBytes table, const DwarfFormat &format) : format_(format) {
    const unsigned char *begin = table.at();
    constexpr std::size_t kUsualCount = 256;
    shapes_.reserve(kUsualCount);
    attributes_.reserve(kUsualCount * 8);
    Sizes sizes{};
    for (unsigned form = 0; form < sizes.size(); ++form) {
        const auto bytes = fixed_bytes(form, format);
        sizes[form] = bytes ? static_cast<std::uint8_t>(*bytes) : Attribute::kVaries;
    }
    while (add_shape(table, begin, sizes)) {
    }
    table_.assign(begin, table.at());
    is_damaged_ = table.is_damaged();
    if (!std::ranges::is_sorted(shapes_, {}, &EntryShape::code))
        std::ranges::stable_sort(shapes_, {}, &EntryShape::code);
}

bool EntryShapes::are_those_of(const DwarfBytes &table, const DwarfFormat &format) const {
    return !is_damaged_ && format == format_ && table.left() >= table_.size() &&
           std::equal(table_.begin(), table_.end(), table.at());
}

bool EntryShapes::add_shape(DwarfBytes &table, const unsigned char *begin, const Sizes &sizes) {
    EntryShape shape;
    shape.code = table.uleb();
    if (shape.code == 0)
        return false;
    shape.tag = narrow(table.uleb());
    shape.has_children = table.byte() != 0;
    shape.first = static_cast<std::uint32_t>(attributes_.size());
    while (!table.is_damaged()) {
        const std::uint64_t name = table.uleb();
        const std::uint64_t form = table.uleb();
        if (name == 0 && form == 0)
            break;
        const auto constant_at = static_cast<std::uint32_t>(table.at() - begin);
        if (form == DW_FORM_implicit_const)
            table.uleb();
        add_attribute(shape, name, form, constant_at, sizes);
    }
    shape.count = static_cast<std::uint32_t>(attributes_.size()) - shape.first;
    if (table.is_damaged())
        return false;
    shapes_.push_back(shape);
    return true;
}

void EntryShapes::add_attribute(EntryShape &shape, std::uint64_t name, std::uint64_t form,
                                std::uint32_t constant_at, const Sizes &sizes) {
    Attribute &added = attributes_.emplace_back();
    added.name = narrow(name);
    added.form = narrow(form);
    added.at = shape.bytes;
    if (name == DW_AT_sibling) {
        shape.has_sibling = true;
        if (form == DW_FORM_ref4)
            shape.sibling_at = shape.bytes;
    }
    if (form == DW_FORM_implicit_const)
        added.at = constant_at;
    added.bytes = form < sizes.size() ? sizes[form] : Attribute::kVaries;
    if (added.bytes != Attribute::kVaries && shape.bytes < kMostBytes)
        shape.bytes += added.bytes;
    else
        shape.bytes = EntryShape::kVaries;
}

// Compilers count from one.
const EntryShape *EntryShapes::find(std::uint64_t code) const {
    if (code - 1 < shapes_.size() && shapes_[code - 1].code == code)
        return &shapes_[code - 1];
    const auto found = std::ranges::lower_bound(shapes_, code, {}, &EntryShape::code);
    return found == shapes_.end() || found->code != code ? nullptr : &*found;
}

} // namespace hotrun
