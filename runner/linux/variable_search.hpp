// Finds the descriptors and the static variables in the units of a library.
#pragma once

#include "core/type_layout.hpp"
#include "linux/debug_info.hpp"
#include "linux/dwarf_entry.hpp"
#include "linux/dwarf_layouts.hpp"
#include "linux/read_units.hpp"
#include "linux/static_symbols.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

// Beside each hotrun_type lies a pointer to its type; what renames and migrates has one too.
constexpr const char *kDescriptorName = "hotrun_type_";

class VariableSearch {
  public:
    // Without symbols no variables are looked for that are the program's.
    VariableSearch(const DebugInfo &info, LibraryTypes &types, DwarfLayouts &layouts,
                   const StaticSymbols *symbols)
        : info_(info), types_(types), layouts_(layouts), symbols_(symbols),
          is_taken_(symbols == nullptr ? 0 : symbols->count()) {}

    // `read`: where it is noted what was found.
    void search_unit(const DwarfEntry &unit, const std::string &file, const Places &places,
                     ReadUnit &read);

    // Adds what `known`, which is one of `before`, had found in a unit that reads the same. False:
    // it is not to be had without a search, and nothing was added.
    bool take_known(const ReadUnits::Unit &known, const LibraryTypes &before,
                    const DwarfUnit &unit);

  private:
    using Sort = ReadUnit::Variable::Sort;

    struct Scope { // around an entry
        const Scope *outer = nullptr;
        const DwarfEntry *entry = nullptr;
    };

    void search(const DwarfEntry &parent, const Scope &scope, const Places &places, int depth);
    template <typename Next>
    void look_at(const DwarfEntry &child, const Next &next, const Scope &scope,
                 const Places &places, int depth);
    void take(const DwarfEntry &variable, const Scope &scope);
    static std::string text_of(const Scope &scope);
    std::string file_of(const DwarfEntry &variable) const;
    void note(const DwarfEntry &variable, Sort sort, bool is_constant = false);
    bool take_descriptor(const DwarfEntry &object, std::uint64_t address);
    void take_own(const DwarfEntry &variable, const std::string &name, const Scope &scope);
    void take_computed(const DwarfEntry &variable, const std::string &name, const Scope &scope);
    void take_static(const DwarfEntry &variable, const std::string &name, std::uint64_t address,
                     const Scope &scope);
    void take_rename(const DwarfEntry &variable, const DwarfEntry &object);
    void take_migrator(const DwarfEntry &object, std::uint64_t address);
    std::string text_in(const DwarfEntry &variable, std::uint64_t offset) const;
    const TypeLayout *pointee_of(const DwarfEntry &member);
    void take_member(const DwarfEntry &member, LibraryTypes::Descriptor &descriptor);
    std::uint64_t size_at(std::uint64_t address) const;
    bool is_as_known(const ReadUnit::Variable &variable, std::optional<std::uint64_t> address,
                     const StaticSymbols::Variable *symbol, const StaticVariable *known) const;
    bool give_back_known(); // false
    bool is_taken(const StaticSymbols::Variable &symbol) const {
        return is_taken_[symbols_->index_of(symbol)];
    }
    void add_known(const StaticVariable &known, bool is_constant,
                   const StaticSymbols::Variable &symbol);
    void add_known(const LibraryTypes::Descriptor &known, std::uint64_t address);

    const DebugInfo &info_;
    LibraryTypes &types_;
    DwarfLayouts &layouts_;
    const StaticSymbols *symbols_;
    std::string file_;
    ReadUnit *read_ = nullptr;
    std::vector<bool> is_taken_; // by the numbers of variables
    struct Known {
        std::uint64_t address = 0;
        const StaticSymbols::Variable *symbol = nullptr;
        bool is_taken = false; // just now
    };
    std::vector<Known> known_; // those of one unit
};

} // namespace hotrun
