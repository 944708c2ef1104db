// Makes object files in memory: sections, symbols and relocations as a test wants them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

class ObjectBuilder {
  public:
    explicit ObjectBuilder(const std::string &source = "game.cpp");

    // Each gives its index. `group`: the signature of a COMDAT group that has it.
    std::uint32_t section(const std::string &name, std::string_view content, std::uint64_t flags,
                          const std::string &group = {});
    std::uint32_t code(const std::string &name, std::string_view content,
                       const std::string &group = {}) {
        return section(name, content, SHF_ALLOC | SHF_EXECINSTR, group);
    }
    std::uint32_t symbol(const std::string &name, std::uint32_t section, std::uint64_t value,
                         std::uint64_t size_bytes, unsigned char type = STT_FUNC,
                         unsigned char binding = STB_GLOBAL);
    std::uint32_t section_symbol(std::uint32_t section);
    std::uint32_t undefined(const std::string &name, unsigned char type = STT_NOTYPE) {
        return symbol(name, SHN_UNDEF, 0, 0, type);
    }
    ObjectBuilder &relocation(std::uint32_t section, std::uint64_t offset, std::uint32_t symbol,
                              std::uint32_t type, std::int64_t addend);

    // An empty .debug_info, without which nothing can be told of types.
    ObjectBuilder &debug_info();

    std::vector<std::byte> build() const;

  private:
    struct Section {
        Elf64_Shdr header{};
        std::string content;
        std::string group;
        std::vector<Elf64_Rela> relocations;
    };

    std::uint32_t add_name(std::string_view name);

    std::string names_ = std::string(1, '\0');
    std::vector<Section> sections_ = std::vector<Section>(1);
    std::vector<Elf64_Sym> symbols_ = std::vector<Elf64_Sym>(1);
};

} // namespace hotrun
