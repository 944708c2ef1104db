#include "core/object_patch.hpp"

#include "core/demangle.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace hotrun {
namespace {

constexpr std::uint64_t kEndBytes =
    8; // behind a section of code, so that its last function has room
constexpr std::uint64_t kUnwindingEnd = 4; // .eh_frame ends with a length of zero

std::uint64_t aligned(std::uint64_t offset, std::uint64_t alignment) {
    return (offset + alignment - 1) & ~(alignment - 1);
}

Error refusal(const ObjectFile &object, const std::string &sentence) {
    return Error{ErrorKind::kFailed, std::string(object.source()) + ": " + sentence, 0};
}

// These have run, and do not run again.
bool runs_at_load(std::string_view name) {
    return name.starts_with("_GLOBAL__sub_") || name.starts_with("__cxx_global_") ||
           name.starts_with("_Z41__static_initialization_and_destruction_0");
}

// Whether no breakpoint lies in so many bytes from there on.
bool is_free(std::span<const ObjectPlace> starts, ObjectPlace begin, std::uint64_t bytes) {
    const auto next = std::ranges::lower_bound(starts, begin);
    return next == starts.end() || next->section != begin.section ||
           next->offset >= begin.offset + bytes;
}

// Where in the function the long jump is to lie: at the entry, or as far behind it as a short jump
// reaches. Optimised code may have no such place; then it is the entry all the same. At the very
// entry there is the beginning of a line too, but hardly a breakpoint.
std::uint64_t jump_in(std::span<const ObjectPlace> starts, ObjectPlace function,
                      std::uint64_t room_bytes) {
    constexpr std::uint64_t kFarthest = 127 + ObjectPatch::kShortJumpBytes;
    const auto is_free_from = [&](std::uint64_t at, std::uint64_t bytes) {
        return is_free(starts, {function.section, function.offset + at}, bytes);
    };
    if (is_free_from(1, ObjectPatch::kLongJumpBytes - 1) ||
        !is_free_from(1, ObjectPatch::kShortJumpBytes - 1))
        return 0;
    for (std::uint64_t at = ObjectPatch::kShortJumpBytes;
         at <= kFarthest && at + ObjectPatch::kLongJumpBytes <= room_bytes; ++at) {
        if (is_free_from(at, ObjectPatch::kLongJumpBytes))
            return at;
    }
    return 0;
}

} // namespace

ObjectPatch::ObjectPatch(const ObjectMatch &match, const ObjectDiff &diff, LineStarts lines)
    : before_(match.before()), after_(match.after()), match_(match),
      changed_constants_(diff.changed_constants), lines_(std::move(lines)),
      uses_(after_.sections().size()), offsets_(after_.sections().size()),
      addresses_(after_.sections().size()) {
    std::ranges::sort(changed_constants_);
}

// What the compiler has made for itself no other version need have, and another one may have
// something else under its name.
bool ObjectPatch::is_made_up(const ObjectSymbol &symbol) {
    return symbol.is_local() && symbol.name.find('.') != std::string_view::npos;
}

bool ObjectPatch::is_known_function(const ObjectSymbol &symbol) {
    return symbol.is_function() && !is_made_up(symbol) && !runs_at_load(symbol.name);
}

bool ObjectPatch::is_changed_constant(const ObjectSymbol &symbol) const {
    return std::ranges::binary_search(changed_constants_, symbol.name);
}

// What of this file alone is in the library has the size that it had when that was linked.
Status ObjectPatch::check_origin(const LiveCode &live) const {
    for (const ObjectSymbol &symbol : before_.symbols()) {
        if (!before_.is_defined(symbol) || symbol.is_place() || symbol.name.empty() ||
            !before_.sections()[symbol.section].group.empty() ||
            (symbol.is_function() && !is_known_function(symbol)))
            continue;
        const LiveName name{before_.source(), symbol.name, symbol.is_local()};
        const auto found = live.find(name);
        if (found && symbol.size_bytes != 0 && found->size_bytes != symbol.size_bytes)
            return refusal(after_, "the library was not linked from the object file before, as " +
                                       demangle(symbol.name) + " shows");
        if (!found && live.is_unclear(name))
            return refusal(after_, "nobody can tell which " + demangle(symbol.name) +
                                       " of the library is the one of this file");
    }
    return Done{};
}

