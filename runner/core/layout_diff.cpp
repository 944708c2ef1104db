#include "core/layout_diff.hpp"

#include <algorithm>
#include <cstddef>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

bool is_number(Kind kind) {
    return kind == Kind::kBoolean || kind == Kind::kSigned || kind == Kind::kUnsigned ||
           kind == Kind::kFloat;
}

bool is_class(Kind kind) {
    return kind == Kind::kStruct || kind == Kind::kUnion || kind == Kind::kIncomplete;
}

// Compilers name it after the class.
bool is_vtable_pointer(const MemberLayout &member) {
    return member.name.starts_with("_vptr");
}

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

// Where its last member ends: what is behind that may belong to others, as to those of a class that
// has it for a base.
std::uint64_t end_of_data(const TypeLayout &type) {
    if (type.kind != Kind::kStruct)
        return type.size_bytes;
    std::uint64_t end = 0;
    for (const MemberLayout &member : type.members) {
        const std::uint64_t bytes = member.bit_count == 0
                                        ? end_of_data(*member.type)
                                        : (member.bit_offset + member.bit_count + 7) / 8;
        end = std::max(end, member.offset_bytes + bytes);
    }
    return end;
}

// The same count is another time then.
bool has_another_unit(const TypeLayout &old_type, const TypeLayout &new_type) {
    const auto is_duration = [](const TypeLayout &type) {
        return type.scope.ends_with("chrono::") && type.name.starts_with("duration<") &&
               type.arguments.size() == 2;
    };
    return is_duration(old_type) && is_duration(new_type) &&
           old_type.arguments[1]->name != new_type.arguments[1]->name;
}

NumberPlace place_of(const TypeLayout &type, std::uint64_t offset) {
    Kind kind = type.kind;
    if (kind == Kind::kEnumeration)
        kind = type.is_signed ? Kind::kSigned : Kind::kUnsigned;
    return {offset, kind, static_cast<std::uint32_t>(type.size_bytes), 0, 0};
}

} // namespace

std::string only_declared(const TypeLayout &type) {
    return "the debug information only declares " + type_name(type) +
           ": compile with -fstandalone-debug";
}

struct LayoutDiff::Site {
    Conversion &conversion;
    std::uint64_t from;
    std::uint64_t to;
    std::string path;
    std::string place;    // " (file:line)" of the member, or nothing
    bool is_left = false; // to the module: what can't be carried over is not refused

    std::string where() const { return path + place; }
    void refuse(const std::string &why) const {
        if (!conversion.refusal)
            conversion.refusal = where() + ": " + why;
    }
};

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

const Conversion &LayoutDiff::between(const TypeLayout &old_type, const TypeLayout &new_type) {
    return between(old_type, new_type, false);
}

const Conversion &LayoutDiff::between(const TypeLayout &old_type, const TypeLayout &new_type,
                                      bool is_left) {
    std::unique_ptr<Conversion> &known = conversions_[{{&old_type, &new_type}, is_left}];
    if (known == nullptr) {
        known = std::make_unique<Conversion>();
        known->is_same = are_same(old_type, new_type);
        add({*known, 0, 0, type_name(old_type), {}, is_left}, old_type, new_type);
    }
    return *known;
}

void LayoutDiff::add(const Site &site, const TypeLayout &old_type, const TypeLayout &new_type) {
    if (are_same(old_type, new_type) && old_type.kind != Kind::kIncomplete) {
        return add_copy(site.conversion, {site.from, site.to, end_of_data(old_type)});
    }
    const Kind from = old_type.kind;
    const Kind to = new_type.kind;
    if (from == Kind::kIncomplete || to == Kind::kIncomplete)
        return site.refuse(only_declared(from == Kind::kIncomplete ? old_type : new_type));
    if ((is_number(from) || from == Kind::kEnumeration) &&
        (is_number(to) || to == Kind::kEnumeration)) {
        add_number(site, old_type, new_type,
                   {place_of(old_type, site.from), place_of(new_type, site.to), site.path});
    } else if (from == Kind::kPointer && to == Kind::kPointer) {
        add_pointer(site, old_type, new_type);
    } else if (from == Kind::kArray && to == Kind::kArray) {
        add_array(site, old_type, new_type);
    } else if (from == to && is_class(from)) {
        add_class(site, old_type, new_type);
    } else {
        expect_zero(site, old_type,
                    type_name(old_type) + " can't become " + type_name(new_type) +
                        ": clear it in hotrun_unload, or give the member another name");
    }
}

