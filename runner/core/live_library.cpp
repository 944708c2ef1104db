#include "core/live_library.hpp"

#include "core/code_patch.hpp"

#include <algorithm>

namespace hotrun {

std::vector<Library::Place> places_of(const LiveLibrary &library) {
    std::vector<Library::Place> places = {library.library->place()};
    if (library.code_patches != nullptr) {
        const AddressRange range = library.code_patches->names().range();
        places.push_back({range.begin, range.begin, range.end});
    }
    return places;
}

void add_with_links(const LiveLibrary::Shared &code, std::vector<LiveLibrary::Shared> &all) {
    if (std::ranges::find(all, code) != all.end())
        return;
    all.push_back(code);
    for (const LiveLibrary::Shared &link : code->links)
        add_with_links(link, all);
}

} // namespace hotrun
