#include "core/symbol_table.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

namespace hotrun {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kPageBytes = 4096;

std::uint64_t end_of(std::uint64_t begin, std::uint64_t bytes) {
    return begin + std::min(bytes, kMost - begin);
}

bool is_function(const Elf64_Sym &symbol) {
    const auto type = ELF64_ST_TYPE(symbol.st_info);
    return type == STT_FUNC || type == STT_GNU_IFUNC;
}

bool is_local(const Elf64_Sym &symbol) {
    return ELF64_ST_BIND(symbol.st_info) == STB_LOCAL;
}

// Absolute symbols do not move with the library.
bool is_kept(const Elf64_Sym &symbol) {
    const bool is_object = ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT && symbol.st_size > 0;
    const bool is_placed = symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS;
    return is_placed && symbol.st_name != 0 && (is_object || is_function(symbol));
}

// .tbss has addresses of its own, which are those of what comes after it. The linker's tables are
// none of the program's constants.
bool is_region(const Elf64_Shdr &section) {
    if ((section.sh_flags & SHF_ALLOC) == 0 || section.sh_size == 0)
        return false;
    if (section.sh_type == SHT_NOBITS)
        return (section.sh_flags & SHF_TLS) == 0;
    return section.sh_type == SHT_PROGBITS || (section.sh_flags & SHF_WRITE) != 0;
}

Memory memory_of(bool is_code, bool is_writable) {
    if (is_code)
        return Memory::kCode;
    return is_writable ? Memory::kWritable : Memory::kConstant;
}

} // namespace

// Fills a table. Each step gives false where the file is broken.
class SymbolReader {
  public:
    explicit SymbolReader(SymbolTable &table) : table_(table), parts_(table.parts_) {}

    bool read();

  private:
    struct Key {
        std::uint64_t address;
        std::uint32_t index;
        std::uint32_t file; // the place of its name; 0 if there is none
    };

    void collect_regions();
    void measure();
    const Elf64_Shdr *find_section(std::uint32_t type) const;
    bool read_names(const Elf64_Shdr &section);
    bool is_own_handle(const Elf64_Sym &symbol) const;
    bool is_nameless(const Elf64_Sym &symbol) const;
    void collect_keys();
    bool add(const Key &key);
    bool add_all();
    void index_names();

    SymbolTable &table_;
    const ElfParts &parts_;
    std::vector<Elf64_Sym> elf_symbols_;
    std::vector<Key> keys_;             // of those that are kept, by address
    std::vector<std::uint32_t> hashes_; // of their names
};

// Sections tell constants from code where a linker has put both into one segment, as GNU ld does by
// itself on some machines.
void SymbolReader::collect_regions() {
    const auto add = [this](std::uint64_t begin, std::uint64_t bytes, Memory memory) {
        table_.regions_.push_back({{begin, end_of(begin, bytes)}, memory});
    };
    for (const Elf64_Shdr &section : parts_.sections) {
        if (is_region(section))
            add(section.sh_addr, section.sh_size,
                memory_of((section.sh_flags & SHF_EXECINSTR) != 0,
                          (section.sh_flags & SHF_WRITE) != 0));
    }
    if (parts_.sections.empty()) {
        for (const Elf64_Phdr &segment : parts_.segments)
            add(segment.p_vaddr, segment.p_memsz,
                memory_of((segment.p_flags & PF_X) != 0, (segment.p_flags & PF_W) != 0));
    }
    std::ranges::sort(table_.regions_, {}, [](const Region &region) { return region.range.begin; });
}

void SymbolReader::measure() {
    if (parts_.segments.empty())
        return;
    AddressRange range{kMost, 0};
    for (const Elf64_Phdr &segment : parts_.segments) {
        range.begin = std::min(range.begin, segment.p_vaddr);
        range.end = std::max(range.end, end_of(segment.p_vaddr, segment.p_memsz));
    }
    range.begin = range.begin / kPageBytes * kPageBytes;
    range.end = end_of(range.end, kPageBytes - 1) / kPageBytes * kPageBytes;
    table_.range_ = range;
}

const Elf64_Shdr *SymbolReader::find_section(std::uint32_t type) const {
    const auto found = std::ranges::find(parts_.sections, type, &Elf64_Shdr::sh_type);
    return found == parts_.sections.end() ? nullptr : &*found;
}

// One NUL more than there is ends every name.
bool SymbolReader::read_names(const Elf64_Shdr &section) {
    if (section.sh_link >= parts_.sections.size())
        return false;
    const Elf64_Shdr &names = parts_.sections[section.sh_link];
    if (names.sh_type != SHT_STRTAB ||
        !parts_.read_table(names.sh_offset, names.sh_size, table_.names_))
        return false;
    table_.names_.push_back('\0');
    return true;
}

