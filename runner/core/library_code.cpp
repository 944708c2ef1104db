#include "core/library_code.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace hotrun {
namespace {

// Up to the next name, or to the end of what lies together.
std::uint64_t room_of(const SymbolTable &table, const Symbol &symbol) {
    const auto symbols = table.symbols();
    const auto next = std::ranges::upper_bound(symbols, symbol.address, {},
                                               [](const Symbol &each) { return each.address; });
    std::uint64_t end =
        next == symbols.end() ? std::numeric_limits<std::uint64_t>::max() : next->address;
    for (const Region &region : table.regions()) {
        if (region.range.contains(symbol.address))
            end = std::min(end, region.range.end);
    }
    return end - symbol.address;
}

std::size_t function_count(std::span<const Symbol> symbols) {
    return static_cast<std::size_t>(
        std::ranges::count(symbols, Symbol::Kind::kFunction, &Symbol::kind));
}

} // namespace

LibraryCode::LibraryCode(const SymbolTable &symbols, const Library::Place &place,
                         const ProcessMemory &memory, Lookup lookup)
    : symbols_(symbols), place_(place), memory_(memory), lookup_(std::move(lookup)) {
    read_slots();
}

// gABI 5, "Global Offset Table" and "Procedure Linkage Table": a word for each name, which the
// dynamic linker has set.
void LibraryCode::read_slots() {
    const ElfParts &parts = symbols_.parts();
    const auto dynamic = std::ranges::find(parts.sections, SHT_DYNSYM, &Elf64_Shdr::sh_type);
    std::vector<Elf64_Sym> symbols;
    if (dynamic == parts.sections.end() || dynamic->sh_link >= parts.sections.size() ||
        !parts.read_table(dynamic->sh_offset, dynamic->sh_size, symbols))
        return;
    const Elf64_Shdr &names = parts.sections[dynamic->sh_link];
    if (!parts.read_table(names.sh_offset, names.sh_size, names_))
        return;
    names_.push_back('\0');
    for (const Elf64_Shdr &section : parts.sections) {
        if (section.sh_type == SHT_RELA && (section.sh_flags & SHF_ALLOC) != 0)
            add_slots(section, symbols);
    }
}

void LibraryCode::add_slots(const Elf64_Shdr &relocations, const std::vector<Elf64_Sym> &symbols) {
    std::vector<Elf64_Rela> entries;
    if (!symbols_.parts().read_table(relocations.sh_offset, relocations.sh_size, entries))
        return;
    for (const Elf64_Rela &entry : entries) {
        const auto type = ELF64_R_TYPE(entry.r_info);
        const std::size_t index = ELF64_R_SYM(entry.r_info);
        const bool is_slot = type == R_X86_64_GLOB_DAT || type == R_X86_64_JUMP_SLOT;
        if (is_slot && index < symbols.size() && symbols[index].st_name < names_.size())
            slots_.emplace(names_.data() + symbols[index].st_name, entry.r_offset);
    }
}

// Linkers make what is hidden local, without a file or with any.
const Symbol *LibraryCode::find_symbol(const LiveName &name) const {
    if (name.is_local)
        return symbols_.find_sole(name.source, name.name, true);
    const Symbol *global = symbols_.find_sole({}, name.name, false);
    return global != nullptr ? global : symbols_.find_sole(name.name);
}

std::optional<LiveSymbol> LibraryCode::find(const LiveName &name) const {
    if (name.name == "__dso_handle" && symbols_.own_handle() != 0) {
        LiveSymbol handle;
        handle.address = handle.newest = place_.load_bias + symbols_.own_handle();
        return handle;
    }
    const Symbol *symbol = find_symbol(name);
    if (symbol == nullptr)
        return std::nullopt;
    LiveSymbol live;
    live.address = live.newest = place_.load_bias + symbol->address;
    live.size_bytes = symbol->size_bytes;
    live.room_bytes = room_of(symbols_, *symbol);
    live.is_function = symbol->kind == Symbol::Kind::kFunction;
    live.name_count = live.is_function ? function_count(symbols_.starting_at(symbol->address)) : 1;
    return live;
}

// Two files may have one name, and link-time optimisation forgets it.
bool LibraryCode::is_unclear(const LiveName &name) const {
    return name.is_local && find_symbol(name) == nullptr &&
           symbols_.may_have_local(name.source, name.name);
}

std::optional<std::uint64_t> LibraryCode::bound(std::string_view name) const {
    const auto slot = slots_.find(name);
    std::uint64_t address = 0;
    if (slot == slots_.end() || !memory_.read(place_.load_bias + slot->second,
                                              std::as_writable_bytes(std::span(&address, 1))))
        return std::nullopt;
    return address;
}

std::optional<std::uint64_t> LibraryCode::elsewhere(std::string_view name) const {
    const std::uint64_t address = lookup_(std::string(name));
    return address != 0 ? std::optional(address) : std::nullopt;
}

} // namespace hotrun
