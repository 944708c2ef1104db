#include "support/library_builder.hpp"

#include <cstring>
#include <span>

namespace hotrun {
namespace {

// In the order of section_table().
enum : std::uint16_t { kNull, kText, kRodata, kDataSection, kSymtab, kStrtab, kSectionsOfLibrary };

template <typename T>
std::string bytes_of(const std::vector<T> &table) {
    if (table.empty())
        return {};
    return {reinterpret_cast<const char *>(table.data()), table.size() * sizeof(T)};
}

std::string word(std::uint64_t value) {
    return bytes_of(std::vector{value});
}

void pad(std::string &bytes, std::size_t alignment) {
    while (bytes.size() % alignment != 0)
        bytes.push_back('\0');
}

Elf64_Shdr loaded_section(std::uint64_t flags, std::uint64_t address, std::size_t offset,
                          std::size_t size) {
    Elf64_Shdr section{};
    section.sh_type = SHT_PROGBITS;
    section.sh_flags = SHF_ALLOC | flags;
    section.sh_addr = address;
    section.sh_offset = offset;
    section.sh_size = size;
    return section;
}

} // namespace

LibraryBuilder &LibraryBuilder::file(const std::string &name) {
    Elf64_Sym symbol{};
    symbol.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FILE);
    symbol.st_shndx = SHN_ABS;
    return this->symbol(name, symbol);
}

void LibraryBuilder::align(Area area, std::size_t alignment) {
    pad(areas_[area], alignment);
}

std::uint64_t LibraryBuilder::bytes(Area area, std::string_view bytes) {
    const std::uint64_t address = end_of(area);
    areas_[area] += bytes;
    return address;
}

std::uint64_t LibraryBuilder::function(const std::string &name, unsigned char binding,
                                       unsigned char type) {
    align(kCode, 16);
    const std::uint64_t address = bytes(kCode, std::string(16, '\xc3'));
    alias(name, address, 16, ELF64_ST_INFO(binding, type));
    return address;
}

std::uint64_t LibraryBuilder::object(Area area, const std::string &name, std::size_t size,
                                     unsigned char binding) {
    align(area, 8);
    const std::uint64_t address = bytes(area, std::string(size, '\x01'));
    alias(name, address, size, ELF64_ST_INFO(binding, STT_OBJECT));
    return address;
}

std::uint64_t LibraryBuilder::descriptor(const std::string &symbol, const std::string &type,
                                         std::size_t size, std::size_t alignment, bool packed) {
    const std::uint64_t name = literal(type);
    align(kData, 8);
    const std::uint64_t address =
        bytes(kData, word(packed ? name : 0) + word(size) + word(alignment));
    alias(symbol, address, 24, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT));
    if (packed)
        packed_.push_back(address);
    else
        relative_.push_back({address, R_X86_64_RELATIVE, static_cast<Elf64_Sxword>(name)});
    return address;
}

LibraryBuilder &LibraryBuilder::write_word(std::uint64_t address, std::uint64_t value) {
    areas_[kData].replace(address - kAreaAddresses[kData], sizeof value, word(value));
    return *this;
}

LibraryBuilder &LibraryBuilder::relocation(const Elf64_Rela &entry) {
    relative_.push_back(entry);
    return *this;
}

LibraryBuilder &LibraryBuilder::symbol(const std::string &name, Elf64_Sym symbol) {
    symbol.st_name = name.empty() ? 0 : static_cast<Elf64_Word>(names_.size());
    if (!name.empty())
        names_.append(name).push_back('\0');
    (ELF64_ST_BIND(symbol.st_info) == STB_LOCAL ? locals_ : globals_).push_back(symbol);
    return *this;
}

LibraryBuilder &LibraryBuilder::alias(const std::string &name, std::uint64_t address,
                                      std::size_t size, unsigned char info) {
    Elf64_Sym symbol{};
    symbol.st_value = address;
    symbol.st_size = size;
    symbol.st_info = info;
    symbol.st_shndx = kText; // nobody looks where exactly
    return this->symbol(name, symbol);
}

LibraryBuilder &LibraryBuilder::stripped() {
    stripped_ = true;
    return *this;
}

LibraryBuilder &LibraryBuilder::without_sections() {
    sections_ = false;
    return *this;
}

std::vector<Elf64_Sym> LibraryBuilder::symbol_table() const {
    std::vector<Elf64_Sym> table(1);
    if (!stripped_)
        table.insert(table.end(), locals_.begin(), locals_.end());
    table.insert(table.end(), globals_.begin(), globals_.end());
    return table;
}

