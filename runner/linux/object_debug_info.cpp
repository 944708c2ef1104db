#include "linux/object_debug_info.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace hotrun {
namespace {

std::ptrdiff_t count_of(const ObjectFile &object, std::string_view name) {
    return std::ranges::count(object.sections(), name, &ObjectSection::name);
}

} // namespace

ObjectDebugInfo::ObjectDebugInfo(const ObjectFile &object)
    : bytes_(object.bytes().begin(), object.bytes().end()) {
    // Of several units of types in sections of their own libdw sees the first.
    if (count_of(object, ".debug_info") > 1 || count_of(object, ".debug_types") > 0) {
        why_ = object.path() + " has sections for each type (-fno-debug-types-section avoids them)";
        return;
    }
    relocate(object);
    ::elf_version(EV_CURRENT);
    elf_.reset(::elf_memory(reinterpret_cast<char *>(bytes_.data()), bytes_.size()));
    if (elf_ != nullptr)
        dwarf_.reset(::dwarf_begin_elf(elf_.get(), DWARF_C_READ, nullptr));
    if (dwarf_ == nullptr)
        why_ = object.path() + " has debug information that can't be read";
}

// Each section counts from zero, so that a reference from one into another is its offset there.
void ObjectDebugInfo::relocate(const ObjectFile &object) {
    for (const ObjectSection &section : object.sections()) {
        if (!section.name.starts_with(".debug_"))
            continue;
        const std::ptrdiff_t start = section.content.data() - object.bytes().data();
        for (const Elf64_Rela &relocation : section.relocations) {
            const auto type = ELF64_R_TYPE(relocation.r_info);
            const ObjectSymbol &symbol = object.symbol_of(relocation);
            std::uint64_t value = symbol.value + static_cast<std::uint64_t>(relocation.r_addend);
            if (object.is_defined(symbol) &&
                object.sections()[symbol.section].role == SectionRole::kCode)
                value += std::uint64_t{symbol.section} << kOffsetBits;
            if (type == R_X86_64_64 || type == R_X86_64_32)
                std::memcpy(bytes_.data() + start + relocation.r_offset, &value,
                            *relocated_bytes(type));
        }
    }
}

} // namespace hotrun
