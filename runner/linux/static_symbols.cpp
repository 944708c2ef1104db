#include "linux/static_symbols.hpp"

#include <algorithm>
#include <cstring>

#include <dwarf.h>
#include <gelf.h>

namespace hotrun {

namespace {

constexpr std::string_view kResetSection = "hotrun_reset";
constexpr std::string_view kOwnName = "hotrun_"; // in those of the objects that HOTRUN_TYPE makes
constexpr std::string_view kGuard = "_ZGV";

std::string_view text_of_section(Elf_Scn *section) {
    const Elf_Data *data = ::elf_getdata(section, nullptr);
    return data == nullptr || data->d_buf == nullptr
               ? std::string_view()
               : std::string_view(static_cast<const char *>(data->d_buf), data->d_size);
}

// The linker makes these read-only when it has filled them in, or they are the compiler's own.
bool is_relocated_once(std::string_view name) {
    return name.starts_with(".data.rel.ro") || name.starts_with(".init_array") ||
           name.starts_with(".fini_array") || name.starts_with(".ctors") ||
           name.starts_with(".dtors") || name.starts_with(".dynamic") || name.starts_with(".got");
}

// Names that belong to the compiler and its libraries (C11 7.1.3, C++17 [lex.name]).
bool is_reserved(std::string_view symbol) {
    using namespace std::string_view_literals;
    return symbol.starts_with("__"sv) || symbol.starts_with("_ZSt"sv) ||
           symbol.starts_with("_ZNSt"sv);
}

constexpr std::size_t kLongestStart = 24;

// As g++ and clang call them.
bool is_array_destructor(std::string_view start) {
    using namespace std::string_view_literals;
    if (start.size() < 2 || start[0] != '_' || start[1] != '_') // as most
        return false;
    return start.starts_with("__tcf_"sv) || start.starts_with("__cxx_global_array_dtor"sv);
}

} // namespace

StaticSymbols::StaticSymbols(Elf *elf) {
    std::size_t section_names = 0;
    if (elf == nullptr || ::gelf_getclass(elf) != ELFCLASS64 ||
        ::elf_getshdrstrndx(elf, &section_names) != 0)
        return;
    Elf_Scn *table = nullptr;
    GElf_Shdr table_header{};
    std::string_view info;
    sections_.push_back(Section::kOther);
    for (Elf_Scn *each = nullptr; (each = ::elf_nextscn(elf, each)) != nullptr;) {
        GElf_Shdr header;
        Section kind = Section::kOther;
        if (::gelf_getshdr(each, &header) != nullptr) {
            const char *text = ::elf_strptr(elf, section_names, header.sh_name);
            const std::string_view name = text == nullptr ? "" : text;
            const bool is_writable = (header.sh_flags & SHF_WRITE) != 0 &&
                                     (header.sh_flags & SHF_TLS) == 0 && !is_relocated_once(name);
            if (is_writable)
                kind = name.starts_with(kResetSection) ? Section::kReset : Section::kWritable;
            if (header.sh_type == SHT_SYMTAB) {
                table = each;
                table_header = header;
            }
            const bool is_plain = (header.sh_flags & SHF_COMPRESSED) == 0;
            if (is_plain && name == ".debug_info")
                info = text_of_section(each);
            if (is_plain && name == ".debug_addr")
                addresses_ = text_of_section(each);
        }
        sections_.push_back(kind);
    }
    Elf_Scn *names = table == nullptr ? nullptr : ::elf_getscn(elf, table_header.sh_link);
    if (names == nullptr)
        return;
    const std::string_view symbols = text_of_section(table);
    const std::string_view text = text_of_section(names);
    is_info_known_ = !info.empty();
    read(reinterpret_cast<const Elf64_Sym *>(symbols.data()), symbols.size() / sizeof(Elf64_Sym),
         text.data(), text.size());
    find_in_addresses(addresses_);
}

void StaticSymbols::read(const Elf64_Sym *symbols, std::size_t count, const char *names,
                         std::size_t bytes) {
    std::vector<std::uint64_t> own;
    for (std::size_t i = 0; i < count; ++i) {
        const Elf64_Sym &symbol = symbols[i];
        const auto type = ELF64_ST_TYPE(symbol.st_info);
        if ((type != STT_OBJECT && type != STT_FUNC) || symbol.st_shndx >= sections_.size() ||
            symbol.st_name >= bytes)
            continue;
        const char *text = names + symbol.st_name;
        if (type == STT_FUNC) {
            if (is_array_destructor({text, std::min(kLongestStart, bytes - symbol.st_name)}))
                array_destructors_.push_back(symbol.st_value);
            continue;
        }
        const std::string_view name(text, ::strnlen(text, bytes - symbol.st_name));
        const Section section = sections_[symbol.st_shndx];
        if (name.find(kOwnName) != std::string_view::npos)
            own.push_back(symbol.st_value);
        if (section == Section::kOther)
            continue;
        if (name.starts_with(kGuard))
            guards_.emplace(name.substr(kGuard.size()), symbol.st_value);
        else if (!is_reserved(name) && symbol.st_size != 0)
            variables_.push_back({symbol.st_value, name, section == Section::kReset});
    }
    has_any_ = !variables_.empty() || !own.empty();
    numbers_ = AddressTable(variables_.size() + own.size());
    std::uint32_t number = 0;
    for (const Variable &variable : variables_)
        numbers_.add(variable.address, number++);
    for (const std::uint64_t address : own)
        numbers_.add(address, number);
}

// Itanium C++ ABI 5.1.4.2: a guard is called as its variable is.
std::uint64_t StaticSymbols::guard_of(const Variable &variable) const {
    constexpr std::string_view kMangled = "_Z";
    if (!variable.symbol.starts_with(kMangled))
        return 0;
    const auto found = guards_.find(variable.symbol.substr(kMangled.size()));
    return found == guards_.end() ? 0 : found->second;
}

// DWARF 5, 2.5.1.1: a location of nine bytes, DW_OP_addr and the address.
void StaticSymbols::look_at(std::string_view info, std::size_t at) {
    std::uint64_t address = 0;
    if (!is_info_known_ || info.size() - at < kLocation.size() + sizeof address)
        return;
    std::memcpy(&address, info.data() + at + kLocation.size(), sizeof address);
    if (is_wanted(address))
        places_.push_back(at);
}

// Those that units count.
void StaticSymbols::find_in_addresses(std::string_view addresses) {
    std::uint64_t address = 0;
    for (std::size_t at = 0; at + sizeof address <= addresses.size(); at += sizeof address) {
        std::memcpy(&address, addresses.data() + at, sizeof address);
        if (is_wanted(address))
            address_places_.push_back(at);
    }
}

DebugPlaces StaticSymbols::places_in(const DwarfEntry &unit, Dwarf_Off begin, Dwarf_Off end) const {
    const std::span<const Dwarf_Off> none;
    if (!has_any_)
        return none;
    if (!is_info_known_)
        return std::nullopt;
    const auto base = number_of(unit, DW_AT_addr_base);
    if (!base)
        return has_attribute(unit, DW_AT_GNU_addr_base)
                   ? std::nullopt
                   : DebugPlaces(places_from(places_, begin, end));
    // DWARF 5, 7.27: the header, of which the length comes first, lies before the base.
    constexpr std::size_t kHeaderBytes = 8;
    std::uint32_t length = 0;
    if (*base < kHeaderBytes || *base > addresses_.size())
        return std::nullopt;
    std::memcpy(&length, addresses_.data() + *base - kHeaderBytes, sizeof length);
    const Dwarf_Off addresses_end = *base - kHeaderBytes + sizeof length + length;
    if (!places_from(address_places_, *base, addresses_end).empty())
        return std::nullopt;
    return places_from(places_, begin, end);
}

} // namespace hotrun