// What the library has of a section, if it lies there as in the file. Names that a linker has
// thrown away are not asked for.
std::optional<std::uint64_t> ObjectPatch::library_address(std::uint32_t section,
                                                          const LiveCode &live) const {
    std::optional<std::uint64_t> address;
    for (const std::uint32_t i : after_.symbols_in(section)) {
        const ObjectSymbol &symbol = after_.symbols()[i];
        const auto found = live.find(live_name(symbol));
        if (!found)
            continue;
        const std::uint64_t begin = found->newest - symbol.value;
        if (found->size_bytes != symbol.size_bytes || (address && *address != begin))
            return std::nullopt;
        address = begin;
    }
    return address;
}

// What has no name may be another one in the library: an older patch may have replaced it, or the
// only name in the section may be one that another file defines as well.
bool ObjectPatch::is_all_named(std::uint32_t section) const {
    std::uint64_t end = 0;
    for (const std::uint32_t i : after_.symbols_in(section)) {
        const ObjectSymbol &symbol = after_.symbols()[i];
        if (symbol.value > end || is_made_up(symbol))
            return false;
        end = std::max(end, symbol.value + symbol.size_bytes);
    }
    return end >= after_.sections()[section].size_bytes;
}

bool ObjectPatch::is_all_live(std::uint32_t section, const LiveCode &live) const {
    const auto symbols = after_.symbols_in(section);
    return !symbols.empty() && std::ranges::all_of(symbols, [&](std::uint32_t i) {
        return live.find(live_name(after_.symbols()[i])).has_value();
    });
}

// Of a function of this file that the compiler has made for the caller: nothing leads from the old
// one to the new one.
bool ObjectPatch::needs_clone(const ObjectSection &section) const {
    return std::ranges::any_of(section.relocations, [&](const Elf64_Rela &relocation) {
        const ObjectSymbol *symbol = &after_.symbol_of(relocation);
        if (const auto place = referred_place(after_, section, relocation))
            symbol = after_.find_at(place->section, place->offset);
        return symbol != nullptr && symbol->is_function() && after_.is_defined(*symbol) &&
               !is_known_function(*symbol);
    });
}

ObjectPatch::Use ObjectPatch::use_of(std::uint32_t index, bool is_same, const LiveCode &live) {
    const ObjectSection &section = after_.sections()[index];
    switch (section.role) {
    case SectionRole::kCode:
        return is_same && !section.group.empty() && !needs_clone(section) &&
                       is_all_live(index, live)
                   ? Use::kByName
                   : Use::kCode;
    case SectionRole::kWritable: {
        const auto address = library_address(index, live);
        addresses_[index] = address.value_or(0);
        return address ? Use::kLibrary : Use::kNowhere;
    }
    case SectionRole::kConstant: {
        const bool is_kept = is_same && (section.flags & SHF_MERGE) == 0 && is_all_named(index);
        const auto address = is_kept ? library_address(index, live) : std::nullopt;
        addresses_[index] = address.value_or(0);
        return address ? Use::kLibrary : Use::kConstants;
    }
    case SectionRole::kUnwinding:
        return Use::kConstants;
    default:
        return Use::kNowhere;
    }
}

// A linker takes all sections of a group from one file, or none.
void ObjectPatch::keep_groups_together() {
    std::set<std::string_view> taken;
    for (std::size_t i = 1; i < uses_.size(); ++i) {
        if (uses_[i] == Use::kCode)
            taken.insert(after_.sections()[i].group);
    }
    for (std::size_t i = 1; i < uses_.size(); ++i) {
        const ObjectSection &section = after_.sections()[i];
        if (section.group.empty())
            continue;
        const bool is_taken = taken.contains(section.group);
        if (uses_[i] == Use::kByName && is_taken)
            uses_[i] = Use::kCode;
    }
}

