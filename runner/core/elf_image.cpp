#include "core/elf_image.hpp"

#include "core/elf_parts.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <utility>

namespace hotrun {
namespace {

// gABI 4, "Symbol Table"; hidden and internal symbols count as local ones for the loader.
bool is_exported(const Elf64_Sym &symbol) {
    const auto binding = ELF64_ST_BIND(symbol.st_info);
    const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    return symbol.st_shndx != SHN_UNDEF && binding != STB_LOCAL && visibility != STV_HIDDEN &&
           visibility != STV_INTERNAL;
}

bool is_needed(const Elf64_Sym &symbol) {
    return symbol.st_shndx == SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL;
}

// STB_GNU_UNIQUE: an extension of the GNU ABI. glibc never unloads a library that defines one.
bool is_unique(const Elf64_Sym &symbol) {
    return symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE;
}

bool is_zero(std::span<const std::byte> bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// A linker sizes its output first and fills it afterwards. Every table that has more than one entry
// has something in it once it is written.
template <typename T>
bool is_still_empty(const std::vector<T> &table) {
    return table.size() > 1 && is_zero(std::as_bytes(std::span(table)));
}

// The segment that `address` is loaded with. The difference can't overflow, the sum could.
const Elf64_Phdr *segment_of(const std::vector<Elf64_Phdr> &segments, std::uint64_t address) {
    const auto holds = [address](const Elf64_Phdr &segment) {
        return address >= segment.p_vaddr &&
               address - segment.p_vaddr < std::max(segment.p_filesz, segment.p_memsz);
    };
    const auto found = std::ranges::find_if(segments, holds);
    return found == segments.end() ? nullptr : &*found;
}

// The table of DT_GNU_HASH (binutils, bfd/elflink.c): this, the Bloom filter's words, the buckets,
// then one word for each symbol from first_symbol on.
struct GnuHashHeader {
    std::uint32_t bucket_count;
    std::uint32_t first_symbol;
    std::uint32_t bloom_word_count;
    std::uint32_t bloom_shift;
};
constexpr std::uint64_t kWordsAtOnce = 1024; // of its chains

} // namespace

// Reads one file. Each step gives false after it has set fault_.
class ElfReader {
  public:
    ElfReader(const File &file, std::string path) : file_(file) {
        image_.file_ = &file;
        image_.path = std::move(path);
        size_ = file.timestamp().size_bytes;
    }

    std::variant<ElfImage, Rejection> read();

  private:
    bool read_header();
    bool check_identification(std::span<const std::byte> start);
    bool read_extended_counts();
    bool read_sections();
    bool read_segments();
    bool read_dynamic();
    bool read_names();
    bool read_needed();
    bool read_version_files();
    bool add_library_name(std::uint64_t at);
    bool count_symbols();
    bool count_by_hash(std::uint64_t offset);
    bool count_by_gnu_hash(std::uint64_t offset);
    bool walk_chain(std::uint64_t offset, std::uint64_t first, std::uint64_t index);
    bool read_symbols();
    void collect_unique_symbols();

    bool has(std::uint64_t offset, std::uint64_t bytes) const {
        return bytes <= size_ && offset <= size_ - bytes;
    }
    template <typename T>
    bool read_table(const char *what, std::uint64_t offset, std::uint64_t count,
                    std::vector<T> &table);
    bool check_part(const char *what, std::size_t index, std::uint64_t offset, std::uint64_t bytes);

    std::optional<std::uint64_t> dynamic_value(std::int64_t tag) const;
    std::string dynamic_name(std::int64_t tag) const;
    bool find_table(const char *what, std::uint64_t address, std::uint64_t &offset);

    bool reject(RejectReason reason, const std::string &sentence_end);
    bool truncated(const std::string &why);
    bool damaged(const std::string &why);
    bool beyond_end(const std::string &what);
    bool still_empty(const std::string &what) {
        return truncated("its " + what + " is still empty");
    }