void LayoutDiff::add_class(const Site &site, const TypeLayout &old_type,
                           const TypeLayout &new_type) {
    const bool is_left = left_.contains(type_name(new_type));
    Site at = site;
    at.is_left |= is_left;
    const auto old_choice = choice_of(old_type);
    const auto new_choice = choice_of(new_type);
    if (old_choice && new_choice)
        add_choice(at, old_type, *old_choice, *new_choice);
    else if (old_type.kind == Kind::kStruct)
        add_members(at, old_type, new_type);
    else
        expect_zero(at, old_type,
                    "the union " + type_name(old_type) +
                        " has changed, and which of its members is in use can't be known: clear "
                        "it in hotrun_unload");
    if (is_left)
        site.conversion.steps.emplace_back(LeaveToModule{site.from, site.to, &old_type, &new_type});
}

void LayoutDiff::add_choice(const Site &site, const TypeLayout &old_type, const Choice &old_choice,
                            const Choice &new_choice) {
    ConvertChoice step{place_of(*old_choice.tag, site.from + old_choice.tag_at),
                       place_of(*new_choice.tag, site.to + new_choice.tag_at),
                       site.from + old_choice.value_at,
                       site.to + new_choice.value_at,
                       {},
                       {}};
    if (!site.is_left)
        step.refusal = site.where() + ": what the " + type_name(old_type) +
                       " holds has no place in the new one: give it another value in "
                       "hotrun_unload";
    step.alternatives[old_choice.none] = {new_choice.none, nullptr, nullptr};
    for (std::size_t i = 0; i < old_choice.alternatives.size(); ++i) {
        const auto found = alternative_for(i, old_choice, new_choice);
        if (!found)
            continue;
        const TypeLayout &now = *new_choice.alternatives[*found];
        step.alternatives[old_choice.first + static_cast<std::int64_t>(i)] = {
            new_choice.first + static_cast<std::int64_t>(*found),
            &between(*old_choice.alternatives[i], now, site.is_left), &now};
    }
    site.conversion.steps.emplace_back(std::move(step));
}

// As the enumerators of one name have it, or else by the value.
void LayoutDiff::add_number(const Site &site, const TypeLayout &old_type,
                            const TypeLayout &new_type, ConvertNumber by_value) {
    const bool are_enumerations =
        old_type.kind == Kind::kEnumeration && new_type.kind == Kind::kEnumeration;
    if (!are_enumerations || has_same_enumerators(old_type, new_type)) {
        site.conversion.steps.emplace_back(std::move(by_value));
        return;
    }
    ConvertEnumerator step;
    step.from = by_value.from;
    step.to = by_value.to;
    step.path = site.path;
    step.is_left = site.is_left;
    for (const Enumerator &old_one : old_type.enumerators) {
        const Enumerator *found = renamed_enumerator(old_one, old_type, new_type);
        if (found == nullptr) {
            step.gone.push_back(old_one.value);
            continue;
        }
        step.values.emplace(old_one.value, found->value);
        step.have_kept &= old_one.value == found->value;
    }
    site.conversion.steps.emplace_back(std::move(step));
}

// That of the same name, at the same place rather than at another; else, where there are as many as
// before, what a number at its place has become, or the only one.
std::optional<std::size_t> LayoutDiff::alternative_for(std::size_t index, const Choice &old_choice,
                                                       const Choice &new_choice) const {
    const TypeLayout &old_type = *old_choice.alternatives[index];
    const auto &all = new_choice.alternatives;
    const auto is_same = [&](const TypeLayout *other) {
        return old_type.kind == other->kind && renames_.is_same_name(old_type, *other);
    };
    if (index < all.size() && is_same(all[index]))
        return index;
    const auto found = std::ranges::find_if(all, is_same);
    if (found != all.end())
        return static_cast<std::size_t>(found - all.begin());
    const bool is_at_its_place = old_choice.alternatives.size() == all.size() &&
                                 (all.size() == 1 || !is_class(old_type.kind));
    return is_at_its_place ? std::optional(index) : std::nullopt;
}

// Neighbours that stay neighbours are one copy.
void LayoutDiff::add_copy(Conversion &conversion, const CopyBytes &copy) {
    if (copy.count == 0)
        return;
    auto *last =
        conversion.steps.empty() ? nullptr : std::get_if<CopyBytes>(&conversion.steps.back());
    if (last != nullptr && last->from + last->count == copy.from &&
        last->to + last->count == copy.to)
        last->count += copy.count;
    else
        conversion.steps.emplace_back(copy);
}

