#include "linux/line_starts.hpp"

#include <algorithm>

namespace hotrun {
namespace {

void add_lines(Dwarf_Die &unit, std::vector<ObjectPlace> &starts) {
    Dwarf_Lines *lines = nullptr;
    std::size_t count = 0;
    if (::dwarf_getsrclines(&unit, &lines, &count) != 0)
        return;
    for (std::size_t i = 0; i < count; ++i) {
        Dwarf_Addr address = 0;
        if (::dwarf_lineaddr(::dwarf_onesrcline(lines, i), &address) == 0)
            starts.push_back(ObjectDebugInfo::place_of(address));
    }
}

} // namespace

std::vector<ObjectPlace> line_starts_of(const ObjectDebugInfo &info) {
    std::vector<ObjectPlace> starts;
    Dwarf_CU *unit = nullptr;
    Dwarf_Die die;
    while (info.dwarf() != nullptr &&
           ::dwarf_get_units(info.dwarf(), unit, &unit, nullptr, nullptr, &die, nullptr) == 0)
        add_lines(die, starts);
    std::ranges::sort(starts);
    return starts;
}

} // namespace hotrun
