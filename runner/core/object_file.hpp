// An object file as a compiler writes it: gABI 4, "Object Files", and the psABI of x86-64.
#pragma once

#include "hotrun/result.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <elf.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hotrun {

// What linkers and loaders do with a section.
enum class SectionRole : std::uint8_t {
    kIgnored, // not loaded
    kCode,
    kConstant, // also what is constant once it is relocated
    kWritable,
    kStartAndEnd, // the functions that are called at load and at exit
    kUnwinding,   // .eh_frame
    kThread,      // thread_local variables
};

struct ObjectSection {
    std::string_view name;
    std::string_view group; // of a COMDAT group: its signature
    SectionRole role = SectionRole::kIgnored;
    std::uint32_t type = SHT_NULL;
    std::uint64_t flags = 0;
    std::uint64_t size_bytes = 0;
    std::uint64_t alignment = 1;
    std::uint64_t entry_bytes = 0;
    std::span<const std::byte> content;      // empty: all of it is zero
    std::span<const Elf64_Rela> relocations; // by their places
};

struct ObjectSymbol {
    std::string_view name;
    std::uint64_t value = 0; // the offset in its section
    std::uint64_t size_bytes = 0;
    std::uint32_t section = 0; // index
    std::uint8_t type = STT_NOTYPE;
    std::uint8_t binding = STB_LOCAL;
    std::uint8_t visibility = STV_DEFAULT;

    bool is_local() const { return binding == STB_LOCAL; }
    bool is_function() const { return type == STT_FUNC; }
    // A place in a section, and nothing that the source has a name for.
    bool is_place() const { return type == STT_SECTION || name.starts_with(".L"); }
};

// Immutable; any thread. Nothing in the file is trusted: what it has of sections, symbols and
// relocations is there in whole, and every index and offset in them leads into the file.
class ObjectFile {
  public:
    // Instead of the index of a section.
    static constexpr std::uint32_t kUndefined = 0;
    static constexpr std::uint32_t kAbsolute = 0xfffffff1;
    static constexpr std::uint32_t kCommon = 0xfffffff2;

    // `path` is for the sentences. The Error says what is wrong with the file, or that it is for
    // another machine.
    static Result<ObjectFile> read(std::string path, std::vector<std::byte> bytes);

    ObjectFile(ObjectFile &&) = default; // names point into the bytes
    ObjectFile &operator=(ObjectFile &&) = default;
    ObjectFile(const ObjectFile &) = delete;
    ObjectFile &operator=(const ObjectFile &) = delete;

    const std::string &path() const { return path_; }
    std::span<const std::byte> bytes() const { return bytes_; }
    std::string_view source() const { return source_; } // as the linker names it; "": none
    std::size_t source_count() const { return source_count_; }

    std::span<const ObjectSection> sections() const { return sections_; } // the first is none
    std::span<const ObjectSymbol> symbols() const { return symbols_; }    // the first is none

    const ObjectSymbol &symbol_of(const Elf64_Rela &relocation) const {
        return symbols_[ELF64_R_SYM(relocation.r_info)];
    }
    bool is_defined(const ObjectSymbol &symbol) const {
        return symbol.section != kUndefined && symbol.section < sections_.size();
    }

    // Null: there is none of that name, or more than one. Places are not asked for by name.
    const ObjectSymbol *find(std::string_view name) const;

    bool defines(std::string_view name, bool is_local) const;

    // What lies there, in the order of preference: that starts there, that is around it. Null: no
    // function and no object. Of several the first in the file.
    const ObjectSymbol *find_at(std::uint32_t section, std::uint64_t offset) const;

    // Indexes of the functions, objects and names without a type of a section, by their places.
    std::span<const std::uint32_t> symbols_in(std::uint32_t section) const;

  private:
    friend class ObjectReader;
    ObjectFile() = default;

    std::string path_;
    std::vector<std::byte> bytes_;
    std::string_view source_;
    std::size_t source_count_ = 0;
    std::vector<ObjectSection> sections_;
    std::vector<ObjectSymbol> symbols_;
    std::deque<std::vector<Elf64_Rela>> sorted_; // relocations that the file has in another order
    std::unordered_map<std::string_view, std::uint32_t> by_name_; // 0: several
    std::vector<std::uint32_t> by_place_; // functions and objects, by section, offset and index
};

// Of the field that a relocation sets; none: this type of relocation is not known.
std::optional<std::size_t> relocated_bytes(std::uint32_t type);

} // namespace hotrun
