#include "core/relative_pointers.hpp"

#include <algorithm>
#include <span>

namespace hotrun {
namespace {

// Newer than some systems' elf.h.
constexpr std::int64_t kDtRelrSize = 35;
constexpr std::int64_t kDtRelr = 36;
constexpr std::uint64_t kPointerBytes = 8;
constexpr std::uint64_t kPackedWords = 63; // that one bitmap stands for

// The relocation that adds the bias and nothing else.
std::optional<std::uint32_t> relative_type(std::uint16_t machine) {
    switch (machine) {
    case EM_X86_64:
        return R_X86_64_RELATIVE;
    case EM_AARCH64:
        return R_AARCH64_RELATIVE;
    case EM_RISCV:
        return R_RISCV_RELATIVE;
    case EM_PPC64:
        return R_PPC64_RELATIVE;
    case EM_S390:
        return R_390_RELATIVE;
    default:
        return std::nullopt;
    }
}

std::uint64_t value_of(const std::vector<Elf64_Dyn> &entries, std::int64_t tag) {
    const auto found = std::ranges::find(entries, tag, &Elf64_Dyn::d_tag);
    return found == entries.end() ? 0 : found->d_un.d_val;
}

template <typename T>
std::vector<T> read(const ElfParts &parts, std::uint64_t address, std::uint64_t bytes) {
    std::vector<T> table;
    const auto offset = parts.offset_of(address, bytes);
    if (bytes == 0 || !offset || !parts.read_table(*offset, bytes, table))
        return {};
    return table;
}

} // namespace

RelativePointers::RelativePointers(const ElfParts &parts) : parts_(parts) {
    if (parts.dynamic)
        read_dynamic();
}

void RelativePointers::read_dynamic() {
    std::vector<Elf64_Dyn> entries;
    if (!parts_.read_table(parts_.dynamic->p_offset, parts_.dynamic->p_filesz, entries))
        return;
    packed_ =
        read<std::uint64_t>(parts_, value_of(entries, kDtRelr), value_of(entries, kDtRelrSize));
    const auto type = relative_type(parts_.machine);
    if (!type)
        return;
    relative_ = read<Elf64_Rela>(parts_, value_of(entries, DT_RELA), value_of(entries, DT_RELASZ));
    std::erase_if(relative_,
                  [&](const Elf64_Rela &entry) { return ELF64_R_TYPE(entry.r_info) != *type; });
    std::ranges::sort(relative_, {}, &Elf64_Rela::r_offset);
}

// An even word is a place; an odd one is a bitmap of the words after those that came before it.
bool RelativePointers::is_packed(std::uint64_t where) const {
    std::uint64_t next = 0;
    for (const std::uint64_t word : packed_) {
        if ((word & 1) == 0) {
            if (word == where)
                return true;
            next = word + kPointerBytes;
            continue;
        }
        const std::uint64_t index = (where - next) / kPointerBytes;
        if (where % kPointerBytes == 0 && index < kPackedWords && (word >> (index + 1) & 1) != 0)
            return true;
        next += kPackedWords * kPointerBytes;
    }
    return false;
}

// A packed relocation leaves the target where the pointer is.
std::optional<std::uint64_t> RelativePointers::target_at(std::uint64_t where) const {
    const auto found = std::ranges::lower_bound(relative_, where, {}, &Elf64_Rela::r_offset);
    if (found != relative_.end() && found->r_offset == where)
        return static_cast<std::uint64_t>(found->r_addend);
    std::uint64_t target = 0;
    if (!is_packed(where) ||
        !parts_.read_loaded(where, std::as_writable_bytes(std::span(&target, 1))))
        return std::nullopt;
    return target;
}

} // namespace hotrun
