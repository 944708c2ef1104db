#include "core/object_relocator.hpp"

#include "core/demangle.hpp"
#include "core/x86_references.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace hotrun {
namespace {

constexpr std::uint64_t kJumpInstruction = 6; // jmp *distance(%rip)
constexpr std::uint64_t kLargestElement = 16; // of what compilers step through by addresses
constexpr std::uint64_t kOneJumpBytes = 32;   // from one use of a jump table to the other

template <typename T>
void put(std::byte *field, T value) {
    std::memcpy(field, &value, sizeof value);
}

// GCC's and clang's tables of what a switch or a function gives, by an index.
bool is_lookup_table(std::string_view name) {
    return name.starts_with("CSWTCH.") || name.starts_with("switch.table.") ||
           name.starts_with("reltable.");
}

// Of a reference, to the end of its instruction.
std::uint64_t rest_of(const ObjectSection &section) {
    return section.role == SectionRole::kCode ? 4 : 0;
}

} // namespace

Error ObjectRelocator::refusal(const std::string &sentence) const {
    return Error{ErrorKind::kFailed, std::string(object().source()) + ": " + sentence, 0};
}

Status ObjectRelocator::run() {
    for (std::uint32_t i = 1; i < patch_.uses_.size(); ++i) {
        const bool is_code = patch_.uses_[i] == ObjectPatch::Use::kCode;
        if (!is_code && patch_.uses_[i] != ObjectPatch::Use::kConstants)
            continue;
        std::byte *const memory =
            (is_code ? patch_.code_ : patch_.constants_).data() + patch_.offsets_[i];
        for (const Elf64_Rela &entry : section(i).relocations) {
            const Reference reference{i, &entry, patch_.addresses_[i] + entry.r_offset,
                                      memory + entry.r_offset};
            if (Status done = set(reference); !done)
                return done;
        }
        if (is_code)
            lead_addresses_to_entries(i);
    }
    return Done{};
}

Status ObjectRelocator::set_distance(const Reference &reference, std::uint64_t from,
                                     std::uint64_t to) {
    const auto distance = static_cast<std::int64_t>(to - from);
    if (distance != static_cast<std::int32_t>(distance))
        return refusal(demangle(object().symbol_of(*reference.entry).name) +
                       " lies too far away from the library");
    put(reference.field, static_cast<std::int32_t>(distance));
    return Done{};
}

Status ObjectRelocator::set(const Reference &reference) {
    const ObjectSymbol &symbol = object().symbol_of(*reference.entry);
    const auto addend = static_cast<std::uint64_t>(reference.entry->r_addend);
    switch (reference.type()) {
    case R_X86_64_NONE:
        return Done{};
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX: {
        const auto slot = slot_of(symbol);
        if (!slot)
            return slot.error();
        return set_distance(reference, reference.address, *slot + addend);
    }
    default:
        break;
    }
    const auto target = resolve(reference);
    if (!target)
        return target.error();
    // Nothing is there any more that unwinding could come to.
    const bool is_dropped =
        *target == 0 && section(reference.section).role == SectionRole::kUnwinding;
    switch (reference.type()) {
    case R_X86_64_64:
        put(reference.field, *target);
        return Done{};
    case R_X86_64_PC64:
        put(reference.field, is_dropped ? 0 : *target - reference.address);
        return Done{};
    case R_X86_64_PC32:
    case R_X86_64_PLT32: {
        if (is_dropped) {
            put(reference.field, std::uint32_t{0});
            return Done{};
        }
        const std::uint64_t from = reference.address + rest_of(section(reference.section));
        const auto distance = static_cast<std::int64_t>(*target - from);
        const bool is_far = distance != static_cast<std::int32_t>(distance);
        if (!is_far || reference.type() != R_X86_64_PLT32)
            return set_distance(reference, from, *target);
        const auto jump = jump_to(*target);
        return jump ? set_distance(reference, from, *jump) : Status(jump.error());
    }
    default:
        return refusal("a relocation of type " + std::to_string(reference.type()) +
                       " is not known");
    }
}