// Relocations and the dynamic section come after the data. A packed place has a bitmap after it,
// which stands for every second one of them.
void LibraryBuilder::add_dynamic(std::string &data, Elf64_Phdr &dynamic) const {
    pad(data, 8);
    const std::uint64_t rela = kAreaAddresses[kData] + data.size();
    data += bytes_of(relative_);
    const std::uint64_t relr = kAreaAddresses[kData] + data.size();
    std::vector<std::uint64_t> words;
    for (std::size_t i = 0; i < packed_.size(); ++i) {
        const bool is_next = i % 2 == 1 && packed_[i] - packed_[i - 1] <= 63 * 8;
        words.push_back(is_next ? 1 | std::uint64_t{1} << (packed_[i] - packed_[i - 1]) / 8
                                : packed_[i]);
    }
    data += bytes_of(words);
    std::vector<std::uint64_t> entries = {DT_RELA, rela, DT_RELASZ, relative_.size() * 24,
                                          36,      relr, 35,        words.size() * 8,
                                          DT_NULL, 0};
    dynamic.p_type = PT_DYNAMIC;
    dynamic.p_flags = PF_R | PF_W;
    dynamic.p_vaddr = kAreaAddresses[kData] + data.size();
    dynamic.p_offset = data.size(); // within the area, as yet
    dynamic.p_filesz = dynamic.p_memsz = entries.size() * 8;
    data += bytes_of(entries);
}

std::vector<Elf64_Phdr> LibraryBuilder::segment_table(std::string &data) const {
    const Layout at = layout();
    std::vector<Elf64_Phdr> table(kAreaCount + 1);
    add_dynamic(data, table[kAreaCount]);
    table[kAreaCount].p_offset += at.areas[kData];
    constexpr std::uint32_t kFlags[] = {PF_R | PF_X, PF_R, PF_R | PF_W};
    for (int area = 0; area < kAreaCount; ++area) {
        Elf64_Phdr &segment = table[area];
        segment.p_type = PT_LOAD;
        segment.p_flags = kFlags[area];
        segment.p_offset = at.areas[area];
        segment.p_vaddr = segment.p_paddr = kAreaAddresses[area];
        segment.p_filesz = area == kData ? data.size() : areas_[area].size();
        segment.p_memsz = segment.p_filesz + (area == kData ? kBssBytes : 0);
        segment.p_align = 0x1000;
    }
    return table;
}

LibraryBuilder::Layout LibraryBuilder::layout() const {
    std::string data = areas_[kData];
    Elf64_Phdr dynamic{};
    add_dynamic(data, dynamic);
    const auto aligned = [](std::size_t offset) { return (offset + 7) / 8 * 8; };
    Layout at;
    at.areas[kCode] = at.segments + (kAreaCount + 1) * sizeof(Elf64_Phdr);
    at.areas[kConstants] = aligned(at.areas[kCode] + areas_[kCode].size());
    at.areas[kData] = aligned(at.areas[kConstants] + areas_[kConstants].size());
    at.symbols = aligned(at.areas[kData] + data.size());
    at.names = at.symbols + symbol_table().size() * sizeof(Elf64_Sym);
    at.sections = aligned(at.names + names_.size());
    return at;
}

std::vector<Elf64_Shdr> LibraryBuilder::section_table(const Layout &at) const {
    Elf64_Shdr symbols{};
    symbols.sh_type = stripped_ ? SHT_DYNSYM : SHT_SYMTAB;
    symbols.sh_offset = at.symbols;
    symbols.sh_size = at.names - at.symbols;
    symbols.sh_link = kStrtab;
    symbols.sh_entsize = sizeof(Elf64_Sym);
    Elf64_Shdr names{};
    names.sh_type = SHT_STRTAB;
    names.sh_offset = at.names;
    names.sh_size = names_.size();
    const auto section_of = [&](Area area, std::uint64_t flags) {
        return loaded_section(flags, kAreaAddresses[area], at.areas[area], areas_[area].size());
    };
    return {{},
            section_of(kCode, SHF_EXECINSTR),
            section_of(kConstants, 0),
            section_of(kData, SHF_WRITE),
            symbols,
            names};
}

Elf64_Ehdr LibraryBuilder::header(const Layout &at) const {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phoff = at.segments;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = kAreaCount + 1;
    header.e_shoff = sections_ ? at.sections : 0;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = sections_ ? kSectionsOfLibrary : 0;
    return header;
}

std::vector<std::byte> LibraryBuilder::build() const {
    const Layout at = layout();
    std::string data = areas_[kData];
    const std::string segments = bytes_of(segment_table(data));
    const std::string sections = bytes_of(section_table(at));
    std::string file(at.sections + sections.size(), '\0');
    const auto put = [&file](std::size_t offset, std::string_view bytes) {
        file.replace(offset, bytes.size(), bytes);
    };
    put(0, bytes_of(std::vector{header(at)}));
    put(at.segments, segments);
    put(at.areas[kCode], areas_[kCode]);
    put(at.areas[kConstants], areas_[kConstants]);
    put(at.areas[kData], data);
    put(at.symbols, bytes_of(symbol_table()));
    put(at.names, names_);
    put(at.sections, sections);
    const auto bytes = std::as_bytes(std::span(file));
    return {bytes.begin(), bytes.end()};
}

} // namespace hotrun
