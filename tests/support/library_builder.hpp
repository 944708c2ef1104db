// Makes libraries in memory that consist of symbols, literals and pointers: what is asked of a
// library that has been loaded. ElfBuilder makes what is asked before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

class LibraryBuilder {
  public:
    enum Area { kCode, kConstants, kData, kAreaCount };

    // Where an area begins. Addresses are not offsets, and areas have pages between them.
    static constexpr std::uint64_t kAreaAddresses[] = {0x11000, 0x21000, 0x31000};
    static constexpr std::uint64_t kBssBytes = 64;

    // The local symbols that follow belong to it.
    LibraryBuilder &file(const std::string &name);

    // Each gives the address of what it adds.
    std::uint64_t function(const std::string &name, unsigned char binding = STB_GLOBAL,
                           unsigned char type = STT_FUNC);
    std::uint64_t object(Area area, const std::string &name, std::size_t size,
                         unsigned char binding = STB_GLOBAL);
    std::uint64_t bytes(Area area, std::string_view bytes); // without a symbol
    std::uint64_t literal(const std::string &text) {
        return bytes(kConstants, {text.c_str(), text.size() + 1});
    }

    // A hotrun_type, with its name; `packed`: its relocation is in DT_RELR.
    std::uint64_t descriptor(const std::string &symbol, const std::string &type, std::size_t size,
                             std::size_t alignment, bool packed = false);

    LibraryBuilder &write_word(std::uint64_t address, std::uint64_t value); // into kData
    LibraryBuilder &relocation(const Elf64_Rela &entry);

    // Any symbol, of something that is there or not.
    LibraryBuilder &symbol(const std::string &name, Elf64_Sym symbol);
    LibraryBuilder &alias(const std::string &name, std::uint64_t address, std::size_t size,
                          unsigned char info);

    LibraryBuilder &stripped();         // .dynsym instead of .symtab
    LibraryBuilder &without_sections(); // and so without symbols

    std::vector<std::byte> build() const;

    // Where build() puts the tables, for tests that break them.
    struct Layout {
        std::size_t segments = sizeof(Elf64_Ehdr);
        std::size_t areas[kAreaCount] = {};
        std::size_t symbols = 0;
        std::size_t names = 0;
        std::size_t sections = 0;
    };
    Layout layout() const;

  private:
    void align(Area area, std::size_t alignment);
    std::uint64_t end_of(Area area) const { return kAreaAddresses[area] + areas_[area].size(); }
    void add_dynamic(std::string &data, Elf64_Phdr &dynamic) const;
    std::vector<Elf64_Phdr> segment_table(std::string &data) const;
    std::vector<Elf64_Shdr> section_table(const Layout &at) const;
    std::vector<Elf64_Sym> symbol_table() const;
    Elf64_Ehdr header(const Layout &at) const;

    std::string areas_[kAreaCount];
    std::string names_ = std::string(1, '\0');
    std::vector<Elf64_Sym> locals_;
    std::vector<Elf64_Sym> globals_;
    std::vector<Elf64_Rela> relative_;
    std::vector<std::uint64_t> packed_;
    bool stripped_ = false;
    bool sections_ = true;
};

} // namespace hotrun
