// Pointers into an old version of a library, turned into such into the new one, by the names of
// what they point to. Nothing is known of their types; where there is no sure answer there is none.
#pragma once

#include "core/constant_text.hpp"
#include "core/ordinal_names.hpp"
#include "core/renames.hpp"
#include "core/symbol_table.hpp"
#include "core/type_descriptors.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace hotrun {

// Thread-bound. The tables, and their files, have to outlive it.
class Rebinder {
  public:
    // A bias is what is added to a library's addresses where it is loaded. `renamed`: what has
    // another name in the new library.
    Rebinder(const SymbolTable &old_table, std::uint64_t old_bias, const SymbolTable &new_table,
             std::uint64_t new_bias, RenamedTypes renamed = {});

    // A word that lies in the old library, as it is in the new one. None: what it points to is no
    // longer there, is not the same any more, or can't be told from something else.
    std::optional<std::uint64_t> rebind(std::uint64_t word) const;

    // What a word in the old library points to, for use in a sentence.
    std::string describe(std::uint64_t word) const;

  private:
    using Address = std::optional<std::uint64_t>;

    // These take and give addresses without a bias.
    Address find(std::uint64_t address) const;
    Address find_in_symbols(const Symbol &found, std::uint64_t address) const;
    Address find_outside(std::uint64_t address) const;
    Address find_end(std::uint64_t address) const;
    Address find_literal(std::uint64_t address) const;
    Address find_descriptor(const Symbol &symbol, std::uint64_t offset) const;
    Address find_symbol(const Symbol &symbol, std::uint64_t offset) const;
    Address find_in_object(const Symbol &symbol, const Symbol &counterpart,
                           std::uint64_t offset) const;
    const Symbol *counterpart_of(const Symbol &symbol) const;
    const Symbol *renamed(const Symbol &symbol, const std::string &new_name) const;
    bool has_same_family(const Symbol &symbol) const;
    bool vtable_ends_at(std::uint64_t address) const;

    // What takes time to read, read once it is asked for.
    template <typename T>
    struct Lazy {
        mutable std::optional<T> value;

        const T &of(const SymbolTable &table) const {
            return value ? *value : value.emplace(table);
        }
    };

    const SymbolTable &old_table_;
    const SymbolTable &new_table_;
    std::uint64_t old_bias_;
    std::uint64_t new_bias_;
    RenamedTypes renamed_;
    // Of the new library, by what people write; once a renamed one is looked for.
    mutable std::unordered_multimap<std::string, const Symbol *> written_;
    Lazy<ConstantText> old_text_;
    Lazy<ConstantText> new_text_;
    Lazy<OrdinalNames> old_ordinals_;
    Lazy<OrdinalNames> new_ordinals_;
    Lazy<TypeDescriptors> old_types_;
    Lazy<TypeDescriptors> new_types_;
    mutable std::unordered_map<std::uint64_t, Address> known_; // the same words occur often
};

} // namespace hotrun