    const File &file_;
    std::uint64_t size_ = 0;
    Elf64_Ehdr header_{};
    std::uint64_t section_count_ = 0;
    std::uint64_t segment_count_ = 0;
    std::optional<std::uint64_t> symbol_count_;
    std::optional<Elf64_Phdr> dynamic_segment_;
    std::vector<Elf64_Dyn> dynamic_;
    std::uint64_t names_offset_ = 0; // of the dynamic string table in the file
    std::set<std::uint64_t> library_name_places_;
    std::uint64_t library_name_bytes_ = 0;
    ElfImage image_;
    Rejection fault_;
};

bool ElfReader::reject(RejectReason reason, const std::string &sentence_end) {
    fault_ = {reason, image_.path + sentence_end};
    return false;
}

bool ElfReader::truncated(const std::string &why) {
    return reject(RejectReason::kTruncated, " is not whole: " + why);
}

bool ElfReader::damaged(const std::string &why) {
    return reject(RejectReason::kNotElf, " is not a valid ELF file: " + why);
}

bool ElfReader::beyond_end(const std::string &what) {
    return truncated("its " + what + " reaches beyond its end at byte " + std::to_string(size_));
}

template <typename T>
bool ElfReader::read_table(const char *what, std::uint64_t offset, std::uint64_t count,
                           std::vector<T> &table) {
    if (count > size_ / sizeof(T) || !has(offset, count * sizeof(T)))
        return beyond_end(what);
    table.resize(count);
    if (!file_.read_at(offset, std::as_writable_bytes(std::span(table))))
        return beyond_end(what); // it was cut since we asked for its size
    return true;
}

// A part without bytes may have any offset: linkers give one past the end to a lone .bss.
bool ElfReader::check_part(const char *what, std::size_t index, std::uint64_t offset,
                           std::uint64_t bytes) {
    if (bytes == 0 || has(offset, bytes))
        return true;
    return beyond_end(std::string(what) + ' ' + std::to_string(index));
}

// gABI 4, "ELF Identification". `start` has as much of the header as there is.
bool ElfReader::check_identification(std::span<const std::byte> start) {
    if (start.empty())
        return truncated("it is empty");
    if (is_zero(start))
        return truncated("it starts with zeros");
    if (std::memcmp(start.data(), ELFMAG, std::min<std::size_t>(start.size(), SELFMAG)) != 0)
        return reject(RejectReason::kNotElf, " is not an ELF file");
    if (start.size() < sizeof(Elf64_Ehdr))
        return truncated("it ends within its header at byte " + std::to_string(size_));
    const unsigned char *ident = header_.e_ident;
    const bool known_class = ident[EI_CLASS] == ELFCLASS32 || ident[EI_CLASS] == ELFCLASS64;
    const bool known_order = ident[EI_DATA] == ELFDATA2LSB || ident[EI_DATA] == ELFDATA2MSB;
    if (!known_class || !known_order || ident[EI_VERSION] != EV_CURRENT)
        return damaged("its header names no known class, byte order and version");
    return true;
}

// e_type and e_machine have the same place in the headers of both classes.
bool ElfReader::read_header() {
    const auto header = std::as_writable_bytes(std::span(&header_, 1));
    const auto start = header.first(std::min<std::uint64_t>(size_, header.size()));
    if (!file_.read_at(0, start))
        return beyond_end("header");
    if (!check_identification(start))
        return false;
    image_.word_size = header_.e_ident[EI_CLASS];
    image_.byte_order = header_.e_ident[EI_DATA];
    const auto in_host_order = [this](std::uint16_t value) -> std::uint16_t {
        return image_.byte_order == kHostByteOrder ? value : __builtin_bswap16(value);
    };
    image_.type = in_host_order(header_.e_type);
    image_.machine = in_host_order(header_.e_machine);
    return true;
}

// gABI 4, "ELF Header": counts that need more than 16 bits are in the section header 0.
bool ElfReader::read_extended_counts() {
    section_count_ = header_.e_shoff == 0 ? 0 : header_.e_shnum;
    segment_count_ = header_.e_phnum;
    if (header_.e_shoff == 0 || (header_.e_shnum != 0 && header_.e_phnum != PN_XNUM))
        return true;
    std::vector<Elf64_Shdr> first;
    if (!read_table("section header 0", header_.e_shoff, 1, first))
        return false;
    if (header_.e_shnum == 0)
        section_count_ = first[0].sh_size;
    if (header_.e_phnum == PN_XNUM)
        segment_count_ = first[0].sh_info;
    return true;
}

bool ElfReader::read_sections() {
    if (section_count_ == 0)
        return true;
    if (header_.e_shentsize != sizeof(Elf64_Shdr))
        return damaged("its section headers have the wrong size");
    std::vector<Elf64_Shdr> sections;
    if (!read_table("section header table", header_.e_shoff, section_count_, sections))
        return false;
    if (is_still_empty(sections))
        return still_empty("section header table");
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const Elf64_Shdr &section = sections[i];
        const bool has_bytes = section.sh_type != SHT_NULL && section.sh_type != SHT_NOBITS;
        if (has_bytes && !check_part("section", i, section.sh_offset, section.sh_size))
            return false;
        if (section.sh_type == SHT_DYNSYM)
            symbol_count_ = section.sh_size / sizeof(Elf64_Sym);
    }
    return true;
}

bool ElfReader::read_segments() {
    if (segment_count_ == 0)
        return true;
    if (header_.e_phentsize != sizeof(Elf64_Phdr))
        return damaged("its program headers have the wrong size");
    std::vector<Elf64_Phdr> segments;
    if (!read_table("program header table", header_.e_phoff, segment_count_, segments))
        return false;
    if (is_still_empty(segments))
        return still_empty("program header table");
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const Elf64_Phdr &segment = segments[i];
        if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC)
            continue;
        if (!check_part("segment", i, segment.p_offset, segment.p_filesz))
            return false;
        if (segment.p_type == PT_DYNAMIC)
            dynamic_segment_ = segment;
    }
    std::erase_if(segments, [](const Elf64_Phdr &segment) { return segment.p_type != PT_LOAD; });
    image_.segments_ = std::move(segments);
    return true;
}

