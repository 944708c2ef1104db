// Names in which a number only says "the second one of this place". Lambdas, unnamed types and
// function-local statics of one name have such (Itanium C++ ABI 5.1.8, "Scope Encoding" and
// "Closure Types"; clang calls those that no other file sees $_0). After an edit the number may
// mean another one, so a name is believed only if the same ones are there in both versions.
#pragma once

#include "core/symbol_table.hpp"

#include <string_view>
#include <vector>

namespace hotrun {

// Whether the compiler made the name of a local symbol up, from a number or for itself: f.part.0,
// count.1, f.localalias. Nothing is known of such names.
bool is_made_up(const Symbol &symbol);

// Whether it is one file's own, but nobody knows which file's: link-time optimisation forgets that.
bool has_lost_its_file(const Symbol &symbol);

bool has_ordinal(std::string_view name);

// What names have in common that were counted together.
std::string_view without_ordinals(std::string_view name);

class OrdinalNames {
  public:
    // `table` has to outlive it.
    explicit OrdinalNames(const SymbolTable &table);

    // The names that were counted together with that of the symbol, which is one of them.
    std::vector<std::string_view> family_of(const Symbol &symbol) const;

    // Whether there is name.1 beside a local name: which of them has no number is chance.
    bool has_numbered(const Symbol &symbol) const;

  private:
    struct Name {
        std::string_view file;
        bool is_local;
        std::string_view name;

        auto operator<=>(const Name &) const = default;
    };

    std::vector<Name> names_;    // sorted
    std::vector<Name> numbered_; // without their numbers, sorted
};

} // namespace hotrun
