// What was read of each unit of a library, so that those that are the same in its next version need
// not be read again.
#pragma once

#include "core/type_layout.hpp"
#include "linux/debug_text.hpp"
#include "linux/dwarf_entry.hpp"
#include "linux/dwarf_layouts.hpp"
#include "linux/read_bytes.hpp"
#include "linux/read_texts.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hotrun {

// Where the entries of a unit may have what is looked for.
struct Places {
    bool are_everywhere = false;
    std::span<const Dwarf_Off> of_text;
    std::span<const Dwarf_Off> of_symbols;

    void narrow(Dwarf_Off begin, Dwarf_Off end) {
        of_text = places_from(of_text, begin, end);
        of_symbols = places_from(of_symbols, begin, end);
    }
    bool has_any() const { return are_everywhere || !of_text.empty() || !of_symbols.empty(); }
};

// Of no library: shared by all in which the unit is the same.
struct ReadUnit {
    struct Variable {
        enum class Sort {
            kNoSymbol,   // it is none of the program's own
            kTaken,      // another unit has it too, and was first
            kStatic,     // the next static variable
            kComputed,   // the next one too, which has no address
            kDescriptor, // the next one
        };
        Sort sort = Sort::kNoSymbol;
        std::uint32_t at = 0; // its entry, counted from the header
        bool is_constant = false;
    };

    const EntryShapes *shapes = nullptr; // one of the tables
    DwarfFormat format;
    std::size_t size_bytes = 0;   // with its header
    std::size_t header_bytes = 0; // before its entries
    ReadBytes bytes;
    DwarfLayouts::Files files;
    bool are_places_everywhere = false;
    std::vector<std::uint32_t> places; // of text, then of symbols, counted from the header
    std::vector<Variable> variables;   // in their order
    std::shared_ptr<const LibraryTypes::Types> types;
    bool is_whole = true; // nothing was read elsewhere

    // Once all was read. False: it can't be known again.
    bool finish(const DwarfUnit &unit, const Places &all_places, ReadTexts &texts);

    // Whether reading that unit would tell the same. `paths`: of its files.
    bool is_same(const DwarfUnit &unit, const Places &all_places, TextPlaces &texts,
                 DwarfLayouts &paths) const;
};

// Those of one library.
class ReadUnits final : public LibraryTypes::Source {
  public:
    struct Unit {
        std::shared_ptr<const ReadUnit> read;
        std::size_t first_static = 0; // of its own, in LibraryTypes
        std::size_t first_descriptor = 0;
    };

    ReadUnits(bool has_statics, std::shared_ptr<ReadTexts> texts)
        : has_statics_(has_statics), texts_(std::move(texts)) {}

    bool has_statics() const { return has_statics_; }
    const DwarfUnits::Tables &tables() const { return tables_; }
    const std::shared_ptr<ReadTexts> &texts() const { return texts_; }
    void keep(const DwarfUnits::Tables &tables) { tables_ = tables; }

    // `file`: that the unit was made from.
    void add(const std::string &file, Unit unit) { by_file_.emplace(file, std::move(unit)); }

    // Null: there is none that is the same.
    const Unit *find(const std::string &file, const DwarfUnit &unit, const Places &places,
                     TextPlaces &texts, DwarfLayouts &paths) const;

  private:
    bool has_statics_;
    std::shared_ptr<ReadTexts> texts_; // also those of other versions
    DwarfUnits::Tables tables_;
    std::unordered_multimap<std::string, Unit> by_file_;
};

} // namespace hotrun