// gABI 5, "Dynamic Section": the array ends with DT_NULL.
bool ElfReader::read_dynamic() {
    if (!dynamic_segment_)
        return damaged("it has no dynamic section");
    const std::uint64_t count = dynamic_segment_->p_filesz / sizeof(Elf64_Dyn);
    if (!read_table("dynamic section", dynamic_segment_->p_offset, count, dynamic_))
        return false;
    if (is_still_empty(dynamic_))
        return still_empty("dynamic section");
    const auto is_end = [](const Elf64_Dyn &entry) { return entry.d_tag == DT_NULL; };
    dynamic_.erase(std::ranges::find_if(dynamic_, is_end), dynamic_.end());
    return true;
}

std::optional<std::uint64_t> ElfReader::dynamic_value(std::int64_t tag) const {
    const auto found = std::ranges::find(dynamic_, tag, &Elf64_Dyn::d_tag);
    if (found == dynamic_.end())
        return std::nullopt;
    return found->d_un.d_val;
}

std::string ElfReader::dynamic_name(std::int64_t tag) const {
    const auto offset = dynamic_value(tag);
    return offset ? std::string(image_.name_at(*offset)) : std::string();
}

// The dynamic section gives addresses; the PT_LOAD segments tell where they are in the file.
bool ElfReader::find_table(const char *what, std::uint64_t address, std::uint64_t &offset) {
    const Elf64_Phdr *segment = segment_of(image_.segments_, address);
    if (segment == nullptr || address - segment->p_vaddr >= segment->p_filesz)
        return damaged(std::string("its ") + what + " is in no segment");
    offset = segment->p_offset + (address - segment->p_vaddr);
    return true;
}

bool ElfReader::read_names() {
    const auto address = dynamic_value(DT_STRTAB);
    const auto bytes = dynamic_value(DT_STRSZ);
    if (!address || !bytes)
        return damaged("it has no dynamic string table");
    if (!find_table("dynamic string table", *address, names_offset_) ||
        !read_table("dynamic string table", names_offset_, *bytes, image_.names_))
        return false;
    if (is_still_empty(image_.names_))
        return still_empty("dynamic string table");
    image_.soname = dynamic_name(DT_SONAME);
    image_.run_path = dynamic_name(dynamic_value(DT_RUNPATH) ? DT_RUNPATH : DT_RPATH);
    const auto soname = dynamic_value(DT_SONAME);
    if (!image_.soname.empty() && !add_library_name(*soname))
        return false;
    if (!read_needed() || !read_version_files())
        return false;
    std::ranges::sort(image_.library_names, {}, &ElfImage::LibraryName::offset);
    return true;
}

// As with DT_NEEDED, the names together must not take more than the file.
bool ElfReader::add_library_name(std::uint64_t at) {
    const std::string_view name = image_.name_at(at);
    if (name.empty())
        return damaged("it needs a library without a name");
    if (!library_name_places_.insert(at).second)
        return true;
    library_name_bytes_ += name.size();
    if (library_name_bytes_ > size_)
        return damaged("it needs more libraries than it can name");
    const bool whole = at == 0 || image_.names_[at - 1] == '\0';
    image_.library_names.push_back({std::string(name), names_offset_ + at, whole});
    return true;
}