void ObjectPatch::choose_uses(const ObjectDiff &diff, const LiveCode &live) {
    for (std::uint32_t i = 1; i < uses_.size(); ++i)
        uses_[i] = use_of(i, diff.is_same[i], live);
    keep_groups_together();
}

// Each may need an address, and a jump to it.
std::size_t ObjectPatch::count_references() const {
    std::set<std::uint64_t> symbols;
    for (std::size_t i = 1; i < uses_.size(); ++i) {
        if (uses_[i] != Use::kCode && uses_[i] != Use::kConstants)
            continue;
        for (const Elf64_Rela &relocation : after_.sections()[i].relocations)
            symbols.insert(ELF64_R_SYM(relocation.r_info));
    }
    return symbols.size();
}

void ObjectPatch::lay_out_sections() {
    std::uint64_t code = 0;
    std::uint64_t constants = 0;
    for (std::size_t i = 1; i < uses_.size(); ++i) {
        const ObjectSection &section = after_.sections()[i];
        if (uses_[i] == Use::kCode) {
            offsets_[i] = aligned(code, section.alignment);
            code = offsets_[i] + section.size_bytes + kEndBytes;
        } else if (uses_[i] == Use::kConstants) {
            offsets_[i] = aligned(constants, section.alignment);
            constants = offsets_[i] + section.size_bytes +
                        (section.role == SectionRole::kUnwinding ? kUnwindingEnd : 0);
        }
    }
    const std::size_t references = count_references();
    jumps_offset_ = aligned(code, kJumpBytes);
    slots_offset_ = aligned(constants, kSlotBytes);
    code_.resize(jumps_offset_ + references * kJumpBytes);
    constants_.resize(slots_offset_ + references * kSlotBytes);
    for (std::size_t i = 1; i < uses_.size(); ++i) {
        if (uses_[i] != Use::kCode && uses_[i] != Use::kConstants)
            continue;
        std::vector<std::byte> &to = uses_[i] == Use::kCode ? code_ : constants_;
        std::ranges::copy(after_.sections()[i].content,
                          to.begin() + static_cast<std::ptrdiff_t>(offsets_[i]));
    }
}

Result<ObjectPatch> ObjectPatch::lay_out(const ObjectMatch &match, const ObjectDiff &diff,
                                         LineStarts lines, const LiveCode &live) {
    ObjectPatch patch(match, diff, std::move(lines));
    if (Status checked = patch.check_origin(live); !checked)
        return checked.error();
    patch.choose_uses(diff, live);
    patch.lay_out_sections();
    return patch;
}

Status ObjectPatch::add_function(const ObjectSymbol &symbol, const LiveCode &live) {
    const std::uint64_t here = addresses_[symbol.section] + symbol.value;
    const auto before = live.find(live_name(symbol));
    LiveSymbol now;
    now.address = now.newest = here;
    now.size_bytes = symbol.size_bytes;
    now.is_function = true;
    const ObjectSection &section = after_.sections()[symbol.section];
    now.room_bytes = section.size_bytes + kEndBytes - symbol.value;
    now.name_count = 0;
    for (const std::uint32_t i : after_.symbols_in(symbol.section)) {
        const ObjectSymbol &other = after_.symbols()[i];
        if (other.is_function() && other.value > symbol.value) {
            now.room_bytes = other.value - symbol.value;
            break;
        }
        if (other.is_function() && other.value == symbol.value)
            ++now.name_count;
    }
    now.newest_jump = jump_in(lines_.after, {symbol.section, symbol.value}, now.room_bytes);
    now.address_jump = now.newest_jump;
    if (before) {
        if (symbol.is_local() && !before_.defines(symbol.name, true) && !has_left(symbol, live))
            return namesake(symbol);
        if (!before->is_function)
            return refusal(after_, demangle(symbol.name) + " was no function before");
        if (before->room_bytes < kLongJumpBytes)
            return refusal(after_, "the function " + demangle(symbol.name) +
                                       " is too short to lead to another one");
        const ObjectSymbol *old = before_.find(symbol.name);
        const std::uint64_t in_old =
            old == nullptr ? 0
                           : jump_in(lines_.before, {old->section, old->value}, before->room_bytes);
        now.address = before->address;
        now.address_jump = before->address_jump.value_or(in_old);
        const bool is_led = before->newest != before->address;
        entries_.push_back({before->address, here, *now.address_jump, is_led});
        if (is_led)
            entries_.push_back({before->newest, here, before->newest_jump.value_or(in_old), false});
        now.room_bytes = std::min(now.room_bytes, before->room_bytes);
        entry_names_.emplace_back(before->address, before->name_count);
        now.name_count = before->name_count;
    }
    definitions_.push_back(
        {std::string(after_.source()), std::string(symbol.name), symbol.is_local(), now});
    return Done{};
}