// Of no size.
bool SymbolReader::is_own_handle(const Elf64_Sym &symbol) const {
    return symbol.st_size == 0 && ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT &&
           symbol.st_shndx != SHN_UNDEF && symbol.st_name < table_.names_.size() &&
           std::string_view(table_.names_.data() + symbol.st_name) == "__dso_handle";
}

// How compilers call a literal, and whatever else has no name. Most assemblers and linkers drop it;
// mold does not what clang has left.
bool SymbolReader::is_nameless(const Elf64_Sym &symbol) const {
    return is_local(symbol) && symbol.st_name < table_.names_.size() &&
           std::string_view(table_.names_.data() + symbol.st_name).starts_with(".L");
}

// gABI 4, "Symbol Table": an STT_FILE symbol comes before the local ones of its file. Only keys are
// sorted, since symbols are large, and memory that is touched for the first time is what takes
// long.
void SymbolReader::collect_keys() {
    std::uint32_t file = 0;
    keys_.reserve(elf_symbols_.size());
    for (std::uint32_t i = 0; i < elf_symbols_.size(); ++i) {
        const Elf64_Sym &symbol = elf_symbols_[i];
        if (ELF64_ST_TYPE(symbol.st_info) == STT_FILE)
            file = symbol.st_name;
        else if (is_kept(symbol) && !is_nameless(symbol))
            keys_.push_back({symbol.st_value, i, is_local(symbol) ? file : 0});
        else if (is_own_handle(symbol))
            table_.own_handle_ = symbol.st_value;
    }
    std::ranges::sort(keys_, {}, [](const Key &key) { return std::pair(key.address, key.index); });
}

bool SymbolReader::add(const Key &key) {
    const Elf64_Sym &symbol = elf_symbols_[key.index];
    if (symbol.st_name >= table_.names_.size() || key.file >= table_.names_.size())
        return false;
    Symbol &added = table_.symbols_.emplace_back();
    added.address = symbol.st_value;
    added.size_bytes = symbol.st_size;
    added.name = table_.names_.data() + symbol.st_name;
    added.file = key.file == 0 ? std::string_view() : table_.names_.data() + key.file;
    added.kind = is_function(symbol) ? Symbol::Kind::kFunction : Symbol::Kind::kObject;
    added.is_local = is_local(symbol);
    table_.has_local_symbols_ |= added.is_local;
    const std::uint64_t end = end_of(added.address, added.size_bytes);
    table_.ends_.push_back(table_.ends_.empty() ? end : std::max(end, table_.ends_.back()));
    hashes_.push_back(SymbolTable::hash_of(added.name));
    return true;
}

bool SymbolReader::add_all() {
    table_.symbols_.reserve(keys_.size());
    table_.ends_.reserve(keys_.size());
    hashes_.reserve(keys_.size());
    return std::ranges::all_of(keys_, [this](const Key &key) { return add(key); });
}

// A counting sort into buckets of about one name: to sort all by their hashes takes six times as
// long.
void SymbolReader::index_names() {
    const std::size_t count = std::bit_ceil(hashes_.size());
    std::vector<std::uint32_t> &starts = table_.buckets_;
    starts.assign(count + 1, 0);
    for (const std::uint32_t hash : hashes_)
        ++starts[(hash & (count - 1)) + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    std::vector<std::uint32_t> next(starts.begin(), starts.end() - 1);
    table_.by_name_.resize(hashes_.size());
    for (std::uint32_t i = 0; i < hashes_.size(); ++i)
        table_.by_name_[next[hashes_[i] & (count - 1)]++] = {hashes_[i], i};
}

bool SymbolReader::read() {
    collect_regions();
    measure();
    const Elf64_Shdr *section = find_section(SHT_SYMTAB);
    if (section == nullptr)
        section = find_section(SHT_DYNSYM);
    if (section == nullptr)
        return true;
    if (!read_names(*section) ||
        !parts_.read_table(section->sh_offset, section->sh_size, elf_symbols_) ||
        elf_symbols_.size() > std::numeric_limits<std::uint32_t>::max())
        return false;
    collect_keys();
    if (!add_all())
        return false;
    index_names();
    return true;
}

SymbolTable SymbolTable::read(const File &file) {
    std::optional<ElfParts> parts = ElfParts::read(file);
    if (!parts)
        return {};
    SymbolTable table;
    table.parts_ = std::move(*parts);
    if (!SymbolReader(table).read())
        return {};
    return table;
}

} // namespace hotrun