// An extension of GNU and Sun: each entry of DT_VERNEED tells how far away the next one is.
bool ElfReader::read_version_files() {
    const auto address = dynamic_value(DT_VERNEED);
    const std::uint64_t count = dynamic_value(DT_VERNEEDNUM).value_or(0);
    std::uint64_t offset = 0;
    if (!address || count == 0)
        return true;
    if (!find_table("table of needed versions", *address, offset))
        return false;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::vector<Elf64_Verneed> entry;
        if (!read_table("table of needed versions", offset, 1, entry) ||
            !add_library_name(entry[0].vn_file))
            return false;
        if (entry[0].vn_next == 0)
            break;
        if (entry[0].vn_next < sizeof(Elf64_Verneed))
            return damaged("its needed versions overlap");
        offset += entry[0].vn_next;
    }
    return true;
}

// Many entries could name one long string: together they must not take more than the file.
bool ElfReader::read_needed() {
    std::uint64_t bytes = 0;
    for (const Elf64_Dyn &entry : dynamic_) {
        if (entry.d_tag != DT_NEEDED)
            continue;
        const std::string_view name = image_.name_at(entry.d_un.d_val);
        if (name.empty())
            return damaged("it needs a library without a name");
        bytes += sizeof(std::string) + name.size();
        if (bytes > size_)
            return damaged("it needs more libraries than it can name");
        image_.needed.emplace_back(name);
        if (!add_library_name(entry.d_un.d_val))
            return false;
    }
    return true;
}

// The dynamic section doesn't tell how many symbols there are. Without section headers the hash
// tables do, if only up to the last symbol that can be looked up.
bool ElfReader::count_symbols() {
    if (symbol_count_)
        return true;
    const auto hash = dynamic_value(DT_HASH);
    const auto gnu_hash = dynamic_value(DT_GNU_HASH);
    if (!hash && !gnu_hash)
        return damaged("it has no hash table for its symbols");
    std::uint64_t offset = 0;
    if (!find_table("hash table", hash ? *hash : *gnu_hash, offset))
        return false;
    return hash ? count_by_hash(offset) : count_by_gnu_hash(offset);
}

// gABI 5, "Hash Table": the counts of buckets and of chains come first, one chain each symbol.
bool ElfReader::count_by_hash(std::uint64_t offset) {
    std::vector<std::uint32_t> counts;
    if (!read_table("hash table", offset, 2, counts))
        return false;
    symbol_count_ = counts[1];
    return true;
}

bool ElfReader::count_by_gnu_hash(std::uint64_t offset) {
    std::vector<GnuHashHeader> header;
    if (!read_table("hash table", offset, 1, header))
        return false;
    const auto [bucket_count, first_symbol, bloom_word_count, bloom_shift] = header[0];
    const std::uint64_t buckets_offset =
        offset + sizeof(GnuHashHeader) + sizeof(Elf64_Xword) * std::uint64_t{bloom_word_count};
    std::vector<std::uint32_t> buckets;
    if (!read_table("hash table", buckets_offset, bucket_count, buckets))
        return false;
    const std::uint32_t last = buckets.empty() ? 0 : std::ranges::max(buckets);
    symbol_count_ = first_symbol;
    if (last < first_symbol) // nothing can be looked up
        return true;
    const std::uint64_t chains_offset = buckets_offset + buckets.size() * sizeof(std::uint32_t);
    return walk_chain(chains_offset, first_symbol, last);
}

// The chain of the last bucket ends with the last symbol: its word has the lowest bit set.
bool ElfReader::walk_chain(std::uint64_t offset, std::uint64_t first, std::uint64_t index) {
    std::vector<std::uint32_t> words;
    for (;;) {
        const std::uint64_t at = offset + (index - first) * sizeof(std::uint32_t);
        const std::uint64_t left = at < size_ ? (size_ - at) / sizeof(std::uint32_t) : 0;
        const std::uint64_t count = std::clamp<std::uint64_t>(left, 1, kWordsAtOnce);
        if (!read_table("hash table", at, count, words))
            return false;
        const auto end = std::ranges::find_if(words, [](auto word) { return (word & 1) != 0; });
        index += static_cast<std::uint64_t>(end - words.begin());
        if (end != words.end())
            break;
    }
    symbol_count_ = index + 1;
    return true;
}

