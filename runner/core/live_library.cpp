#include "core/live_library.hpp"

#include <algorithm>

namespace hotrun {

void add_with_links(const LiveLibrary::Shared &code, std::vector<LiveLibrary::Shared> &all) {
    if (std::ranges::find(all, code) != all.end())
        return;
    all.push_back(code);
    for (const LiveLibrary::Shared &link : code->links)
        add_with_links(link, all);
}

} // namespace hotrun