ObjectRelocator::Want ObjectRelocator::want_of(const Reference &reference) const {
    const ObjectSection &where = section(reference.section);
    if (where.role == SectionRole::kCode)
        return reference.type() == R_X86_64_PC32 &&
                       takes_address(where.content, reference.entry->r_offset)
                   ? Want::kAddress
                   : Want::kCall;
    return reference.type() == R_X86_64_64 ? Want::kAddress : Want::kCall;
}

// What it is to lead to, where the instruction ends with it: what follows is in the addend.
Result<std::uint64_t> ObjectRelocator::resolve(const Reference &reference) {
    const ObjectSection &where = section(reference.section);
    if (const auto place = referred_place(object(), where, *reference.entry))
        return resolve_place(reference, *place);
    const bool is_in_code = where.role == SectionRole::kCode;
    const auto addend = static_cast<std::uint64_t>(reference.entry->r_addend);
    const auto target = resolve_name(object().symbol_of(*reference.entry), want_of(reference));
    if (!target)
        return target;
    const bool is_distance = reference.type() != R_X86_64_64 && reference.type() != R_X86_64_PC64;
    return *target + addend + (is_in_code && is_distance ? 4 : 0);
}

Result<std::uint64_t> ObjectRelocator::resolve_place(const Reference &reference,
                                                     ObjectPlace place) {
    using Use = ObjectPatch::Use;
    const Use use = patch_.uses_[place.section];
    const std::uint64_t here = patch_.addresses_[place.section] + place.offset;
    if (use == Use::kLibrary)
        return here;
    const bool is_unwinding = section(reference.section).role == SectionRole::kUnwinding;
    if (is_unwinding)
        return use == Use::kCode || use == Use::kConstants ? here : 0;
    const ObjectSymbol *symbol = object().find_at(place.section, place.offset);
    const bool is_function = symbol != nullptr && symbol->is_function();
    if (use == Use::kNowhere || (use == Use::kByName && symbol == nullptr))
        return refusal("what it refers to in " + std::string(section(place.section).name) +
                       " is not in the library");
    const bool takes_address = want_of(reference) == Want::kAddress;
    std::uint64_t address = here;
    if (use == Use::kByName ||
        (takes_address && symbol != nullptr && (!is_function || symbol->value == place.offset))) {
        const auto begin = resolve_own(*symbol, Want::kAddress);
        if (!begin)
            return begin;
        address = *begin + (place.offset - symbol->value);
    }
    return takes_address && use == Use::kConstants
               ? without_neighbours(reference, place, symbol, address)
               : Result<std::uint64_t>(address);
}

// Where one constant ends and the next one begins, loops that count in addresses may mean either,
// and some of them start a little before the first. That is no matter if both lie side by side
// still. To what other files see compilers refer by its name.
Result<std::uint64_t> ObjectRelocator::without_neighbours(const Reference &reference,
                                                          ObjectPlace place,
                                                          const ObjectSymbol *symbol,
                                                          std::uint64_t address) {
    const bool is_in_code = section(reference.section).role == SectionRole::kCode;
    const bool is_begin = symbol == nullptr || symbol->value == place.offset;
    for (const std::uint32_t i : object().symbols_in(place.section)) {
        const ObjectSymbol &other = object().symbols()[i];
        const bool may_be_meant =
            is_begin ? other.value + other.size_bytes == place.offset &&
                           (is_in_code || !ObjectPatch::is_made_up(other))
                     : other.value > place.offset && other.value - place.offset <= kLargestElement;
        if (!other.is_local() || !may_be_meant || is_lookup_table(other.name) ||
            (is_begin && !is_address_taken(other)))
            continue;
        const auto begin = resolve_own(other, Want::kAddress);
        if (!begin)
            return begin;
        const bool lie_side_by_side = *begin - other.value == address - place.offset;
        if (!lie_side_by_side && !is_compilers_alone(place, symbol))
            return refusal("nobody can tell whether it refers to " + demangle(other.name) +
                           " or to what lies beside it (-fdata-sections keeps them apart)");
    }
    return address;
}

