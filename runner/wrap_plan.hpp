// From the words around `--` to what a run builds and which program it starts.
#pragma once

#include "core/file_system.hpp"
#include "core/targets.hpp"
#include "hotrun/wrap.hpp"

#include <functional>
#include <string>
#include <vector>

namespace hotrun {

struct WrapPlan {
    std::string builddir; // canonical
    std::vector<std::string> target_names;
    ResolvedTargets targets;
    std::string program; // absolute path, without links
    std::string command; // the path that starts it
    std::string output;  // as ninja calls it; empty: it is not built here
};

// `find_program` gives the path of a program that can be started, from its path or from PATH;
// empty: there is none.
Result<WrapPlan>
make_wrap_plan(const FileSystem &files, const WrapOptions &options,
               const std::function<std::string(const std::string &name)> &find_program);

} // namespace hotrun