bool ElfReader::read_symbols() {
    const auto address = dynamic_value(DT_SYMTAB);
    if (!address)
        return damaged("it has no dynamic symbol table");
    std::uint64_t offset = 0;
    if (!count_symbols() || !find_table("dynamic symbol table", *address, offset) ||
        !read_table("dynamic symbol table", offset, *symbol_count_, image_.symbols_))
        return false;
    if (is_still_empty(image_.symbols_))
        return still_empty("dynamic symbol table");
    image_.symbols_offset_ = offset;
    collect_unique_symbols();
    return true;
}

void ElfReader::collect_unique_symbols() {
    for (const Elf64_Sym &symbol : image_.symbols_) {
        if (!is_unique(symbol))
            continue;
        if (image_.unique_symbol_count++ < ElfImage::kUniqueSymbolsKept)
            image_.unique_symbols.emplace_back(image_.name_at(symbol.st_name));
    }
}

std::variant<ElfImage, Rejection> ElfReader::read() {
    if (!read_header())
        return std::move(fault_);
    if (!image_.has_host_format())
        return std::move(image_);
    if (!read_extended_counts() || !read_sections() || !read_segments())
        return std::move(fault_);
    if (image_.type != ET_DYN) // whole, but with nothing for a loader
        return std::move(image_);
    if (!read_dynamic() || !read_names() || !read_symbols())
        return std::move(fault_);
    return std::move(image_);
}

std::variant<ElfImage, Rejection> ElfImage::read(const File &file, std::string path) {
    return ElfReader(file, std::move(path)).read();
}

bool ElfImage::has_host_format() const {
    return word_size == ELFCLASS64 && byte_order == kHostByteOrder;
}

std::string_view ElfImage::name_at(std::uint64_t offset) const {
    if (offset >= names_.size())
        return {};
    const std::string_view rest(names_.data() + offset, names_.size() - offset);
    const std::size_t end = rest.find('\0');
    return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

// The end of the name is compared first: that touches each name once and refuses nearly all.
template <typename Accepts>
const Elf64_Sym *ElfImage::find_symbol(std::string_view name, Accepts accepts) const {
    const auto matches = [&](const Elf64_Sym &symbol) {
        const std::size_t start = symbol.st_name;
        return start < names_.size() && name.size() < names_.size() - start &&
               names_[start + name.size()] == '\0' &&
               std::memcmp(names_.data() + start, name.data(), name.size()) == 0 && accepts(symbol);
    };
    const auto found = std::ranges::find_if(symbols_, matches);
    return found == symbols_.end() ? nullptr : &*found;
}

bool ElfImage::defines(std::string_view name) const {
    return find_symbol(name, is_exported) != nullptr;
}

bool ElfImage::needs(std::string_view name) const {
    return find_symbol(name, is_needed) != nullptr;
}

std::optional<std::uint64_t> ElfImage::import_offset(std::string_view name) const {
    const Elf64_Sym *symbol = find_symbol(name, [](const Elf64_Sym &candidate) {
        return candidate.st_shndx == SHN_UNDEF || candidate.st_shndx == SHN_ABS;
    });
    if (symbol == nullptr)
        return std::nullopt;
    return symbols_offset_ + static_cast<std::uint64_t>(symbol - symbols_.data()) * sizeof *symbol;
}

// What a segment has more in memory than in the file is zero (gABI 5, "Program Header").
std::optional<std::uint32_t> ElfImage::read_u32(std::string_view name) const {
    std::array<std::byte, sizeof(std::uint32_t)> bytes{};
    const Elf64_Sym *symbol = find_symbol(name, is_exported);
    if (symbol == nullptr || ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT ||
        symbol->st_size < bytes.size())
        return std::nullopt;
    const Elf64_Phdr *segment = segment_of(segments_, symbol->st_value);
    if (segment == nullptr)
        return std::nullopt;
    const std::uint64_t start = symbol->st_value - segment->p_vaddr;
    const std::uint64_t in_file = start < segment->p_filesz ? segment->p_filesz - start : 0;
    const auto stored = std::span(bytes).first(std::min<std::uint64_t>(in_file, bytes.size()));
    if (!stored.empty() && !file_->read_at(segment->p_offset + start, stored))
        return std::nullopt;
    return std::bit_cast<std::uint32_t>(bytes);
}

} // namespace hotrun