// What is left to the module is as a new member until then.
void LayoutDiff::expect_zero(const Site &site, const TypeLayout &old_type, std::string why) {
    site.conversion.has_new |= site.is_left;
    if (site.is_left)
        return;
    site.conversion.steps.emplace_back(
        ExpectZero{site.from, old_type.size_bytes, site.where() + ": " + std::move(why)});
}

void LayoutDiff::add_pointer(const Site &site, const TypeLayout &old_type,
                             const TypeLayout &new_type) {
    expect_zero(site, old_type,
                "a pointer to " + type_name(*old_type.element) + " can't become one to " +
                    type_name(*new_type.element) + ": clear it in hotrun_unload");
}

void LayoutDiff::add_array(const Site &site, const TypeLayout &old_type,
                           const TypeLayout &new_type) {
    const Conversion &element = between(*old_type.element, *new_type.element, site.is_left);
    if (element.refusal)
        site.refuse("in its elements, " + *element.refusal);
    site.conversion.has_new |= element.has_new || new_type.count > old_type.count;
    site.conversion.steps.emplace_back(
        ConvertElements{site.from, site.to, std::min(old_type.count, new_type.count),
                        old_type.element->size_bytes, new_type.element->size_bytes, &element});
}

void LayoutDiff::add_members(const Site &site, const TypeLayout &old_type,
                             const TypeLayout &new_type) {
    if (has_another_unit(old_type, new_type))
        return expect_zero(site, old_type,
                           type_name(old_type) + " can't become " + type_name(new_type) +
                               ", which counts in another unit: clear it in hotrun_unload, or "
                               "give the member another name");
    if (old_type.has_virtual_bases || new_type.has_virtual_bases)
        return site.refuse("a class with virtual bases has changed, and can't be carried over");
    Conversion &conversion = site.conversion;
    const std::size_t first_step = conversion.steps.size();
    const bool had_new = std::exchange(conversion.has_new, false);
    if (new_type.is_room) // before any copy, of which none goes on over it
        conversion.steps.emplace_back(ConstructObject{site.to, new_type.members.front().type});
    for (const auto &[old_member, new_member] : matched(old_type, new_type)) {
        const MemberLayout &member = old_member != nullptr ? *old_member : *new_member;
        if (is_vtable_pointer(member) && (old_member == nullptr || new_member == nullptr))
            return site.refuse("its class has got its first virtual function, or lost its last");
        const bool is_paired = old_member != nullptr && new_member != nullptr;
        if (!is_paired && member.is_base && member.type->members.empty())
            continue; // there is nothing in it
        if (new_member == nullptr)
            gone_.insert(type_name(old_type) + "." + member.name);
        else if (old_member == nullptr)
            add_new(conversion, type_name(new_type), member);
        else
            add_member(site, *old_member, *new_member);
    }
    if (new_type.is_room && !conversion.has_new)
        conversion.steps.erase(conversion.steps.begin() + static_cast<std::ptrdiff_t>(first_step));
    conversion.has_new |= had_new;
}

void LayoutDiff::add_new(Conversion &conversion, const std::string &type,
                         const MemberLayout &member) {
    added_.insert(type + "." + member.name);
    conversion.has_new = true;
}

void LayoutDiff::add_member(const Site &site, const MemberLayout &old_member,
                            const MemberLayout &new_member) {
    Site at = site;
    at.from += old_member.offset_bytes;
    at.to += new_member.offset_bytes;
    if (!old_member.is_base && !old_member.name.empty())
        at.path += "." + old_member.name;
    if (new_member.line != 0)
        at.place = " (" + new_member.file + ":" + std::to_string(new_member.line) + ")";
    if (old_member.bit_count == 0 && new_member.bit_count == 0)
        return add(at, *old_member.type, *new_member.type);
    ConvertNumber step{place_of(*old_member.type, at.from), place_of(*new_member.type, at.to),
                       at.path};
    if (!is_number(step.from.kind) || !is_number(step.to.kind))
        return expect_zero(at, *old_member.type, "a bit-field can't become what it is now");
    step.from.bit_offset = old_member.bit_offset;
    step.from.bit_count = old_member.bit_count;
    step.to.bit_offset = new_member.bit_offset;
    step.to.bit_count = new_member.bit_count;
    add_number(at, *old_member.type, *new_member.type, std::move(step));
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
