#include "core/object_file.hpp"

#include "core/elf_parts.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

namespace hotrun {
namespace {

constexpr std::uint32_t kUnwindingType = 0x70000001; // SHT_X86_64_UNWIND

bool is_kind(std::string_view name, std::string_view kind) {
    return name.starts_with(kind) && (name.size() == kind.size() || name[kind.size()] == '.');
}

// References to a personality or a type, which nobody writes, though the section may be written.
bool is_indirection(std::string_view name) {
    return name.find(".DW.ref.") != std::string_view::npos;
}

SectionRole role_of(const Elf64_Shdr &header, std::string_view name) {
    if ((header.sh_flags & SHF_ALLOC) == 0 || header.sh_size == 0 || header.sh_type == SHT_NOTE)
        return SectionRole::kIgnored;
    if ((header.sh_flags & SHF_TLS) != 0)
        return SectionRole::kThread;
    if (name == ".eh_frame" || header.sh_type == kUnwindingType)
        return SectionRole::kUnwinding;
    if (header.sh_type == SHT_INIT_ARRAY || header.sh_type == SHT_FINI_ARRAY ||
        header.sh_type == SHT_PREINIT_ARRAY || is_kind(name, ".ctors") || is_kind(name, ".dtors"))
        return SectionRole::kStartAndEnd;
    if ((header.sh_flags & SHF_EXECINSTR) != 0)
        return SectionRole::kCode;
    const bool is_constant = (header.sh_flags & SHF_WRITE) == 0 || is_kind(name, ".data.rel.ro");
    return is_constant || is_indirection(name) ? SectionRole::kConstant : SectionRole::kWritable;
}

} // namespace

std::optional<std::size_t> relocated_bytes(std::uint32_t type) {
    switch (type) {
    case R_X86_64_NONE:
        return 0;
    case R_X86_64_64:
    case R_X86_64_PC64:
    case R_X86_64_DTPOFF64:
        return 8;
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
    case R_X86_64_32:
    case R_X86_64_32S:
    case R_X86_64_DTPOFF32:
        return 4;
    default:
        return std::nullopt;
    }
}

// Reads one file. Each step gives false after it has set fault_.
class ObjectReader {
  public:
    ObjectReader(std::string path, std::vector<std::byte> bytes) {
        object_.path_ = std::move(path);
        object_.bytes_ = std::move(bytes);
    }

    Result<ObjectFile> read() {
        if (!read_headers() || !read_sections() || !read_symbols() || !read_groups() ||
            !read_relocations())
            return Error{ErrorKind::kFailed, object_.path_ + fault_, 0};
        index_symbols();
        return std::move(object_);
    }

  private:
    bool fail(const std::string &why) {
        fault_ = why;
        return false;
    }
    bool damaged(const std::string &what) { return fail(" is damaged: " + what); }

    // None if the file has not so many bytes there, or has them where no compiler puts them.
    template <typename T>
    std::optional<std::span<const T>> table(std::uint64_t offset, std::uint64_t bytes) const {
        const std::uint64_t size = object_.bytes_.size();
        if (bytes > size || offset > size - bytes || offset % alignof(T) != 0 ||
            bytes % sizeof(T) != 0)
            return std::nullopt;
        return std::span(reinterpret_cast<const T *>(object_.bytes_.data() + offset),
                         bytes / sizeof(T));
    }
    template <typename T>
    std::optional<std::span<const T>> table(const Elf64_Shdr &header) const {
        return table<T>(header.sh_offset, header.sh_size);
    }

    // The names of a table of strings, which ends with a NUL; empty if it does not.
    std::string_view strings(std::uint32_t section) const;
    static std::string_view name_in(std::string_view strings, std::uint32_t at) {
        return at < strings.size() ? std::string_view(strings.data() + at) : std::string_view();
    }

    bool read_headers();
    bool read_sections();
    bool read_symbols();
    bool add_symbol(const Elf64_Sym &symbol, std::uint32_t extended, std::string_view names);
    bool read_groups();
    bool read_relocations();
    bool check_relocations(const ObjectSection &section, std::span<const Elf64_Rela> entries);
    void index_symbols();

