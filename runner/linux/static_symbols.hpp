// What the symbols of a library say of its static variables, and where its debug information has
// their addresses.
#pragma once

#include "linux/address_table.hpp"
#include "linux/debug_text.hpp"
#include "linux/dwarf_entry.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

// As long as the Elf is there.
class StaticSymbols {
  public:
    // None of a library without a symbol table.
    explicit StaticSymbols(Elf *elf);

    struct Variable {
        std::uint64_t address = 0;
        std::string_view symbol;
        bool resets = false; // it lies in a section of HOTRUN_RESET
    };

    // Of the program's own ones, that may be written; null: there is none at the address.
    const Variable *find(std::uint64_t address) const {
        const std::uint32_t number = numbers_.find(address);
        return number < variables_.size() ? &variables_[number] : nullptr;
    }

    // Counted from zero.
    std::size_t index_of(const Variable &variable) const {
        return static_cast<std::size_t>(&variable - variables_.data());
    }
    std::size_t count() const { return variables_.size(); }

    // The guard of one that is initialised when it is first reached; 0: none.
    std::uint64_t guard_of(const Variable &variable) const;

    const std::vector<std::uint64_t> &array_destructors() const { return array_destructors_; }

    // Whether what it says of places is all that there is.
    bool knows_places() const { return is_info_known_ && has_any_; }

    // How the location of a variable begins in .debug_info. Each such place has to be looked at, in
    // their order, before units are asked for.
    static constexpr std::string_view kLocation{"\x09\x03", 2};
    void look_at(std::string_view info, std::size_t at);

    // Where the entries of the unit, from one offset to another, may have a variable, or one of
    // hotrun's own: most are not read at all. None: they may have one anywhere.
    DebugPlaces places_in(const DwarfEntry &unit, Dwarf_Off begin, Dwarf_Off end) const;

  private:
    void read(const Elf64_Sym *symbols, std::size_t count, const char *names, std::size_t bytes);
    void find_in_addresses(std::string_view addresses);
    bool is_wanted(std::uint64_t address) const {
        return numbers_.find(address) != AddressTable::kNone;
    }

    enum class Section : std::uint8_t { kOther, kWritable, kReset };
    std::vector<Section> sections_;   // by index
    std::vector<Variable> variables_; // in the order of the symbols
    AddressTable numbers_; // of variables, by addresses; what is hotrun's has the number behind
    bool has_any_ = false; // of these
    std::unordered_map<std::string_view, std::uint64_t> guards_; // by the variable's symbol
    std::vector<Dwarf_Off> places_;                              // in .debug_info, sorted
    std::vector<std::uint64_t> array_destructors_;
    bool is_info_known_ = false;            // it may be compressed
    std::string_view addresses_;            // .debug_addr
    std::vector<Dwarf_Off> address_places_; // in it, sorted
};

} // namespace hotrun
