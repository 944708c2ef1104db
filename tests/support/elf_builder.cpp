#include "support/elf_builder.hpp"

#include <cstring>
#include <string_view>

namespace hotrun {
namespace {

// Each section's index, in the order of section_table().
enum : std::uint16_t {
    kNullSection,
    kDynsym,
    kDynstr,
    kHash,
    kGnuHash,
    kDotData,
    kBss,
    kDynamic,
    kShstrtab,
    kSectionCount,
};

constexpr std::string_view kSectionNames[kSectionCount] = {
    "", ".dynsym", ".dynstr", ".hash", ".gnu.hash", ".data", ".bss", ".dynamic", ".shstrtab",
};

std::string section_name_table() {
    std::string table;
    for (const std::string_view name : kSectionNames)
        table.append(name).push_back('\0');
    return table;
}

// The hash of DT_GNU_HASH (binutils, bfd/elf.c). DT_HASH with one bucket needs none.
std::uint32_t gnu_hash(std::string_view name) {
    std::uint32_t hash = 5381;
    for (const char c : name)
        hash = hash * 33 + static_cast<unsigned char>(c);
    return hash;
}

Elf64_Shdr loaded_section(std::uint32_t type, ElfBuilder::Part part, std::uint32_t link,
                          std::uint64_t entry_bytes) {
    Elf64_Shdr section{};
    section.sh_type = type;
    section.sh_flags = SHF_ALLOC | SHF_WRITE;
    section.sh_addr = ElfBuilder::kLoadAddress + part.offset;
    section.sh_offset = part.offset;
    section.sh_size = part.size;
    section.sh_link = link;
    section.sh_addralign = 4;
    section.sh_entsize = entry_bytes;
    return section;
}

// Puts parts behind each other, each one aligned for its entries.
class Placer {
  public:
    ElfBuilder::Part place(std::size_t size) {
        const std::size_t offset = (end_ + 7) / 8 * 8;
        end_ = offset + size;
        return {offset, size};
    }
    std::size_t end() const { return end_; }