    ObjectFile object_;
    std::span<const Elf64_Shdr> headers_;
    std::uint32_t symbol_table_ = 0;
    std::string fault_;
};

std::string_view ObjectReader::strings(std::uint32_t section) const {
    if (section >= headers_.size() || headers_[section].sh_type != SHT_STRTAB)
        return {};
    const auto bytes = table<char>(headers_[section]);
    if (!bytes || bytes->empty() || bytes->back() != '\0')
        return {};
    return {bytes->data(), bytes->size()};
}

// gABI 4, "ELF Header": a count of sections that needs more than 16 bits is in section header 0.
bool ObjectReader::read_headers() {
    const auto header = table<Elf64_Ehdr>(0, sizeof(Elf64_Ehdr));
    if (!header || std::memcmp(header->front().e_ident, ELFMAG, SELFMAG) != 0)
        return fail(" is no ELF file");
    const Elf64_Ehdr &elf = header->front();
    if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != kHostByteOrder ||
        elf.e_machine != EM_X86_64)
        return fail(" is not made for x86-64");
    if (elf.e_type != ET_REL)
        return fail(" is no object file");
    const auto first = table<Elf64_Shdr>(elf.e_shoff, sizeof(Elf64_Shdr));
    if (elf.e_shentsize != sizeof(Elf64_Shdr) || elf.e_shoff == 0 || !first)
        return damaged("it has no sections");
    const std::uint64_t count = elf.e_shnum != 0 ? elf.e_shnum : first->front().sh_size;
    if (count == 0 || count > object_.bytes_.size() / sizeof(Elf64_Shdr))
        return damaged("it has an impossible number of sections");
    const auto headers = table<Elf64_Shdr>(elf.e_shoff, count * sizeof(Elf64_Shdr));
    if (!headers)
        return damaged("its sections lie beyond its end");
    headers_ = *headers;
    return true;
}

bool ObjectReader::read_sections() {
    const auto &elf = *reinterpret_cast<const Elf64_Ehdr *>(object_.bytes_.data());
    const std::uint32_t names_at =
        elf.e_shstrndx == SHN_XINDEX ? headers_[0].sh_link : elf.e_shstrndx;
    const std::string_view names = strings(names_at);
    if (names.empty())
        return damaged("its sections have no names");
    object_.sections_.resize(headers_.size());
    for (std::size_t i = 1; i < headers_.size(); ++i) {
        const Elf64_Shdr &header = headers_[i];
        ObjectSection &section = object_.sections_[i];
        section.name = name_in(names, header.sh_name);
        section.role = role_of(header, section.name);
        section.type = header.sh_type;
        section.flags = header.sh_flags;
        section.size_bytes = header.sh_size;
        section.alignment = std::max<std::uint64_t>(header.sh_addralign, 1);
        section.entry_bytes = header.sh_entsize;
        if (header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL) {
            const auto content = table<std::byte>(header);
            if (!content)
                return damaged("its section " + std::string(section.name) + " is not whole");
            section.content = *content;
        }
        if (!std::has_single_bit(section.alignment) || section.alignment > 4096)
            return damaged("its section " + std::string(section.name) +
                           " has an impossible alignment");
    }
    return true;
}

bool ObjectReader::add_symbol(const Elf64_Sym &symbol, std::uint32_t extended,
                              std::string_view names) {
    ObjectSymbol &added = object_.symbols_.emplace_back();
    if (symbol.st_name >= names.size())
        return damaged("it has a symbol without a name");
    added.name = name_in(names, symbol.st_name);
    added.value = symbol.st_value;
    added.size_bytes = symbol.st_size;
    added.type = ELF64_ST_TYPE(symbol.st_info);
    added.binding = ELF64_ST_BIND(symbol.st_info);
    added.visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    const std::uint32_t section = symbol.st_shndx == SHN_XINDEX ? extended : symbol.st_shndx;
    const bool is_reserved = symbol.st_shndx >= SHN_LORESERVE && symbol.st_shndx != SHN_XINDEX;
    if (is_reserved) {
        added.section = symbol.st_shndx == SHN_COMMON ? ObjectFile::kCommon : ObjectFile::kAbsolute;
        return true;
    }
    added.section = section;
    if (section >= object_.sections_.size())
        return damaged("its symbol " + std::string(added.name) + " is in no section");
    const std::uint64_t room = object_.sections_[section].size_bytes;
    if (section != 0 && (added.value > room || added.size_bytes > room - added.value))
        return damaged("its symbol " + std::string(added.name) + " lies outside of its section");
    return true;
}

bool ObjectReader::read_symbols() {
    const auto found = std::ranges::find(headers_, SHT_SYMTAB, &Elf64_Shdr::sh_type);
    if (found == headers_.end())
        return damaged("it has no symbols");
    symbol_table_ = static_cast<std::uint32_t>(found - headers_.begin());
    const auto symbols = table<Elf64_Sym>(*found);
    const std::string_view names = strings(found->sh_link);
    if (!symbols || symbols->empty() || names.empty())
        return damaged("its symbols are not whole");
    std::span<const Elf64_Word> extended;
    const auto indexes = std::ranges::find(headers_, SHT_SYMTAB_SHNDX, &Elf64_Shdr::sh_type);
    if (indexes != headers_.end()) {
        const auto words = table<Elf64_Word>(*indexes);
        if (!words || words->size() != symbols->size())
            return damaged("its symbols are not whole");
        extended = *words;
    }
    object_.symbols_.reserve(symbols->size());
    for (std::size_t i = 0; i < symbols->size(); ++i) {
        const Elf64_Sym &symbol = (*symbols)[i];
        if (!add_symbol(symbol, extended.empty() ? 0 : extended[i], names))
            return false;
        if (ELF64_ST_TYPE(symbol.st_info) == STT_FILE && object_.source_count_++ == 0)
            object_.source_ = object_.symbols_.back().name;
    }
    return true;
}

