// From options to what a run builds and reloads.
#pragma once

#include "core/file_system.hpp"
#include "core/targets.hpp"
#include "hotrun/runner.hpp"

#include <functional>

namespace hotrun {

struct RunPlan {
    bool build = true;
    std::string builddir; // empty: none, and nothing is built
    std::vector<std::string> target_names;
    ResolvedTargets targets;
};

// What Meson says of the build folder.
Result<TargetResolver> read_targets(const FileSystem &files, const std::string &builddir);

Result<RunPlan> make_run_plan(const FileSystem &files, const Options &options,
                              const std::function<Result<std::string>()> &executable);

} // namespace hotrun
