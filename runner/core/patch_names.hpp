// What lies in the patches of a library, by the names that it has in the library that is built
// from the same sources.
#pragma once

#include "core/address_range.hpp"
#include "core/constant_text.hpp"
#include "core/symbol_table.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace hotrun {

// A function or a constant.
struct PatchName {
    std::uint64_t address = 0; // in this process
    std::uint64_t size_bytes = 0;
    std::string name;
    std::string source; // of a local one
    bool is_local = false;
    bool is_function = false;
};

// A copy of it belongs to one thread at a time.
class PatchNames {
  public:
    PatchNames() = default;
    explicit PatchNames(AddressRange range) : range_(range) {}

    void add(PatchName name);

    // Constants of which some may have no name.
    void add_constants(std::uint64_t address, std::string bytes);

    AddressRange range() const { return range_; } // of all patches, now and later

    // What a word leads into; null: into no such thing, or to its end.
    const PatchName *name_at(std::uint64_t word) const;

    // The literal that a word leads into.
    std::optional<ConstantText::Literal> literal_at(std::uint64_t word) const;

    std::string describe(std::uint64_t word) const; // for use in a sentence

  private:
    AddressRange range_;
    std::map<std::uint64_t, PatchName> names_;       // by address
    std::map<std::uint64_t, std::string> constants_; // the same
};

// Pointers into patches, turned into such into newer code. Thread-bound; the table has to outlive
// it.
class PatchRebinder {
  public:
    PatchRebinder(PatchNames names, const SymbolTable &library, std::uint64_t load_bias)
        : names_(std::move(names)), library_(library), load_bias_(load_bias) {}

    // None: what it points to is no longer there, or can't be told from something else.
    std::optional<std::uint64_t> rebind(std::uint64_t word);

  private:
    std::optional<std::uint64_t> find(std::uint64_t word);
    std::optional<std::uint64_t> find_text(std::uint64_t word);

    const PatchNames names_;
    const SymbolTable &library_;
    const std::uint64_t load_bias_;
    std::optional<ConstantText> text_; // once it is needed
    std::unordered_map<std::uint64_t, std::optional<std::uint64_t>> known_;
};

} // namespace hotrun
