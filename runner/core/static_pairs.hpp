// Which static variable of a new library is that of an old one.
#pragma once

#include "core/type_layout.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

struct StaticPairs {
    std::vector<std::pair<const StaticVariable *, const StaticVariable *>> pairs; // old and new
    std::set<std::string> ambiguous; // names of old ones that may be several of the new ones
};

// By symbol and file; one that is the only one of its name may have moved to another file. The
// variables have to outlive the pairs.
StaticPairs pair_statics(const std::vector<StaticVariable> &olds,
                         const std::vector<StaticVariable> &news);

} // namespace hotrun
