// The string literals of a library. They have no symbols, so they are known by what they say.
#pragma once

#include "core/symbol_table.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hotrun {

// Thread-bound: what find() needs is made when it is first called.
class ConstantText {
  public:
    static constexpr std::size_t kLongestBytes = 4096;

    // Reads all constant data. `table` has to outlive it.
    explicit ConstantText(const SymbolTable &table);

    struct Literal {
        std::uint64_t address = 0;
        std::string_view text; // with the NUL
    };

    // The whole literal around an address that is in no symbol. Pointers into one literal, as the
    // two ends of a range, are thereby treated alike. None if it is no text, or may be the start of
    // a char16_t or char32_t one.
    std::optional<Literal> literal_at(std::uint64_t address) const;

    // The same in other bytes, which are in no symbol, and around the address.
    static std::optional<Literal> literal_in(std::string_view bytes, std::uint64_t begins_at,
                                             std::uint64_t address);

    // Where there is such a text, outside of symbols; rather a literal than the end of one.
    std::optional<std::uint64_t> find(std::string_view text) const;

  private:
    struct Block {
        std::uint64_t address = 0;
        std::vector<char> bytes;

        std::string_view view() const { return {bytes.data(), bytes.size()}; }
    };
    struct IndexEntry {
        std::size_t hash = 0;
        std::uint64_t address = 0;
    };

    void index() const;
    void index_block(const Block &block) const;
    void index_gap(const Block &block, std::size_t begin, std::size_t end) const;
    const Block *block_at(std::uint64_t address) const;
    bool has_at(std::uint64_t address, std::string_view text) const;
    bool is_outside_of_symbols(std::uint64_t address, std::size_t bytes) const;

    const SymbolTable &table_;
    std::vector<Block> blocks_;
    mutable std::vector<IndexEntry> index_; // of the whole ones, sorted by hash and address
    mutable bool is_indexed_ = false;
    mutable bool has_empty_ = false;
};

} // namespace hotrun
