#include "support/object_builder.hpp"

#include <cstring>
#include <utility>

namespace hotrun {
namespace {

template <typename T>
std::string text_of(const std::vector<T> &table) {
    return {reinterpret_cast<const char *>(table.data()), table.size() * sizeof(T)};
}

} // namespace

ObjectBuilder::ObjectBuilder(const std::string &source) {
    Elf64_Sym file{};
    file.st_name = add_name(source);
    file.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FILE);
    file.st_shndx = SHN_ABS;
    symbols_.push_back(file);
}

std::uint32_t ObjectBuilder::add_name(std::string_view name) {
    const auto at = static_cast<std::uint32_t>(names_.size());
    names_.append(name).append(1, '\0');
    return at;
}

std::uint32_t ObjectBuilder::section(const std::string &name, std::string_view content,
                                     std::uint64_t flags, const std::string &group) {
    Section &added = sections_.emplace_back();
    added.header.sh_name = add_name(name);
    added.header.sh_type = name.starts_with(".bss")          ? SHT_NOBITS
                           : name.starts_with(".init_array") ? SHT_INIT_ARRAY
                                                             : SHT_PROGBITS;
    added.header.sh_flags = flags | (group.empty() ? 0 : SHF_GROUP);
    added.header.sh_addralign = 8;
    added.header.sh_size = content.size();
    added.content = content;
    added.group = group;
    return static_cast<std::uint32_t>(sections_.size() - 1);
}

std::uint32_t ObjectBuilder::symbol(const std::string &name, std::uint32_t section,
                                    std::uint64_t value, std::uint64_t size_bytes,
                                    unsigned char type, unsigned char binding) {
    Elf64_Sym added{};
    added.st_name = add_name(name);
    added.st_info = ELF64_ST_INFO(binding, type);
    added.st_shndx = static_cast<Elf64_Section>(section);
    added.st_value = value;
    added.st_size = size_bytes;
    symbols_.push_back(added);
    return static_cast<std::uint32_t>(symbols_.size() - 1);
}

std::uint32_t ObjectBuilder::section_symbol(std::uint32_t section) {
    return symbol("", section, 0, 0, STT_SECTION, STB_LOCAL);
}

ObjectBuilder &ObjectBuilder::relocation(std::uint32_t section, std::uint64_t offset,
                                         std::uint32_t symbol, std::uint32_t type,
                                         std::int64_t addend) {
    sections_[section].relocations.push_back({offset, ELF64_R_INFO(symbol, type), addend});
    return *this;
}

ObjectBuilder &ObjectBuilder::debug_info() {
    section(".debug_info", "", 0);
    return *this;
}

// The sections, a table of relocations for each that has some, a group for each that is in one,
// then symbols and names.
std::vector<std::byte> ObjectBuilder::build() const {
    ObjectBuilder all = *this;
    const std::size_t count = sections_.size();
    for (std::size_t i = 1; i < count; ++i) {
        const Section source = all.sections_[i];
        if (!source.relocations.empty()) {
            const auto at = all.section(".rela", text_of(source.relocations), 0);
            all.sections_[at].header.sh_type = SHT_RELA;
            all.sections_[at].header.sh_info = static_cast<Elf64_Word>(i);
            all.sections_[at].header.sh_entsize = sizeof(Elf64_Rela);
        }
        if (!source.group.empty()) {
            const std::vector<Elf64_Word> words{GRP_COMDAT, static_cast<Elf64_Word>(i)};
            const auto signature =
                all.symbol(source.group, SHN_UNDEF, 0, 0, STT_NOTYPE, STB_GLOBAL);
            const auto at = all.section(".group", text_of(words), 0);
            all.sections_[at].header.sh_type = SHT_GROUP;
            all.sections_[at].header.sh_info = signature;
        }
    }
    const auto symbols = all.section(".symtab", "", 0);
    const auto names = all.section(".strtab", "", 0);
    all.sections_[symbols].content = text_of(all.symbols_);
    all.sections_[symbols].header.sh_type = SHT_SYMTAB;
    all.sections_[symbols].header.sh_link = names;
    all.sections_[names].content = all.names_;
    all.sections_[names].header.sh_type = SHT_STRTAB;
    std::string text(sizeof(Elf64_Ehdr), '\0');
    std::vector<Elf64_Shdr> headers;
    for (Section &section : all.sections_) {
        text.resize((text.size() + 7) / 8 * 8);
        Elf64_Shdr &header = headers.emplace_back(section.header);
        header.sh_offset = text.size();
        header.sh_size = section.content.size();
        if (header.sh_type == SHT_RELA)
            header.sh_link = symbols;
        if (header.sh_type != SHT_NOBITS)
            text += section.content;
    }
    headers[0] = {};
    text.resize((text.size() + 7) / 8 * 8);
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_REL;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_shoff = text.size();
    header.e_ehsize = sizeof header;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<Elf64_Half>(headers.size());
    header.e_shstrndx = static_cast<Elf64_Half>(names);
    std::memcpy(text.data(), &header, sizeof header);
    text += text_of(headers);
    const auto *begin = reinterpret_cast<const std::byte *>(text.data());
    return {begin, begin + text.size()};
}

} // namespace hotrun