bool ObjectRelocator::is_address_taken(const ObjectSymbol &constant) const {
    for (std::uint32_t i = 1; i < object().sections().size(); ++i) {
        const SectionRole role = section(i).role;
        if (role == SectionRole::kIgnored || role == SectionRole::kUnwinding)
            continue;
        for (const Elf64_Rela &relocation : section(i).relocations) {
            const auto place = referred_place(object(), section(i), relocation);
            if (place && place->section == constant.section &&
                place->offset - constant.value < constant.size_bytes &&
                want_of({i, &relocation}) == Want::kAddress)
                return true;
        }
    }
    return false;
}

// What a compiler has made for one function, as a jump table, is there because that function refers
// to it: once, or, not optimised, twice in one statement. One more reference may mean what ends
// there.
bool ObjectRelocator::is_compilers_alone(ObjectPlace place, const ObjectSymbol *symbol) const {
    const ObjectSection &made = section(place.section);
    const auto first =
        std::ranges::lower_bound(made.relocations, place.offset, {}, &Elf64_Rela::r_offset);
    const bool is_jump_table = symbol == nullptr && first != made.relocations.end() &&
                               first->r_offset == place.offset &&
                               ELF64_R_TYPE(first->r_info) == R_X86_64_PC32;
    if (!is_jump_table && (symbol == nullptr || !ObjectPatch::is_made_up(*symbol)))
        return false;
    std::vector<std::pair<const ObjectSymbol *, std::uint64_t>> references;
    for (std::uint32_t i = 1; i < object().sections().size(); ++i) {
        if (section(i).role == SectionRole::kIgnored)
            continue;
        for (const Elf64_Rela &relocation : section(i).relocations) {
            if (referred_place(object(), section(i), relocation) == place)
                references.emplace_back(object().find_at(i, relocation.r_offset),
                                        relocation.r_offset);
        }
    }
    return references.size() == 1 ||
           (references.size() == 2 && references[0].first == references[1].first &&
            references[1].second - references[0].second <= kOneJumpBytes);
}

// A symbol of the library that others have as well may be bound to theirs.
std::optional<std::uint64_t> ObjectRelocator::bound_elsewhere(const ObjectSymbol &symbol) const {
    if (symbol.is_local() || symbol.visibility != STV_DEFAULT)
        return std::nullopt;
    const auto bound = live_.bound(symbol.name);
    return bound && !live_.range().contains(*bound) ? bound : std::nullopt;
}

Result<std::uint64_t> ObjectRelocator::resolve_name(const ObjectSymbol &symbol, Want want) {
    if (symbol.section == ObjectFile::kAbsolute)
        return symbol.value;
    if (object().is_defined(symbol)) {
        const auto elsewhere = bound_elsewhere(symbol);
        return elsewhere ? Result<std::uint64_t>(*elsewhere) : resolve_own(symbol, want);
    }
    return resolve_undefined(symbol);
}

Result<std::uint64_t> ObjectRelocator::resolve_own(const ObjectSymbol &symbol, Want want) {
    using Use = ObjectPatch::Use;
    const Use use = patch_.uses_[symbol.section];
    const std::uint64_t here = patch_.addresses_[symbol.section] + symbol.value;
    if (use == Use::kLibrary)
        return here;
    const bool is_own_version = (use == Use::kCode && want == Want::kCall) ||
                                ObjectPatch::is_made_up(symbol) ||
                                (symbol.is_function() && !ObjectPatch::is_known_function(symbol));
    if (use != Use::kNowhere && use != Use::kByName && is_own_version)
        return here;
    const auto live = live_.find(patch_.live_name(symbol));
    if (live)
        return live->address;
    if (use == Use::kCode || use == Use::kConstants)
        return here;
    return refusal(demangle(symbol.name) + " is not in the library");
}

