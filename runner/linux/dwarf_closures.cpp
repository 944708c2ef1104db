#include "linux/dwarf_closures.hpp"

#include <string>

#include <dwarf.h>

namespace hotrun {

namespace {

// Of those that a template was given, the last; each type is one entry.
DwarfEntry last_argument(const DwarfEntry &type) {
    std::string no_name;
    DwarfEntry last;
    any_child(without_qualifiers(type, no_name), [&](const DwarfEntry &child) {
        if (child.tag() == DW_TAG_template_type_parameter)
            last = entry_of(child, DW_AT_type);
        return false;
    });
    return last ? without_qualifiers(last, no_name) : last;
}

} // namespace

void ClosureSearch::search(const DwarfEntry &parent, int depth) {
    if (depth == kDeepestEntry)
        return;
    any_child(parent, [&](const DwarfEntry &child) {
        switch (child.tag()) {
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

void ClosureSearch::visit(const DwarfEntry &entry) {
    const std::string name = name_of(entry);
    if (name.starts_with("_Function_handler<"))
        take_handler(entry);
    else if (name.starts_with("_Base_manager<"))
        take_base(entry);
    Dwarf_Addr address = 0;
    if (name != kClosureManager)
        return;
    Dwarf_Die function = entry.die();
    if (::dwarf_entrypc(&function, &address) != 0)
        return;
    if (const DwarfEntry declaration = entry_of(entry, DW_AT_specification))
        found_.push_back({address, declaration.at()});
}

void ClosureSearch::take_handler(const DwarfEntry &handler) {
    const DwarfEntry functor = last_argument(handler);
    any_child(handler, [&](const DwarfEntry &child) {
        if (functor && name_of(child) == kClosureManager)
            functors_.emplace(child.at(), functor);
        return false;
    });
}

void ClosureSearch::take_base(const DwarfEntry &base) {
    const DwarfEntry functor = last_argument(base);
    any_child(base, [&](const DwarfEntry &child) {
        if (functor && name_of(child) == "__stored_locally")
            in_place_[functor.at()] = number_of(child, DW_AT_const_value).value_or(0) != 0;
        return false;
    });
}

void ClosureSearch::add_found(std::vector<LibraryTypes::Closure> &closures,
                              const Read &read) const {
    for (const Found &found : found_) {
        const auto functor = functors_.find(found.declaration);
        if (functor == functors_.end())
            continue;
        const auto in_place = in_place_.find(functor->second.at());
        closures.push_back({found.address, read(functor->second),
                            in_place != in_place_.end() && in_place->second});
    }
}

} // namespace hotrun