  private:
    std::size_t end_ = sizeof(Elf64_Ehdr);
};

template <typename Container>
void write(std::vector<std::byte> &bytes, ElfBuilder::Part part, const Container &content) {
    if (part.size > 0)
        std::memcpy(bytes.data() + part.offset, content.data(), part.size);
}

} // namespace

ElfBuilder &ElfBuilder::machine(std::uint16_t machine) {
    machine_ = machine;
    return *this;
}

ElfBuilder &ElfBuilder::type(std::uint16_t type) {
    type_ = type;
    return *this;
}

ElfBuilder &ElfBuilder::soname(const std::string &name) {
    return add_dynamic_name(DT_SONAME, name);
}

ElfBuilder &ElfBuilder::needed(const std::string &name) {
    return add_dynamic_name(DT_NEEDED, name);
}

// As linkers do, the string is shared with the DT_NEEDED entry.
ElfBuilder &ElfBuilder::version_of(const std::string &library) {
    const std::size_t place = names_.find('\0' + library + '\0');
    version_files_.push_back(place == std::string::npos ? add_name(library)
                                                        : static_cast<std::uint32_t>(place + 1));
    return *this;
}

ElfBuilder &ElfBuilder::run_path(const std::string &path) {
    return add_dynamic_name(DT_RUNPATH, path);
}

ElfBuilder &ElfBuilder::rpath(const std::string &path) {
    return add_dynamic_name(DT_RPATH, path);
}

ElfBuilder &ElfBuilder::function(const std::string &name, unsigned char visibility) {
    Elf64_Sym symbol{};
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_other = visibility;
    symbol.st_shndx = kDotData;
    symbol.st_size = 16;
    return add_symbol(name, symbol);
}

ElfBuilder &ElfBuilder::unique(const std::string &name) {
    Elf64_Sym symbol{};
    symbol.st_info = ELF64_ST_INFO(STB_GNU_UNIQUE, STT_OBJECT);
    symbol.st_shndx = kDotData;
    return add_symbol(name, symbol);
}

ElfBuilder &ElfBuilder::undefined(const std::string &name, unsigned char binding) {
    Elf64_Sym symbol{};
    symbol.st_info = ELF64_ST_INFO(binding, STT_NOTYPE);
    symbol.st_shndx = SHN_UNDEF;
    return add_symbol(name, symbol);
}

ElfBuilder &ElfBuilder::u32(const std::string &name, std::uint32_t value) {
    Elf64_Sym symbol{};
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
    symbol.st_shndx = kDotData;
    symbol.st_value = data_.size() * sizeof(std::uint32_t);
    symbol.st_size = sizeof(std::uint32_t);
    data_.push_back(value);
    return add_symbol(name, symbol);
}

ElfBuilder &ElfBuilder::zero_u32(const std::string &name) {
    Elf64_Sym symbol{};
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
    symbol.st_shndx = kBss;
    symbol.st_size = sizeof(std::uint32_t);
    return add_symbol(name, symbol);
}

ElfBuilder &ElfBuilder::without_sections() {
    sections_ = false;
    return *this;
}

ElfBuilder &ElfBuilder::without_hash() {
    hash_ = false;
    return *this;
}

ElfBuilder &ElfBuilder::without_gnu_hash() {
    gnu_hash_ = false;
    return *this;
}

std::uint32_t ElfBuilder::add_name(const std::string &name) {
    const auto offset = static_cast<std::uint32_t>(names_.size());
    names_.append(name).push_back('\0');
    return offset;
}

ElfBuilder &ElfBuilder::add_dynamic_name(std::int64_t tag, const std::string &name) {
    dynamic_names_.push_back({tag, add_name(name)});
    return *this;
}

ElfBuilder &ElfBuilder::add_symbol(const std::string &name, Elf64_Sym symbol) {
    symbol.st_name = add_name(name);
    (symbol.st_shndx == SHN_UNDEF ? undefined_ : defined_).push_back(symbol);
    return *this;
}

std::size_t ElfBuilder::dynamic_count() const {
    return dynamic_names_.size() + 4 + (hash_ ? 1 : 0) + (gnu_hash_ ? 1 : 0) +
           (version_files_.empty() ? 0 : 2) + 1;
}

ElfBuilder::Layout ElfBuilder::layout() const {
    const std::size_t symbol_count = 1 + undefined_.size() + defined_.size();
    Placer placer;
    Layout layout;
    layout.segments = placer.place(2 * sizeof(Elf64_Phdr));
    layout.symbols = placer.place(symbol_count * sizeof(Elf64_Sym));
    layout.names = placer.place(names_.size());
    layout.hash = placer.place(hash_ ? (3 + symbol_count) * sizeof(std::uint32_t) : 0);
    layout.gnu_hash = placer.place(gnu_hash_ ? (7 + defined_.size()) * sizeof(std::uint32_t) : 0);
    layout.data = placer.place(data_.size() * sizeof(std::uint32_t));
    layout.versions = placer.place(version_files_.size() * sizeof(Elf64_Verneed));
    layout.dynamic = placer.place(dynamic_count() * sizeof(Elf64_Dyn));
    layout.loaded_bytes = placer.end();
    if (sections_) {
        layout.section_names = placer.place(section_name_table().size());
        layout.sections = placer.place(kSectionCount * sizeof(Elf64_Shdr));
    }
    layout.size = placer.end();
    return layout;
}

// Undefined symbols come first, as DT_GNU_HASH wants it.
std::vector<Elf64_Sym> ElfBuilder::symbol_table() const {
    const Layout at = layout();
    std::vector<Elf64_Sym> table(1);
    table.insert(table.end(), undefined_.begin(), undefined_.end());
    for (Elf64_Sym symbol : defined_) {
        symbol.st_value += kLoadAddress;
        symbol.st_value += symbol.st_shndx == kBss ? at.loaded_bytes : at.data.offset;
        table.push_back(symbol);
    }
    return table;
}

// One bucket whose chain has every symbol.
std::vector<std::uint32_t> ElfBuilder::hash_table() const {
    const auto count = static_cast<std::uint32_t>(1 + undefined_.size() + defined_.size());
    std::vector<std::uint32_t> table = {1, count, count - 1};
    for (std::uint32_t i = 0; i < count; ++i)
        table.push_back(i == 0 ? 0 : i - 1);
    return table;
}

// One bucket, and a Bloom filter of one word (two of ours) that lets everything pass.
std::vector<std::uint32_t> ElfBuilder::gnu_hash_table() const {
    const auto first = static_cast<std::uint32_t>(1 + undefined_.size());
    std::vector<std::uint32_t> table = {1, first, 1, 0, ~0u, ~0u, defined_.empty() ? 0 : first};
    for (const Elf64_Sym &symbol : defined_)
        table.push_back(gnu_hash(names_.c_str() + symbol.st_name) & ~1u);
    if (!defined_.empty())
        table.back() |= 1u;
    return table;
}

// The files alone, without the versions that are needed of them.
std::vector<Elf64_Verneed> ElfBuilder::version_table() const {
    std::vector<Elf64_Verneed> table;
    for (const std::uint32_t name : version_files_) {
        Elf64_Verneed entry{};
        entry.vn_version = VER_NEED_CURRENT;
        entry.vn_file = name;
        entry.vn_next = table.size() + 1 < version_files_.size() ? sizeof entry : 0;
        table.push_back(entry);
    }
    return table;
}

std::vector<Elf64_Dyn> ElfBuilder::dynamic_table() const {
    const Layout at = layout();
    std::vector<Elf64_Dyn> table;
    const auto add = [&table](std::int64_t tag, std::uint64_t value) {
        Elf64_Dyn entry{};
        entry.d_tag = tag;
        entry.d_un.d_val = value;
        table.push_back(entry);
    };
    for (const DynamicName &entry : dynamic_names_)
        add(entry.tag, entry.name);
    if (hash_)
        add(DT_HASH, kLoadAddress + at.hash.offset);
    if (gnu_hash_)
        add(DT_GNU_HASH, kLoadAddress + at.gnu_hash.offset);
    add(DT_STRTAB, kLoadAddress + at.names.offset);
    add(DT_SYMTAB, kLoadAddress + at.symbols.offset);
    add(DT_STRSZ, at.names.size);
    add(DT_SYMENT, sizeof(Elf64_Sym));
    if (!version_files_.empty()) {
        add(DT_VERNEED, kLoadAddress + at.versions.offset);
        add(DT_VERNEEDNUM, version_files_.size());
    }
    add(DT_NULL, 0);
    return table;
}

std::vector<Elf64_Phdr> ElfBuilder::segment_table() const {
    const Layout at = layout();
    Elf64_Phdr load{};
    load.p_type = PT_LOAD;
    load.p_flags = PF_R | PF_W;
    load.p_vaddr = load.p_paddr = kLoadAddress;
    load.p_filesz = at.loaded_bytes;
    load.p_memsz = at.loaded_bytes + kBssBytes;
    load.p_align = 0x1000;
    Elf64_Phdr dynamic{};
    dynamic.p_type = PT_DYNAMIC;
    dynamic.p_flags = PF_R | PF_W;
    dynamic.p_offset = at.dynamic.offset;
    dynamic.p_vaddr = dynamic.p_paddr = kLoadAddress + at.dynamic.offset;
    dynamic.p_filesz = dynamic.p_memsz = at.dynamic.size;
    dynamic.p_align = 8;
    return {load, dynamic};
}

// .bss is said to lie far outside of the file: it has no bytes there, so nobody may look for them.
std::vector<Elf64_Shdr> ElfBuilder::section_table() const {
    const Layout at = layout();
    std::vector<Elf64_Shdr> table = {
        {},
        loaded_section(SHT_DYNSYM, at.symbols, kDynstr, sizeof(Elf64_Sym)),
        loaded_section(SHT_STRTAB, at.names, 0, 0),
        loaded_section(SHT_HASH, at.hash, kDynsym, sizeof(std::uint32_t)),
        loaded_section(SHT_GNU_HASH, at.gnu_hash, kDynsym, 0),
        loaded_section(SHT_PROGBITS, at.data, 0, 0),
        loaded_section(SHT_NOBITS, {at.loaded_bytes, kBssBytes}, 0, 0),
        loaded_section(SHT_DYNAMIC, at.dynamic, kDynstr, sizeof(Elf64_Dyn)),
        loaded_section(SHT_STRTAB, at.section_names, 0, 0),
    };
    table[kDynsym].sh_info = 1; // the first symbol that is not local
    table[kBss].sh_offset = 1u << 30;
    table[kShstrtab].sh_flags = table[kShstrtab].sh_addr = 0;
    std::uint32_t name = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i].sh_name = name;
        name += static_cast<std::uint32_t>(kSectionNames[i].size() + 1);
    }
    return table;
}

Elf64_Ehdr ElfBuilder::header() const {
    const Layout at = layout();
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = type_;
    header.e_machine = machine_;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phoff = at.segments.offset;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    header.e_shoff = at.sections.offset;
    header.e_shentsize = sections_ ? sizeof(Elf64_Shdr) : 0;
    header.e_shnum = sections_ ? kSectionCount : 0;
    header.e_shstrndx = sections_ ? kShstrtab : 0;
    return header;
}

std::vector<std::byte> ElfBuilder::build() const {
    const Layout at = layout();
    std::vector<std::byte> bytes(at.size);
    const Elf64_Ehdr start = header();
    std::memcpy(bytes.data(), &start, sizeof start);
    write(bytes, at.segments, segment_table());
    write(bytes, at.symbols, symbol_table());
    write(bytes, at.names, names_);
    write(bytes, at.hash, hash_table());
    write(bytes, at.gnu_hash, gnu_hash_table());
    write(bytes, at.data, data_);
    write(bytes, at.versions, version_table());
    write(bytes, at.dynamic, dynamic_table());
    write(bytes, at.section_names, section_name_table());
    write(bytes, at.sections, section_table());
    return bytes;
}

} // namespace hotrun
