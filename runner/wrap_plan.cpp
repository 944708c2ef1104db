#include "wrap_plan.hpp"

#include "core/build_folder.hpp"
#include "run_plan.hpp"

#include <algorithm>
#include <filesystem>

namespace hotrun {

namespace {

Error misuse(const std::string &sentence) {
    return {ErrorKind::kMisuse, sentence, 0};
}

// Where it will be once it is built, if the build folder has it; else where it is.
Status find_it(const FileSystem &files, const std::string &name, const TargetResolver &targets,
               const std::function<std::string(const std::string &)> &find_program,
               WrapPlan &plan) {
    const bool is_path = name.find('/') != std::string::npos;
    const std::string found = find_program(name);
    std::error_code error;
    plan.command =
        std::filesystem::absolute(is_path || found.empty() ? name : found, error).string();
    plan.program = files.canonical(plan.command);
    if (const MesonTarget *target = targets.executable_at(plan.program)) {
        plan.output = targets.ninja_path(*target);
        return Done{};
    }
    if (!found.empty() && !files.is_folder(plan.program))
        return Done{};
    if (files.timestamp(plan.program) && is_path)
        return misuse("the file " + name + " can't be started; make it executable by chmod +x");
    const std::string stem = std::filesystem::path(name).filename().string();
    const MesonTarget *near = targets.executable_named(stem);
    return misuse("there is no program " + name +
                  (near == nullptr ? "; name one in PATH, or by its path"
                                   : "; did you mean " + near->outputs.front() + "?"));
}

} // namespace

Result<WrapPlan>
make_wrap_plan(const FileSystem &files, const WrapOptions &options,
               const std::function<std::string(const std::string &name)> &find_program) {
    WrapPlan plan;
    plan.builddir = files.canonical(options.builddir);
    if (!is_build_folder(files, plan.builddir))
        return misuse(plan.builddir + " is no build folder of Meson and Ninja");
    const Result<TargetResolver> targets = read_targets(files, plan.builddir);
    if (!targets)
        return targets.error();
    if (const Status found = find_it(files, options.program, *targets, find_program, plan); !found)
        return found.error();
    Result<ResolvedTargets> resolved = targets->resolve_any(options.targets);
    if (!resolved)
        return resolved.error();
    plan.targets = std::move(*resolved);
    plan.target_names = options.targets;
    std::vector<std::string> &built = plan.targets.ninja_targets;
    if (!plan.output.empty() && std::ranges::count(built, plan.output) == 0) {
        built.push_back(plan.output);
        plan.target_names.push_back(targets->executable_at(plan.program)->name);
    }
    if (built.empty())
        return misuse("the program " + options.program + " is no executable that is built in " +
                      plan.builddir + ": name the target to build, before the --");
    return plan;
}

} // namespace hotrun
