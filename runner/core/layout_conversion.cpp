// The part of LayoutDiff that makes conversions.
#include "core/layout_diff.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

bool is_number(Kind kind) {
    return kind == Kind::kBoolean || kind == Kind::kSigned || kind == Kind::kUnsigned ||
           kind == Kind::kFloat;
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
    site.conversion.steps.emplace_back(ConvertElements{
        site.from, site.to, std::min(old_type.count, new_type.count), old_type.element->size_bytes,
        new_type.element->size_bytes, &element, site.path});
}

void LayoutDiff::add_members(const Site &site, const TypeLayout &old_type,
                             const TypeLayout &new_type) {
    if (has_another_unit(old_type, new_type))
        return expect_zero(site, old_type,
                           type_name(old_type) + " can't become " + type_name(new_type) +
                               ", which counts in another unit: clear it in hotrun_unload, or "
                               "give the member another name");
    if (old_type.has_virtual_bases || new_type.has_virtual_bases)
        return site.refuse(
            "a class with virtual bases has changed, and can't be carried over: take "
            "that change back, or start with fresh state by --on-refuse fresh");
    Conversion &conversion = site.conversion;
    const std::size_t first_step = conversion.steps.size();
    const bool had_new = std::exchange(conversion.has_new, false);
    if (new_type.is_room) // before any copy, of which none goes on over it
        conversion.steps.emplace_back(ConstructObject{site.to, new_type.members.front().type});
    for (const auto &[old_member, new_member] : matched(old_type, new_type)) {
        const MemberLayout &member = old_member != nullptr ? *old_member : *new_member;
        if (is_vtable_pointer(member) && (old_member == nullptr || new_member == nullptr))
            return site.refuse(
                "its class has got its first virtual function, or lost its last: take that "
                "change back, or start with fresh state by --on-refuse fresh");
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
        return expect_zero(at, *old_member.type,
                           type_name(*old_member.type) + " can't become " +
                               type_name(*new_member.type) +
                               ", since one of them is a bit-field: clear it in hotrun_unload, or "
                               "give the member another name");
    step.from.bit_offset = old_member.bit_offset;
    step.from.bit_count = old_member.bit_count;
    step.to.bit_offset = new_member.bit_offset;
    step.to.bit_count = new_member.bit_count;
    add_number(at, *old_member.type, *new_member.type, std::move(step));
}

} // namespace hotrun