// gABI 4, "Section Groups".
bool ObjectReader::read_groups() {
    for (const Elf64_Shdr &header : headers_) {
        if (header.sh_type != SHT_GROUP)
            continue;
        const auto words = table<Elf64_Word>(header);
        if (!words || words->empty() || header.sh_info >= object_.symbols_.size())
            return damaged("it has a group of sections that is not whole");
        for (const Elf64_Word member : words->subspan(1)) {
            if (member >= object_.sections_.size())
                return damaged("it has a group of sections that are not there");
            if ((words->front() & GRP_COMDAT) != 0)
                object_.sections_[member].group = object_.symbols_[header.sh_info].name;
        }
    }
    return true;
}

bool ObjectReader::check_relocations(const ObjectSection &section,
                                     std::span<const Elf64_Rela> entries) {
    return std::ranges::all_of(entries, [&](const Elf64_Rela &entry) {
        const std::uint64_t bytes = relocated_bytes(ELF64_R_TYPE(entry.r_info)).value_or(1);
        return ELF64_R_SYM(entry.r_info) < object_.symbols_.size() &&
               bytes <= section.content.size() && entry.r_offset <= section.content.size() - bytes;
    });
}

bool ObjectReader::read_relocations() {
    for (const Elf64_Shdr &header : headers_) {
        if (header.sh_type == SHT_REL)
            return damaged("it has relocations without addends");
        if (header.sh_type != SHT_RELA)
            continue;
        const auto entries = table<Elf64_Rela>(header);
        if (!entries || header.sh_info >= object_.sections_.size() ||
            header.sh_link != symbol_table_)
            return damaged("it has relocations that are not whole");
        ObjectSection &section = object_.sections_[header.sh_info];
        if (!section.relocations.empty() || !check_relocations(section, *entries))
            return damaged("it has relocations outside of " + std::string(section.name));
        section.relocations = *entries;
        if (std::ranges::is_sorted(*entries, {}, &Elf64_Rela::r_offset))
            continue;
        std::vector<Elf64_Rela> &sorted =
            object_.sorted_.emplace_back(entries->begin(), entries->end());
        std::ranges::stable_sort(sorted, {}, &Elf64_Rela::r_offset);
        section.relocations = sorted;
    }
    return true;
}

void ObjectReader::index_symbols() {
    const std::span<const ObjectSymbol> symbols = object_.symbols_;
    for (std::uint32_t i = 1; i < symbols.size(); ++i) {
        const ObjectSymbol &symbol = symbols[i];
        if (symbol.name.empty() || symbol.is_place() || symbol.type == STT_FILE)
            continue;
        const auto [known, is_new] = object_.by_name_.emplace(symbol.name, i);
        if (!is_new)
            known->second = 0;
        if (object_.is_defined(symbol))
            object_.by_place_.push_back(i);
    }
    std::ranges::sort(object_.by_place_, {}, [symbols](std::uint32_t i) {
        return std::tuple(symbols[i].section, symbols[i].value, i);
    });
}

Result<ObjectFile> ObjectFile::read(std::string path, std::vector<std::byte> bytes) {
    return ObjectReader(std::move(path), std::move(bytes)).read();
}

const ObjectSymbol *ObjectFile::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() || found->second == 0 ? nullptr : &symbols_[found->second];
}

bool ObjectFile::defines(std::string_view name, bool is_local) const {
    const auto is_it = [&](const ObjectSymbol &symbol) {
        return symbol.name == name && symbol.is_local() == is_local && is_defined(symbol);
    };
    const auto found = by_name_.find(name);
    if (found == by_name_.end())
        return false;
    return found->second != 0 ? is_it(symbols_[found->second])
                              : std::ranges::any_of(symbols_, is_it);
}

const ObjectSymbol *ObjectFile::find_at(std::uint32_t section, std::uint64_t offset) const {
    const auto place_of = [this](std::uint32_t i) {
        return std::pair(symbols_[i].section, symbols_[i].value);
    };
    const auto starting =
        std::ranges::lower_bound(by_place_, std::pair(section, offset), {}, place_of);
    if (starting != by_place_.end() && place_of(*starting) == std::pair(section, offset))
        return &symbols_[*starting];
    for (auto it = starting; it != by_place_.begin();) {
        const ObjectSymbol &before = symbols_[*--it];
        if (before.section != section)
            break;
        if (offset - before.value < before.size_bytes)
            return &before;
    }
    return nullptr;
}

std::span<const std::uint32_t> ObjectFile::symbols_in(std::uint32_t section) const {
    const auto section_of = [this](std::uint32_t i) { return symbols_[i].section; };
    const auto first = std::ranges::lower_bound(by_place_, section, {}, section_of);
    const auto last = std::ranges::upper_bound(by_place_, section, {}, section_of);
    return {first, last};
}

} // namespace hotrun
