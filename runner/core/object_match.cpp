#include "core/object_match.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <tuple>

namespace hotrun {
namespace {

constexpr std::uint8_t kCall = 0xe8;
constexpr std::uint8_t kJump = 0xe9;

// Where a call or jump whose distance begins there leads, in its section.
std::optional<std::uint64_t> target_of_branch(std::span<const std::byte> code, std::uint64_t at) {
    if (at == 0 || at + 4 > code.size())
        return std::nullopt;
    const auto operation = std::to_integer<std::uint8_t>(code[at - 1]);
    if (operation != kCall && operation != kJump)
        return std::nullopt;
    std::int32_t distance = 0;
    std::memcpy(&distance, code.data() + at, sizeof distance);
    return at + 4 + static_cast<std::uint64_t>(std::int64_t{distance});
}

std::string_view text_at(const ObjectSection &section, std::uint64_t offset) {
    const auto rest = section.content.subspan(std::min(offset, section.content.size()));
    const auto end = std::ranges::find(rest, std::byte{0});
    return {reinterpret_cast<const char *>(rest.data()),
            static_cast<std::size_t>(end - rest.begin())};
}

} // namespace

ObjectMatch::ObjectMatch(const ObjectFile &before, const ObjectFile &after)
    : before_(before), after_(after), constants_before_(before), constants_after_(after),
      before_of_(after.sections().size()), after_of_(before.sections().size()) {
    using Key = std::tuple<std::string_view, std::string_view, std::size_t>;
    const auto each_key = [](const ObjectFile &object, auto visit) {
        std::map<std::pair<std::string_view, std::string_view>, std::size_t> counts;
        for (std::uint32_t i = 1; i < object.sections().size(); ++i) {
            const ObjectSection &section = object.sections()[i];
            if (section.role != SectionRole::kIgnored)
                visit(Key{section.name, section.group, counts[{section.name, section.group}]++}, i);
        }
    };
    std::map<Key, std::uint32_t> known;
    each_key(before, [&](const Key &key, std::uint32_t i) { known.emplace(key, i); });
    each_key(after, [&](const Key &key, std::uint32_t i) {
        const auto found = known.find(key);
        if (found == known.end())
            return;
        before_of_[i] = found->second;
        after_of_[found->second] = i;
    });
}

// One question: all that has to be the same for it, until something is not.
class ObjectComparison {
  public:
    explicit ObjectComparison(const ObjectMatch &match)
        : match_(match), before_(match.before()), after_(match.after()) {}

    void add(ObjectPlace before, ObjectPlace after, std::uint64_t bytes) {
        if (seen_.insert({before, after, bytes}).second)
            to_do_.push_back({before, after, bytes});
    }
    bool holds();

  private:
    struct Pair {
        ObjectPlace before;
        ObjectPlace after;
        std::uint64_t bytes = 0;

        auto operator<=>(const Pair &) const = default;
    };

    bool same_range(const Pair &pair);
    bool same_bytes(const ObjectSection &before, const ObjectSection &after, const Pair &pair);
    bool same_branch(const Pair &pair, std::uint64_t at) const;
    bool same_reference(const ObjectSection &before, const Elf64_Rela &a,
                        const ObjectSection &after, const Elf64_Rela &b);
    bool same_place(ObjectPlace before, ObjectPlace after);
    bool same_constant(ObjectPlace before, ObjectPlace after);
    void add_named_constant(const ObjectSymbol &before, const ObjectSymbol &after);

