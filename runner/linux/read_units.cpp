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

} // namespace

bool ReadUnit::finish(const DwarfUnit &unit, const Places &all_places) {
    bytes.finish();
    const auto own_sum = bytes.sum_in(unit);
    if (!is_whole || !own_sum)
        return false;
    sum = *own_sum;
    shapes = unit.shapes;
    format = unit.format;
    size_bytes = size_of(unit);
    header_bytes = header_bytes_of(unit);
    are_places_everywhere = all_places.are_everywhere;
    places = places_of(unit, all_places);
    return true;
}

bool ReadUnit::is_same(const DwarfUnit &unit, const Places &all_places, DwarfLayouts &paths) const {
    const auto has_file = [&](const auto &file) {
        return paths.file(unit, file.first) == file.second;
    };
    return shapes == unit.shapes && format == unit.format && size_bytes == size_of(unit) &&
           header_bytes == header_bytes_of(unit) &&
           are_places_everywhere == all_places.are_everywhere &&
           places == places_of(unit, all_places) && bytes.sum_in(unit) == sum &&
           std::ranges::all_of(files, has_file);
}

const ReadUnits::Unit *ReadUnits::find(const std::string &file, const DwarfUnit &unit,
                                       const Places &places, DwarfLayouts &paths) const {
    const auto [first, last] = by_file_.equal_range(file);
    const auto found = std::find_if(first, last, [&](const auto &known) {
        return known.second.read->is_same(unit, places, paths);
    });
    return found == last ? nullptr : &found->second;
}

} // namespace hotrun
