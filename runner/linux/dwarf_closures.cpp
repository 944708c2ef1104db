#include "linux/dwarf_closures.hpp"

#include "linux/die.hpp"

#include <string>

#include <dwarf.h>

namespace hotrun {

namespace {


// Of those that a template was given, the last; each type is one entry.
std::optional<Dwarf_Die> last_argument(Dwarf_Die type) {
    std::string no_name;
    std::optional<Dwarf_Die> last;
    any_child(without_qualifiers(type, no_name), [&](Dwarf_Die child) {
        if (::dwarf_tag(&child) == DW_TAG_template_type_parameter)
            last = entry_of(child, DW_AT_type);
        return false;
    });
    return last ? std::optional(without_qualifiers(*last, no_name)) : std::nullopt;
}

} // namespace

void ClosureSearch::search(Dwarf_Die parent, int depth) {
    if (depth == kDeepestEntry)
        return;
    any_child(parent, [&](Dwarf_Die child) {
        switch (::dwarf_tag(&child)) {
        case DW_TAG_namespace:
        case DW_TAG_subprogram:
        case DW_TAG_lexical_block:
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
            visit(child);
            search(child, depth + 1);
            break;
        default:
            break;
        }
        return false;
    });
}

void ClosureSearch::visit(Dwarf_Die entry) {
    const std::string name = name_of(entry);
    if (name.starts_with("_Function_handler<"))
        take_handler(entry);
    else if (name.starts_with("_Base_manager<"))
        take_base(entry);
    Dwarf_Addr address = 0;
    if (name != kClosureManager || ::dwarf_entrypc(&entry, &address) != 0)
        return;
    if (const auto declaration = entry_of(entry, DW_AT_specification))
        found_.push_back({address, declaration->addr});
}

void ClosureSearch::take_handler(Dwarf_Die handler) {
    const std::optional<Dwarf_Die> functor = last_argument(handler);
    any_child(handler, [&](Dwarf_Die child) {
        if (functor && name_of(child) == kClosureManager)
            functors_.emplace(child.addr, *functor);
        return false;
    });
}

void ClosureSearch::take_base(Dwarf_Die base) {
    const std::optional<Dwarf_Die> functor = last_argument(base);
    any_child(base, [&](Dwarf_Die child) {
        if (functor && name_of(child) == "__stored_locally")
            in_place_[functor->addr] = number_of(child, DW_AT_const_value).value_or(0) != 0;
        return false;
    });
}

void ClosureSearch::add_found(std::vector<LibraryTypes::Closure> &closures,
                              const Read &read) const {
    for (const Found &found : found_) {
        const auto functor = functors_.find(found.declaration);
        if (functor == functors_.end())
            continue;
        const auto in_place = in_place_.find(functor->second.addr);
        closures.push_back({found.address, read(functor->second),
                            in_place != in_place_.end() && in_place->second});
    }
}

} // namespace hotrun
