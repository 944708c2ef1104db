// Makes small shared libraries in memory. They are laid out as a linker would, with the section
// headers last, and readelf has no complaints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <string>
#include <vector>

namespace hotrun {

class ElfBuilder {
  public:
    // Addresses are not offsets, so that a test sees the two mistaken for each other.
    static constexpr std::uint64_t kLoadAddress = 0x10000;
    static constexpr std::uint64_t kBssBytes = 64;

    ElfBuilder &machine(std::uint16_t machine);
    ElfBuilder &type(std::uint16_t type);
    ElfBuilder &soname(const std::string &name);
    ElfBuilder &needed(const std::string &name);
    ElfBuilder &version_of(const std::string &library); // needs one: the name is that of needed()
    ElfBuilder &run_path(const std::string &path);      // DT_RUNPATH
    ElfBuilder &rpath(const std::string &path);         // DT_RPATH
    ElfBuilder &function(const std::string &name, unsigned char visibility = STV_DEFAULT);
    ElfBuilder &unique(const std::string &name);
    ElfBuilder &undefined(const std::string &name, unsigned char binding = STB_GLOBAL);
    ElfBuilder &u32(const std::string &name, std::uint32_t value);
    ElfBuilder &zero_u32(const std::string &name); // in .bss
    ElfBuilder &without_sections();
    ElfBuilder &without_hash();     // no DT_HASH
    ElfBuilder &without_gnu_hash(); // no DT_GNU_HASH

    std::vector<std::byte> build() const;

    // Where build() puts the tables, for tests that break them. Sizes are in bytes.
    struct Part {
        std::size_t offset = 0;
        std::size_t size = 0;
    };
    struct Layout {
        Part segments, symbols, names, hash, gnu_hash, data, versions, dynamic, section_names,
            sections;
        std::size_t loaded_bytes = 0;
        std::size_t size = 0;
    };
    Layout layout() const;

  private:
    struct DynamicName {
        std::int64_t tag;
        std::uint64_t name;
    };

    std::uint32_t add_name(const std::string &name);
    ElfBuilder &add_dynamic_name(std::int64_t tag, const std::string &name);
    ElfBuilder &add_symbol(const std::string &name, Elf64_Sym symbol);
    std::size_t dynamic_count() const;
    std::vector<Elf64_Sym> symbol_table() const;
    std::vector<std::uint32_t> hash_table() const;
    std::vector<std::uint32_t> gnu_hash_table() const;
    std::vector<Elf64_Verneed> version_table() const;
    std::vector<Elf64_Dyn> dynamic_table() const;
    std::vector<Elf64_Phdr> segment_table() const;
    std::vector<Elf64_Shdr> section_table() const;
    Elf64_Ehdr header() const;

    std::uint16_t machine_ = EM_X86_64;
    std::uint16_t type_ = ET_DYN;
    bool sections_ = true;
    bool hash_ = true;
    bool gnu_hash_ = true;
    std::string names_ = std::string(1, '\0');
    std::vector<DynamicName> dynamic_names_;
    std::vector<Elf64_Sym> undefined_; // values of data are offsets into data_ until build()
    std::vector<Elf64_Sym> defined_;
    std::vector<std::uint32_t> data_;
    std::vector<std::uint32_t> version_files_; // names
};

} // namespace hotrun
