#include "core/layout_diff.hpp"

#include <algorithm>
#include <cstddef>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

bool have_a_name_in_common(const TypeLayout &left, const TypeLayout &right) {
    return std::ranges::any_of(left.members, [&](const MemberLayout &member) {
        return std::ranges::find(right.members, member.name, &MemberLayout::name) !=
               right.members.end();
    });
}

// Structs, or unions, without a name in which there are members of one name.
bool is_alike(const MemberLayout &old_member, const MemberLayout &new_member) {
    const TypeLayout &old_type = *old_member.type;
    const TypeLayout &new_type = *new_member.type;
    return !old_member.is_base && !new_member.is_base && old_member.name.empty() &&
           new_member.name.empty() && old_type.kind == new_type.kind &&
           have_a_name_in_common(old_type, new_type);
}

} // namespace

std::string only_declared(const TypeLayout &type) {
    return "the debug information only declares " + type_name(type) +
           ": compile with -fstandalone-debug";
}

bool LayoutDiff::is_same_member(const TypeLayout &old_type, const MemberLayout &old_member,
                                const TypeLayout &new_type, const MemberLayout &new_member) const {
    if (old_member.is_base != new_member.is_base)
        return false;
    if (is_vtable_pointer(old_member) && is_vtable_pointer(new_member))
        return true;
    if (old_member.is_base && renames_.is_same_name(*old_member.type, *new_member.type))
        return true;
    return renames_.name_of(old_member.name, old_type, new_type) == new_member.name;
}

std::vector<LayoutDiff::MemberPair> LayoutDiff::matched(const TypeLayout &old_type,
                                                        const TypeLayout &new_type) const {
    std::vector<MemberPair> all;
    std::vector<const MemberLayout *> left;
    for (const MemberLayout &member : new_type.members)
        left.push_back(&member);
    for (const MemberLayout &member : old_type.members)
        all.emplace_back(&member, nullptr);
    const auto pair_up = [&](const auto &is_pair) {
        for (auto &[old_member, new_member] : all) {
            const auto found = std::ranges::find_if(
                left, [&, &old = *old_member](auto *other) { return is_pair(old, *other); });
            if (new_member != nullptr || found == left.end())
                continue;
            new_member = *found;
            left.erase(found);
        }
    };
    pair_up([&](const MemberLayout &old_member, const MemberLayout &new_member) {
        return (new_member.is_base || !new_member.name.empty()) &&
               is_same_member(old_type, old_member, new_type, new_member);
    });
    pair_up(is_alike);
    match_templates(all, left);
    for (const MemberLayout *member : left)
        all.emplace_back(nullptr, member);
    return all;
}

// Bases whose template was given other types, as those of a std::tuple are.
void LayoutDiff::match_templates(std::vector<MemberPair> &all,
                                 std::vector<const MemberLayout *> &left) {
    const auto template_of = [](const MemberLayout &member) {
        return member.is_base ? member.name.substr(0, member.name.find('<')) : std::string();
    };
    for (MemberPair &pair : all) {
        const std::string name = pair.second == nullptr ? template_of(*pair.first) : std::string();
        const auto is_rival = [&](const MemberPair &other) {
            return other.second == nullptr && template_of(*other.first) == name;
        };
        const auto is_same = [&](const MemberLayout *other) { return template_of(*other) == name; };
        if (name.empty() || std::ranges::count_if(all, is_rival) != 1 ||
            std::ranges::count_if(left, is_same) != 1)
            continue;
        const auto found = std::ranges::find_if(left, is_same);
        pair.second = *found;
        left.erase(found);
    }
}

// What a pointer to the one may become without another look at what lies there.
bool LayoutDiff::is_same_pointee(const TypeLayout *old_type, const TypeLayout *new_type) const {
    if (old_type == nullptr || new_type == nullptr || old_type->kind == Kind::kVoid ||
        new_type->kind == Kind::kVoid)
        return true;
    if (is_class(old_type->kind) && is_class(new_type->kind))
        return renames_.is_same_name(*old_type, *new_type);
    if (old_type->kind != new_type->kind)
        return false;
    if (old_type->kind == Kind::kPointer || old_type->kind == Kind::kArray)
        return is_same_pointee(old_type->element, new_type->element);
    if (old_type->kind == Kind::kEnumeration && !renames_.is_same_name(*old_type, *new_type))
        return false;
    return old_type->size_bytes == new_type->size_bytes;
}

// There may be more of them by now.
bool LayoutDiff::has_same_enumerators(const TypeLayout &old_type,
                                      const TypeLayout &new_type) const {
    return std::ranges::all_of(old_type.enumerators, [&](const Enumerator &old_one) {
        const Enumerator *found = renamed_enumerator(old_one, old_type, new_type);
        return found != nullptr && found->value == old_one.value;
    });
}

const Enumerator *LayoutDiff::renamed_enumerator(const Enumerator &old_one,
                                                 const TypeLayout &old_type,
                                                 const TypeLayout &new_type) const {
    const auto found =
        std::ranges::find(new_type.enumerators, renames_.name_of(old_one.name, old_type, new_type),
                          &Enumerator::name);
    return found == new_type.enumerators.end() ? nullptr : &*found;
}