bool ObjectPatch::has_left(const ObjectSymbol &symbol, const LiveCode &live) const {
    return live.has_left({after_.path(), symbol.name, symbol.is_local()});
}

Error ObjectPatch::namesake(const ObjectSymbol &symbol) const {
    return refusal(after_, "nobody can tell whether the " + demangle(symbol.name) +
                               " that is new here is the one of the library");
}

// One that has not changed is still that of the library. One that is new in this file may be there
// from another file, which has the same one if both have it from one header, and if none has had
// another one in the meantime.
Status ObjectPatch::add_constant(const ObjectSymbol &symbol, const LiveCode &live) {
    if (is_made_up(symbol))
        return Done{};
    if (!is_changed_constant(symbol) && live.find(live_name(symbol))) {
        if (before_.defines(symbol.name, symbol.is_local()))
            return Done{};
        const bool is_of_header = !after_.sections()[symbol.section].group.empty();
        const bool is_back = has_left(symbol, live);
        if (is_of_header && !symbol.is_local() && !is_back)
            return Done{};
        if (!symbol.is_local() || !is_back || is_table_of_class(symbol.name))
            return namesake(symbol);
    }
    LiveSymbol now;
    now.address = now.newest = addresses_[symbol.section] + symbol.value;
    now.size_bytes = now.room_bytes = symbol.size_bytes;
    definitions_.push_back(
        {std::string(after_.source()), std::string(symbol.name), symbol.is_local(), now});
    return Done{};
}

// Linkers fold functions with the same code: another one of these may not have changed.
Status ObjectPatch::check_entries() const {
    std::map<std::uint64_t, std::size_t> names;
    std::map<std::uint64_t, std::uint64_t> leads_to;
    for (const auto &[from, count] : entry_names_)
        ++names[from];
    for (const PatchEntry &entry : entries_) {
        if (leads_to.emplace(entry.from, entry.to).first->second != entry.to)
            return refusal(after_, "functions that had one entry have several now");
    }
    for (const auto &[from, count] : entry_names_) {
        if (names[from] != count)
            return refusal(after_, "a function shares its entry with one of another file");
    }
    return Done{};
}

Status ObjectPatch::place(std::uint64_t code_address, std::uint64_t constants_address,
                          const LiveCode &live) {
    code_address_ = code_address;
    constants_address_ = constants_address;
    for (std::size_t i = 1; i < uses_.size(); ++i) {
        if (uses_[i] == Use::kCode)
            addresses_[i] = code_address + offsets_[i];
        else if (uses_[i] == Use::kConstants)
            addresses_[i] = constants_address + offsets_[i];
        if (after_.sections()[i].role == SectionRole::kUnwinding)
            unwinding_address_ = addresses_[i];
    }
    for (const ObjectSymbol &symbol : after_.symbols()) {
        if (!after_.is_defined(symbol) || symbol.is_place() || symbol.name.empty())
            continue;
        Status added = Done{};
        if (uses_[symbol.section] == Use::kConstants)
            added = add_constant(symbol, live);
        else if (uses_[symbol.section] == Use::kCode && is_known_function(symbol))
            added = add_function(symbol, live);
        if (!added)
            return added;
    }
    std::ranges::sort(entries_, {}, &PatchEntry::from);
    entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
    return check_entries();
}

} // namespace hotrun