    const ObjectMatch &match_;
    const ObjectFile &before_;
    const ObjectFile &after_;
    std::set<Pair> seen_;
    std::vector<Pair> to_do_;
};

bool ObjectComparison::holds() {
    while (!to_do_.empty()) {
        const Pair pair = to_do_.back();
        to_do_.pop_back();
        if (!same_range(pair))
            return false;
    }
    return true;
}

std::span<const Elf64_Rela> relocations_in(const ObjectSection &section, std::uint64_t begin,
                                           std::uint64_t bytes) {
    const auto first =
        std::ranges::lower_bound(section.relocations, begin, {}, &Elf64_Rela::r_offset);
    const auto last =
        std::ranges::lower_bound(section.relocations, begin + bytes, {}, &Elf64_Rela::r_offset);
    return {first, last};
}

bool ObjectComparison::same_range(const Pair &pair) {
    const ObjectSection &before = before_.sections()[pair.before.section];
    const ObjectSection &after = after_.sections()[pair.after.section];
    const auto ours = relocations_in(before, pair.before.offset, pair.bytes);
    const auto theirs = relocations_in(after, pair.after.offset, pair.bytes);
    const auto agrees = [&](const Elf64_Rela &x, const Elf64_Rela &y) {
        return x.r_offset - pair.before.offset == y.r_offset - pair.after.offset &&
               ELF64_R_TYPE(x.r_info) == ELF64_R_TYPE(y.r_info) &&
               relocated_bytes(ELF64_R_TYPE(x.r_info)) && same_reference(before, x, after, y);
    };
    return before.content.empty() == after.content.empty() &&
           std::ranges::equal(ours, theirs, agrees) && same_bytes(before, after, pair);
}

// Outside of the fields that relocations set. A call to a function of the same section has no
// relocation, but a distance, which changes with what lies between.
bool ObjectComparison::same_bytes(const ObjectSection &before, const ObjectSection &after,
                                  const Pair &pair) {
    if (before.content.empty())
        return true;
    const auto ours = before.content.subspan(pair.before.offset, pair.bytes);
    const auto theirs = after.content.subspan(pair.after.offset, pair.bytes);
    auto relocations = relocations_in(before, pair.before.offset, pair.bytes);
    for (std::uint64_t i = 0; i < pair.bytes; ++i) {
        while (!relocations.empty() && relocations.front().r_offset - pair.before.offset <= i) {
            const Elf64_Rela &relocation = relocations.front();
            const std::uint64_t end = relocation.r_offset - pair.before.offset +
                                      *relocated_bytes(ELF64_R_TYPE(relocation.r_info));
            i = std::max(i, end);
            relocations = relocations.subspan(1);
        }
        if (i >= pair.bytes || ours[i] == theirs[i])
            continue;
        // Any of the four bytes of a distance may be the first to differ.
        std::uint64_t back = 0;
        while (back < 4 && back <= i && !same_branch(pair, i - back))
            ++back;
        if (back == 4 || back > i)
            return false;
        i += 3 - back;
    }
    return true;
}

bool ObjectComparison::same_branch(const Pair &pair, std::uint64_t at) const {
    const ObjectPlace &b = pair.before;
    const ObjectPlace &a = pair.after;
    const ObjectSection &before = before_.sections()[b.section];
    const ObjectSection &after = after_.sections()[a.section];
    if (before.role != SectionRole::kCode || at == 0 || at + 4 > pair.bytes)
        return false;
    const auto ours = target_of_branch(before.content, b.offset + at);
    const auto theirs = target_of_branch(after.content, a.offset + at);
    if (!ours || !theirs)
        return false;
    const ObjectSymbol *one = before_.find_at(b.section, *ours);
    const ObjectSymbol *other = after_.find_at(a.section, *theirs);
    return one != nullptr && other != nullptr && one->value == *ours && other->value == *theirs &&
           one->is_function() && one->name == other->name;
}

void ObjectComparison::add_named_constant(const ObjectSymbol &before, const ObjectSymbol &after) {
    if (before_.sections()[before.section].role == SectionRole::kConstant)
        add({before.section, before.value}, {after.section, after.value}, before.size_bytes);
}

bool ObjectComparison::same_reference(const ObjectSection &before, const Elf64_Rela &a,
                                      const ObjectSection &after, const Elf64_Rela &b) {
    const ObjectSymbol &ours = before_.symbol_of(a);
    const ObjectSymbol &theirs = after_.symbol_of(b);
    if (ours.is_place() != theirs.is_place())
        return false;
    if (ours.is_place()) {
        const auto one = referred_place(before_, before, a);
        const auto other = referred_place(after_, after, b);
        return one && other && same_place(*one, *other);
    }
    if (ours.name != theirs.name || a.r_addend != b.r_addend ||
        before_.is_defined(ours) != after_.is_defined(theirs))
        return false;
    if (!before_.is_defined(ours) || !ours.is_local())
        return true;
    if (ours.size_bytes != theirs.size_bytes || match_.before_of(theirs.section) != ours.section)
        return false;
    add_named_constant(ours, theirs);
    return true;
}

bool ObjectComparison::same_place(ObjectPlace before, ObjectPlace after) {
    if (match_.before_of(after.section) != before.section)
        return false;
    const ObjectSection &section = before_.sections()[before.section];
    const ObjectSymbol *ours = before_.find_at(before.section, before.offset);
    const ObjectSymbol *theirs = after_.find_at(after.section, after.offset);
    switch (section.role) {
    case SectionRole::kCode:
        return ours != nullptr && theirs != nullptr && ours->name == theirs->name &&
               before.offset - ours->value == after.offset - theirs->value;
    case SectionRole::kWritable: // the layouts of which are compared by themselves
        return before.offset == after.offset;
    case SectionRole::kConstant:
        break;
    default:
        return false;
    }
    if (ours == nullptr || theirs == nullptr)
        return ours == theirs && same_constant(before, after);
    if (ours->name != theirs->name || ours->size_bytes != theirs->size_bytes ||
        before.offset - ours->value != after.offset - theirs->value)
        return false;
    add_named_constant(*ours, *theirs);
    return true;
}

// What linkers merge ends by itself. Else it ends where the next one begins, as far as that is
// known, or else with the section: constants have the order of the functions that use them.
bool ObjectComparison::same_constant(ObjectPlace before, ObjectPlace after) {
    const ObjectSection &ours = before_.sections()[before.section];
    const ObjectSection &theirs = after_.sections()[after.section];
    if (ours.flags != theirs.flags || before.offset > ours.size_bytes ||
        after.offset > theirs.size_bytes)
        return false;
    const bool is_text = (ours.flags & SHF_STRINGS) != 0 && ours.relocations.empty() &&
                         theirs.relocations.empty() && ours.entry_bytes == 1 &&
                         theirs.entry_bytes == 1;
    if (is_text)
        return text_at(ours, before.offset) == text_at(theirs, after.offset);
    std::uint64_t bytes = ours.size_bytes - before.offset;
    std::uint64_t other_bytes = theirs.size_bytes - after.offset;
    const auto known = match_.constants_before_.bytes_at(before);
    const auto other_known = match_.constants_after_.bytes_at(after);
    if (known && other_known) {
        bytes = *known;
        other_bytes = *other_known;
    }
    if (bytes != other_bytes)
        return false;
    add(before, after, bytes);
    return true;
}

std::vector<LiveName> ObjectMatch::left() const {
    std::vector<LiveName> names;
    for (const ObjectSymbol &symbol : before_.symbols()) {
        if (before_.is_defined(symbol) && !symbol.is_place() && !symbol.name.empty() &&
            !after_.defines(symbol.name, symbol.is_local()))
            names.push_back({after_.path(), symbol.name, symbol.is_local()});
    }
    return names;
}

bool ObjectMatch::same_section(std::uint32_t before, std::uint32_t after) const {
    const ObjectSection &ours = before_.sections()[before];
    const ObjectSection &theirs = after_.sections()[after];
    if (ours.size_bytes != theirs.size_bytes || ours.type != theirs.type ||
        ours.flags != theirs.flags || ours.alignment != theirs.alignment)
        return false;
    ObjectComparison comparison(*this);
    comparison.add({before, 0}, {after, 0}, ours.size_bytes);
    return comparison.holds();
}

bool ObjectMatch::same_symbol(const ObjectSymbol &before, const ObjectSymbol &after) const {
    if (!before_.is_defined(before) || !after_.is_defined(after) ||
        before.size_bytes != after.size_bytes || before.type != after.type)
        return false;
    ObjectComparison comparison(*this);
    comparison.add({before.section, before.value}, {after.section, after.value}, before.size_bytes);
    return comparison.holds();
}

} // namespace hotrun
