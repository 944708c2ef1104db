#include "linux/dwarf_types.hpp"

#include "linux/debug_info.hpp"
#include "linux/debug_text.hpp"
#include "linux/dwarf_closures.hpp"
#include "linux/dwarf_entry.hpp"
#include "linux/dwarf_layouts.hpp"
#include "linux/read_units.hpp"
#include "linux/static_symbols.hpp"
#include "linux/unit_files.hpp"
#include "linux/variable_search.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <dwarf.h>

namespace hotrun {

namespace {

// Calls `visit` with the first entry of each unit that may have an entry of that name, or one of
// the variables, with that of the unit that has its files, and with their places. False: there is
// no debug information.
template <typename Visit>
bool each_unit(const DebugInfo &info, DwarfUnits &units, const char *name, StaticSymbols *symbols,
               Visit visit) {
    // A name may stand in one entry and the address in another, which completes it.
    const bool can_skip = symbols != nullptr && symbols->knows_places();
    std::optional<DebugText> text;
    Dwarf_CU *unit = nullptr;
    Dwarf_Die entry;
    Dwarf_Die split;
    std::uint8_t unit_type = 0;
    while (info.dwarf() != nullptr &&
           ::dwarf_get_units(info.dwarf(), unit, &unit, nullptr, &unit_type, &entry, &split) == 0) {
        if (!text)
            text.emplace(info.elf(), name, symbols);
        if (unit_type == DW_UT_type) // has no variables
            continue;
        const DwarfEntry first = units.entry(entry);
        if (!first)
            continue;
        if (unit_type == DW_UT_skeleton && split.addr != nullptr) { // its entries are elsewhere
            if (const DwarfEntry elsewhere = units.entry(split))
                visit(elsewhere, first, Places{true, {}, {}});
            continue;
        }
        const Dwarf_Off begin = first.offset();
        const Dwarf_Off end = begin + static_cast<Dwarf_Off>(first.unit().end - first.at());
        const DebugPlaces of_text = text->places_in(first, begin, end);
        const DebugPlaces of_symbols = symbols == nullptr ? std::span<const Dwarf_Off>()
                                                          : symbols->places_in(first, begin, end);
        Places places{!of_text || !of_symbols, of_text.value_or(std::span<const Dwarf_Off>()),
                      of_symbols.value_or(std::span<const Dwarf_Off>())};
        if (!places.has_any())
            continue;
        places.are_everywhere |= !can_skip;
        visit(first, first, places);
    }
    return text.has_value();
}

// That the unit was made from.
std::string file_of(const DwarfEntry &unit, const DwarfEntry &with_files) {
    const char *name = text_of(unit, DW_AT_name);
    return name == nullptr ? "" : joined_path({text_of(with_files, DW_AT_comp_dir), name});
}

bool has_functions(const LibraryTypes &types) {
    bool has_any = false;
    types.each_type([&](const TypeLayout &type) {
        has_any |= type.kind == TypeLayout::Kind::kStruct && type.name.starts_with("function<");
    });
    return has_any;
}

const ReadUnits *units_of(const LibraryTypes *types, bool with_statics) {
    const auto *units =
        types == nullptr ? nullptr : dynamic_cast<const ReadUnits *>(types->source.get());
    return units != nullptr && units->has_statics() == with_statics ? units : nullptr;
}

// Reads one library.
class Reading {
  public:
    Reading(const std::string &path, bool with_statics, const LibraryTypes *before)
        : before_(before), known_(units_of(before, with_statics)), info_(path),
          units_(known_ == nullptr ? nullptr : &known_->tables()),
          texts_(known_ == nullptr ? std::make_shared<ReadTexts>() : known_->texts()),
          text_places_(*texts_), read_(std::make_shared<ReadUnits>(with_statics, texts_)) {
        if (known_ != nullptr)
            types_->statics.reserve(before->statics.size());
        if (with_statics) {
            symbols_.emplace(info_.elf());
            types_->array_destructors = symbols_->array_destructors();
        }
    }

    std::shared_ptr<const LibraryTypes> read() {
        StaticSymbols *wanted = symbols_ ? &*symbols_ : nullptr;
        VariableSearch variables(info_, *types_, layouts_, wanted);
        const auto visit = [&](const DwarfEntry &first, const DwarfEntry &with_files,
                               const Places &places) {
            const std::string file = file_of(first, with_files);
            const bool is_split = first.unit().libdw != with_files.unit().libdw;
            if (is_split || !take_known(variables, first, file, places))
                read_unit(variables, first, with_files, file, places);
        };
        if (!each_unit(info_, units_, kDescriptorName, wanted, visit))
            return nullptr;
        if (has_functions(*types_))
            read_closures();
        read_->keep(units_.tables());
        if (!units_.have_met()) // else the types of one may be those of another
            types_->source = read_;
        return types_;
    }

  private:
    bool take_known(VariableSearch &variables, const DwarfEntry &first, const std::string &file,
                    const Places &places) {
        if (known_ == nullptr)
            return false;
        layouts_.set_unit(first, *rest_);
        const ReadUnits::Unit *known =
            known_->find(file, first.unit(), places, text_places_, layouts_);
        if (known == nullptr)
            return false;
        const ReadUnits::Unit now{known->read, types_->statics.size(), types_->descriptors.size()};
        if (!variables.take_known(*known, *before_, first.unit()))
            return false;
        types_->types.push_back(known->read->types);
        read_->add(file, now);
        return true;
    }

    void read_unit(VariableSearch &variables, const DwarfEntry &first, const DwarfEntry &with_files,
                   const std::string &file, const Places &places) {
        auto types = std::make_shared<LibraryTypes::Types>();
        auto read = std::make_shared<ReadUnit>();
        const ReadUnits::Unit now{read, types_->statics.size(), types_->descriptors.size()};
        types_->types.push_back(types);
        layouts_.set_unit(with_files, *types, &read->files);
        read->types = std::move(types);
        DwarfUnit *unit = units_.unit(first.die());
        unit->read = &read->bytes;
        variables.search_unit(first, file, places, *read);
        unit->read = nullptr;
        const bool is_split = first.unit().libdw != with_files.unit().libdw; // may be overwritten
        if (!is_split && read->finish(*unit, places, *texts_))
            read_->add(file, now);
    }

    void read_closures() {
        types_->types.push_back(rest_);
        each_unit(info_, units_, kClosureManager, nullptr,
                  [&](const DwarfEntry &first, const DwarfEntry &with_files, const Places &) {
                      layouts_.set_unit(with_files, *rest_);
                      ClosureSearch closures;
                      closures.search(first);
                      closures.add_found(types_->closures, [&](const DwarfEntry &functor) {
                          return layouts_.of(functor);
                      });
                  });
    }

    const LibraryTypes *before_;
    const ReadUnits *known_; // of `before`; null: nothing is known
    DebugInfo info_;
    DwarfUnits units_;
    std::shared_ptr<ReadTexts> texts_;
    TextPlaces text_places_; // of what is known
    std::shared_ptr<ReadUnits> read_;
    std::shared_ptr<LibraryTypes> types_ = std::make_shared<LibraryTypes>();
    std::shared_ptr<LibraryTypes::Types> rest_ = std::make_shared<LibraryTypes::Types>();
    DwarfLayouts layouts_;
    std::optional<StaticSymbols> symbols_;
};

} // namespace

std::shared_ptr<const LibraryTypes> DwarfTypeReader::read(const std::string &path,
                                                          const LibraryTypes *before) {
    return Reading(path, statics_ == Statics::kRead, before).read();
}

} // namespace hotrun
