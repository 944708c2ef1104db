// What the symbols of a library say of its addresses: gABI 4, "Symbol Table". Addresses are those
// that the library is linked at; where it is loaded, its bias is added.
#pragma once

#include "core/address_range.hpp"
#include "core/elf_parts.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hotrun {

struct Symbol {
    enum class Kind : std::uint8_t { kFunction, kObject };

    std::uint64_t address = 0;
    std::uint64_t size_bytes = 0;
    std::string_view name;
    std::string_view file; // the source that a local symbol belongs to; "" for the others
    Kind kind = Kind::kFunction;
    bool is_local = false; // so are hidden symbols, which linkers give no file or any
};

enum class Memory : std::uint8_t { kNone, kCode, kConstant, kWritable };

struct Region {
    AddressRange range;
    Memory memory = Memory::kNone;
};

// Immutable once it is read; any thread.
class SymbolTable {
  public:
    // The functions and objects that the library defines; from .dynsym if it is stripped. A file
    // with impossible numbers gives an empty table. `file` has to outlive the table.
    static SymbolTable read(const File &file);

    SymbolTable() = default;
    SymbolTable(SymbolTable &&) = default; // names point into the table
    SymbolTable &operator=(SymbolTable &&) = default;
    SymbolTable(const SymbolTable &) = delete;
    SymbolTable &operator=(const SymbolTable &) = delete;

    // An empty table says nothing about the library, not even where it ends.
    bool is_empty() const { return symbols_.empty(); }
    std::span<const Symbol> symbols() const { return symbols_; } // by address

    // Without local symbols much of the library has no name: a constant looks like a literal.
    bool has_local_symbols() const { return has_local_symbols_; }

    // The symbol that starts there, else the innermost one around it. Objects have a size.
    const Symbol *find(std::uint64_t address) const;
    std::span<const Symbol> starting_at(std::uint64_t address) const;

    // What the library names itself by when it asks for exit calls (__dso_handle); 0: it has none.
    std::uint64_t own_handle() const { return own_handle_; }

    // What lies between the symbols before and after an address that is in none of them.
    AddressRange gap_at(std::uint64_t address) const;

    // None if there is no such symbol, or more than one.
    const Symbol *find_sole(std::string_view file, std::string_view name, bool is_local) const;

    // The same in whatever file: what is hidden has none.
    const Symbol *find_sole(std::string_view name) const;

    // Whether there is a local one that may belong to the file: several, or one without a file.
    bool may_have_local(std::string_view file, std::string_view name) const;

    Memory memory_at(std::uint64_t address) const;
    std::span<const Region> regions() const { return regions_; } // by address

    // All that is loaded, in whole pages.
    AddressRange address_range() const { return range_; }

    // What the file has at an address.
    bool read_at(std::uint64_t address, std::span<std::byte> bytes) const {
        return parts_.read_loaded(address, bytes);
    }
    const ElfParts &parts() const { return parts_; }

  private:
    friend class SymbolReader;

    struct HashedName {
        std::uint32_t hash = 0;
        std::uint32_t index = 0;
    };
    // Without the file: few symbols of one name belong to different ones.
    static std::uint32_t hash_of(std::string_view name) {
        return static_cast<std::uint32_t>(std::hash<std::string_view>()(name));
    }
    std::span<const HashedName> bucket_of(std::uint32_t hash) const;
    template <typename Accepts>
    const Symbol *find_sole_of(std::string_view name, Accepts accepts) const;

    ElfParts parts_;
    std::vector<char> names_;
    std::vector<Symbol> symbols_;
    std::vector<std::uint64_t> ends_;    // the highest end of the symbols up to each one
    std::vector<HashedName> by_name_;    // bucket by bucket
    std::vector<std::uint32_t> buckets_; // where each begins, and the end; 2^n + 1 of them
    std::vector<Region> regions_;
    AddressRange range_;
    std::uint64_t own_handle_ = 0;
    bool has_local_symbols_ = false;
};

} // namespace hotrun
