#include "linux/read_units.hpp"

#include <algorithm>

namespace hotrun {

namespace {

std::size_t size_of(const DwarfUnit &unit) {
    return static_cast<std::size_t>(unit.end - unit.header);
}

std::size_t header_bytes_of(const DwarfUnit &unit) {
    return static_cast<std::size_t>(unit.begin - unit.header);
}

std::vector<std::uint32_t> places_of(const DwarfUnit &unit, const Places &places) {
    std::vector<std::uint32_t> all;
    all.reserve(places.of_text.size() + places.of_symbols.size());
    for (const auto &part : {places.of_text, places.of_symbols}) {
        for (const Dwarf_Off place : part)
            all.push_back(static_cast<std::uint32_t>(place - unit.offset));
    }
    return all;
}

bool are_places_of(const DwarfUnit &unit, const Places &places,
                   std::span<const std::uint32_t> known) {
    const auto is_at = [&](Dwarf_Off place, std::uint32_t at) { return place - unit.offset == at; };
    const std::size_t text_count = std::min(places.of_text.size(), known.size());
    return std::ranges::equal(places.of_text, known.first(text_count), is_at) &&
           std::ranges::equal(places.of_symbols, known.subspan(text_count), is_at);
}

} // namespace

bool ReadUnit::finish(const DwarfUnit &unit, const Places &all_places, ReadTexts &texts) {
    if (!is_whole || !bytes.finish(unit, texts))
        return false;
    shapes = unit.shapes;
    format = unit.format;
    size_bytes = size_of(unit);
    header_bytes = header_bytes_of(unit);
    are_places_everywhere = all_places.are_everywhere;
    places = places_of(unit, all_places);
    return true;
}

bool ReadUnit::is_same(const DwarfUnit &unit, const Places &all_places, TextPlaces &texts,
                       DwarfLayouts &paths) const {
    const auto has_file = [&](const auto &file) {
        return paths.file(unit, file.first) == file.second;
    };
    return shapes == unit.shapes && format == unit.format && size_bytes == size_of(unit) &&
           header_bytes == header_bytes_of(unit) &&
           are_places_everywhere == all_places.are_everywhere &&
           are_places_of(unit, all_places, places) && bytes.are_same_in(unit, texts) &&
           std::ranges::all_of(files, has_file);
}

const ReadUnits::Unit *ReadUnits::find(const std::string &file, const DwarfUnit &unit,
                                       const Places &places, TextPlaces &texts,
                                       DwarfLayouts &paths) const {
    const auto [first, last] = by_file_.equal_range(file);
    const auto found = std::find_if(first, last, [&](const auto &known) {
        return known.second.read->is_same(unit, places, texts, paths);
    });
    return found == last ? nullptr : &found->second;
}

} // namespace hotrun