bool LayoutDiff::are_same(const TypeLayout &old_type, const TypeLayout &new_type) {
    if (&old_type == &new_type)
        return true;
    const auto [known, is_new] = same_.try_emplace({&old_type, &new_type}, true);
    if (!is_new)
        return known->second;
    const bool same = compare(old_type, new_type);
    for (const TypeLayout *type : {&old_type, &new_type}) {
        if (!same && is_class(old_type.kind) && !type->name.empty())
            changed_.emplace(type_name(*type), type->name);
    }
    return same_[{&old_type, &new_type}] = same;
}

bool LayoutDiff::compare(const TypeLayout &old_type, const TypeLayout &new_type) {
    if (old_type.kind != new_type.kind || old_type.size_bytes != new_type.size_bytes)
        return false;
    switch (old_type.kind) {
    case Kind::kEnumeration:
        return has_same_enumerators(old_type, new_type);
    case Kind::kPointer:
    case Kind::kMemberPointer:
        if (old_type.element != nullptr && new_type.element != nullptr)
            to_follow_.emplace_back(old_type.element, new_type.element);
        follow_arguments(old_type, new_type);
        return is_same_pointee(old_type.element, new_type.element);
    case Kind::kArray:
        return old_type.count == new_type.count && are_same(*old_type.element, *new_type.element);
    case Kind::kStruct:
    case Kind::kUnion:
        return compare_members(old_type, new_type);
    default:
        return true;
    }
}

void LayoutDiff::follow_arguments(const TypeLayout &old_type, const TypeLayout &new_type) {
    for (std::size_t i = 0; i < std::min(old_type.arguments.size(), new_type.arguments.size()); ++i)
        to_follow_.emplace_back(old_type.arguments[i], new_type.arguments[i]);
}

// All of them, for what they lead to; so do nodes of containers to what those were made for.
bool LayoutDiff::compare_members(const TypeLayout &old_type, const TypeLayout &new_type) {
    bool same = renames_.is_same_name(old_type, new_type);
    follow_arguments(old_type, new_type);
    for (const auto &[old_member, new_member] : matched(old_type, new_type)) {
        if (old_member == nullptr || new_member == nullptr) {
            same = false;
            continue;
        }
        same &= are_same(*old_member->type, *new_member->type) &&
                old_member->offset_bytes == new_member->offset_bytes &&
                old_member->bit_offset == new_member->bit_offset &&
                old_member->bit_count == new_member->bit_count;
    }
    return same;
}

void LayoutDiff::follow_pointers() {
    while (!to_follow_.empty()) {
        const auto [old_type, new_type] = to_follow_.back();
        to_follow_.pop_back();
        if (followed_.emplace(old_type, new_type).second)
            follow(*old_type, *new_type);
    }
}

void LayoutDiff::follow(const TypeLayout &old_type, const TypeLayout &new_type) {
    if (old_type.kind != Kind::kIncomplete && new_type.kind != Kind::kIncomplete &&
        is_same_pointee(&old_type, &new_type))
        are_same(old_type, new_type);
}

void LayoutDiff::add_parts(const TypeLayout &old_type, const TypeLayout *new_type,
                           std::uint64_t offset, std::uint64_t place,
                           std::vector<Part> &parts) const {
    if (offset == 0)
        parts.push_back({&old_type, new_type == nullptr ? std::nullopt : std::optional(place)});
    if (old_type.kind == Kind::kArray && old_type.element->size_bytes != 0) {
        const std::uint64_t index = offset / old_type.element->size_bytes;
        const bool is_there =
            new_type != nullptr && new_type->kind == Kind::kArray && index <= new_type->count;
        const TypeLayout *element = is_there ? new_type->element : nullptr;
        const std::uint64_t at = is_there ? place + index * element->size_bytes : 0;
        if (index < old_type.count)
            add_parts(*old_type.element, element, offset % old_type.element->size_bytes, at, parts);
    }
    if (old_type.kind != Kind::kStruct && old_type.kind != Kind::kUnion)
        return;
    const auto old_choice = choice_of(old_type);
    const auto new_choice = new_type == nullptr ? std::nullopt : choice_of(*new_type);
    for (std::size_t i = 0; old_choice && i < old_choice->alternatives.size(); ++i) {
        const TypeLayout &alternative = *old_choice->alternatives[i];
        if (offset < old_choice->value_at ||
            offset >= old_choice->value_at + alternative.size_bytes)
            continue;
        const auto found = new_choice ? alternative_for(i, *old_choice, *new_choice) : std::nullopt;
        add_parts(alternative, found ? new_choice->alternatives[*found] : nullptr,
                  offset - old_choice->value_at, found ? place + new_choice->value_at : 0, parts);
    }
    if (old_choice)
        return;
    static const TypeLayout kNone;
    const bool is_class = new_type != nullptr && new_type->kind == old_type.kind;
    for (const auto &[old_member, new_member] : matched(old_type, is_class ? *new_type : kNone)) {
        if (old_member == nullptr || old_member->bit_count != 0 ||
            offset < old_member->offset_bytes ||
            offset >= old_member->offset_bytes + old_member->type->size_bytes)
            continue;
        add_parts(*old_member->type, new_member == nullptr ? nullptr : new_member->type,
                  offset - old_member->offset_bytes,
                  new_member == nullptr ? 0 : place + new_member->offset_bytes, parts);
    }
}

std::vector<LayoutDiff::Part> LayoutDiff::parts_at(const TypeLayout &old_type,
                                                   const TypeLayout &new_type,
                                                   std::uint64_t offset) const {
    std::vector<Part> parts;
    add_parts(old_type, &new_type, offset, 0, parts);
    return parts;
}

} // namespace hotrun
