#include "linux/function_name.hpp"

#include "core/demangle.hpp"
#include "linux/die.hpp"

#include <dwarf.h>
#include <gelf.h>

namespace hotrun {

namespace {

bool is_mangled(const std::string &name) {
    return name.starts_with("_Z");
}

bool has_address(const GElf_Sym &symbol, std::uint64_t address) {
    const int type = GELF_ST_TYPE(symbol.st_info);
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF &&
           address >= symbol.st_value && address - symbol.st_value < symbol.st_size;
}

std::string symbol_in(Elf *elf, Elf_Scn *section, const GElf_Shdr &header, std::uint64_t address) {
    Elf_Data *const data = ::elf_getdata(section, nullptr);
    GElf_Sym symbol;
    for (int i = 0; ::gelf_getsym(data, i, &symbol) != nullptr; ++i) {
        if (!has_address(symbol, address))
            continue;
        const char *name = ::elf_strptr(elf, header.sh_link, symbol.st_name);
        return name == nullptr ? "" : name;
    }
    return {};
}

std::string symbol_in_tables(Elf *elf, Elf64_Word type, std::uint64_t address) {
    Elf_Scn *section = nullptr;
    while ((section = ::elf_nextscn(elf, section)) != nullptr) {
        GElf_Shdr header;
        if (::gelf_getshdr(section, &header) != nullptr && header.sh_type == type)
            return symbol_in(elf, section, header, address);
    }
    return {};
}

std::string text_of(Dwarf_Die entry, unsigned attribute) {
    Dwarf_Attribute found;
    const char *text = ::dwarf_formstring(::dwarf_attr_integrate(&entry, attribute, &found));
    return text == nullptr ? "" : text;
}

// Of code, the entry that it comes from, and of that the one in its namespace or class.
Dwarf_Die declaration_of(Dwarf_Die function) {
    for (const unsigned attribute : {DW_AT_abstract_origin, DW_AT_specification}) {
        Dwarf_Attribute found;
        Dwarf_Die next;
        if (::dwarf_formref_die(::dwarf_attr(&function, attribute, &found), &next) != nullptr)
            function = next;
    }
    return function;
}

std::string scope_name(Dwarf_Die scope) {
    const std::string name = text_of(scope, DW_AT_name);
    if (name.empty() && ::dwarf_tag(&scope) == DW_TAG_namespace)
        return "(anonymous namespace)::";
    return name.empty() ? "" : name + "::";
}

// The child that is the entry or has it somewhere below: the last that does not begin after it.
bool find_child_towards(Dwarf_Die entry, Dwarf_Die parent, Dwarf_Die &found) {
    bool is_found = false;
    any_child(parent, [&](Dwarf_Die child) {
        const bool is_after = child.addr > entry.addr;
        if (!is_after)
            found = child;
        is_found = is_found || !is_after;
        return is_after;
    });
    return is_found;
}

std::string linkage_name(Dwarf_Die entry) {
    const std::string name = text_of(entry, DW_AT_linkage_name);
    return name.empty() ? text_of(entry, DW_AT_MIPS_linkage_name) : name;
}

// An entry does not know its parent, so this comes down from the unit. A function that has a local
// class need not be in its own namespace.
std::string scope_of(Dwarf_Die function) {
    std::string scope;
    Dwarf_Die entry;
    if (::dwarf_diecu(&function, &entry, nullptr, nullptr) == nullptr)
        return scope;
    while (find_child_towards(function, entry, entry) && entry.addr != function.addr) {
        const std::string whole = linkage_name(entry);
        scope = whole.empty() ? scope + scope_name(entry) : demangle(whole) + "::";
    }
    return scope;
}

// g++ gives no mangled name to a function that other units don't see, but the symbol has it.
std::string mangled_name(Dwarf_Die function, Elf *elf, std::uint64_t address) {
    const std::string name = linkage_name(function);
    const bool is_inlined = ::dwarf_tag(&function) == DW_TAG_inlined_subroutine;
    if (!name.empty() || is_inlined)
        return name;
    const std::string symbol = symbol_at(elf, address);
    return is_mangled(symbol) ? symbol : "";
}

} // namespace

std::string symbol_at(Elf *elf, std::uint64_t address) {
    if (::elf_kind(elf) != ELF_K_ELF)
        return {};
    const std::string name = symbol_in_tables(elf, SHT_SYMTAB, address);
    return name.empty() ? symbol_in_tables(elf, SHT_DYNSYM, address) : name;
}

std::string function_name(Dwarf_Die function, Elf *elf, std::uint64_t address) {
    const std::string mangled = mangled_name(function, elf, address);
    if (!mangled.empty())
        return demangle(mangled);
    const std::string name = text_of(function, DW_AT_name);
    return name.empty() ? "" : scope_of(declaration_of(function)) + name;
}

} // namespace hotrun
