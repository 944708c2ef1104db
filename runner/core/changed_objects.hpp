// Which object files a save changes, and of which libraries they are.
#pragma once

#include "core/code_host.hpp"
#include "core/source_watch.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace hotrun {

// The hot libraries: paths as their host knows them, by what ninja calls them.
using HotOutputs = std::map<std::string, std::string, std::less<>>;

struct ChangedObjects {
    std::vector<ObjectSet> sets;      // by library
    std::vector<std::string> targets; // all the objects, as ninja calls them
    std::string why;                  // not empty: more than objects changes. One sentence
};

// Each compilation costs what it costs; past these a link is little beside them.
inline constexpr std::size_t kMostObjects = 16;

// The files go into object files alone, and each of those into one hot library alone, by a link.
// Only what is near the changed files in the graph is looked at.
ChangedObjects find_changed_objects(const SourceWatch &sources, const std::string &builddir,
                                    const std::vector<std::string> &changed, const HotOutputs &hot);

} // namespace hotrun