Result<std::uint64_t> ObjectRelocator::resolve_undefined(const ObjectSymbol &symbol) {
    if (const auto foreign = bound_elsewhere(symbol))
        return *foreign;
    if (const auto live = live_.find(patch_.live_name(symbol)))
        return live->address;
    if (const auto bound = live_.bound(symbol.name))
        return *bound;
    if (const auto elsewhere = live_.elsewhere(symbol.name))
        return *elsewhere;
    if (symbol.binding == STB_WEAK)
        return std::uint64_t{0};
    return refusal("nobody has " + demangle(symbol.name) + ", which it refers to");
}

std::uint64_t ObjectRelocator::slot_with(std::uint64_t address) {
    const auto [slot, is_new] = slots_.emplace(address, 0);
    if (is_new) {
        const std::uint64_t offset =
            patch_.slots_offset_ + (slots_.size() - 1) * ObjectPatch::kSlotBytes;
        put(patch_.constants_.data() + offset, address);
        slot->second = patch_.constants_address_ + offset;
    }
    return slot->second;
}

Result<std::uint64_t> ObjectRelocator::slot_of(const ObjectSymbol &symbol) {
    if (symbol.is_place())
        return refusal("the address of what has no name is taken in a way that is not known");
    const auto address = resolve_name(symbol, Want::kAddress);
    return address ? Result<std::uint64_t>(slot_with(*address)) : address;
}

Result<std::uint64_t> ObjectRelocator::jump_to(std::uint64_t address) {
    const auto [jump, is_new] = jumps_.emplace(address, 0);
    if (!is_new)
        return jump->second;
    const std::uint64_t offset =
        patch_.jumps_offset_ + (jumps_.size() - 1) * ObjectPatch::kJumpBytes;
    jump->second = patch_.code_address_ + offset;
    const auto distance =
        static_cast<std::int64_t>(slot_with(address) - (jump->second + kJumpInstruction));
    if (distance != static_cast<std::int32_t>(distance))
        return refusal("its code and its constants lie too far apart");
    std::byte *const code = patch_.code_.data() + offset;
    put(code, std::array<std::uint8_t, 2>{0xff, 0x25});
    put(code + 2, static_cast<std::int32_t>(distance));
    return jump->second;
}

// To what lies in the same section compilers refer without a relocation.
void ObjectRelocator::lead_addresses_to_entries(std::uint32_t index) {
    const ObjectSection &where = section(index);
    std::byte *const memory = patch_.code_.data() + patch_.offsets_[index];
    auto relocations = where.relocations;
    for (std::uint64_t at = 0; at + 4 <= where.content.size(); ++at) {
        while (!relocations.empty() && relocations.front().r_offset + 4 <= at)
            relocations = relocations.subspan(1);
        const bool is_free = relocations.empty() || relocations.front().r_offset >= at + 4;
        if (!is_free || !takes_address(where.content, at))
            continue;
        std::int32_t distance = 0;
        std::memcpy(&distance, where.content.data() + at, sizeof distance);
        const std::uint64_t offset = at + 4 + static_cast<std::uint64_t>(std::int64_t{distance});
        const ObjectSymbol *symbol = object().find_at(index, offset);
        if (symbol == nullptr || symbol->value != offset || !symbol->is_function() ||
            !ObjectPatch::is_known_function(*symbol))
            continue;
        if (const auto live = live_.find(patch_.live_name(*symbol)))
            put(memory + at,
                static_cast<std::int32_t>(live->address - (patch_.addresses_[index] + at + 4)));
    }
}

Status ObjectPatch::relocate(const LiveCode &live) {
    return ObjectRelocator(*this, live).run();
}

} // namespace hotrun
