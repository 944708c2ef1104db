#include "run_plan.hpp"

#include "core/build_folder.hpp"
#include "core/elf_image.hpp"

#include <algorithm>
#include <filesystem>

namespace hotrun {

namespace {

// A shared library is a hot module if what was built exports hotrun_step, or, before the first
// build, if its sources speak of it.
bool exports_step(const FileSystem &files, const MesonTarget &target) {
    constexpr std::string_view kStep = "hotrun_step";
    if (!target.outputs.empty()) {
        if (const auto file = files.open(target.outputs.front())) {
            const auto image = ElfImage::read(**file, target.outputs.front());
            return std::holds_alternative<ElfImage>(image) &&
                   std::get<ElfImage>(image).defines(kStep);
        }
    }
    return std::any_of(target.sources.begin(), target.sources.end(),
                       [&](const std::string &source) {
                           const Result<std::string> text = files.read(source);
                           return text && text->find(kStep) != std::string::npos;
                       });
}

} // namespace

Result<TargetResolver> read_targets(const FileSystem &files, const std::string &builddir) {
    const Result<std::string> intro = files.read(builddir + "/meson-info/intro-targets.json");
    if (!intro)
        return intro.error();
    Result<std::vector<MesonTarget>> targets = parse_intro_targets(*intro);
    if (!targets)
        return targets.error();
    const Result<std::string> build_ninja = files.read(builddir + "/build.ninja");
    if (!build_ninja)
        return build_ninja.error();
    return TargetResolver(
        std::move(*targets), builddir, *build_ninja,
        [&files](const MesonTarget &target) { return exports_step(files, target); });
}

namespace {

// Without a build folder: libX.so beside the executable.
ResolvedTargets beside(const std::string &folder, const std::vector<std::string> &names) {
    ResolvedTargets resolved;
    for (const std::string &name : names)
        resolved.modules.push_back({name, folder + "/lib" + name + ".so"});
    return resolved;
}

// A path to a library stands for itself where nothing is built.
bool take_library_paths(const FileSystem &files, const Options &options, RunPlan &plan) {
    const auto is_library = [&](const std::string &name) {
        return name.find(".so") != std::string::npos && files.timestamp(name) &&
               !files.is_folder(name);
    };
    if (options.build || options.targets.empty() ||
        !std::all_of(options.targets.begin(), options.targets.end(), is_library))
        return false;
    for (const std::string &name : options.targets) {
        const std::string path = files.canonical(name);
        std::string stem = std::filesystem::path(path).stem().string();
        if (stem.starts_with("lib"))
            stem.erase(0, 3);
        plan.targets.modules.push_back({std::move(stem), path});
    }
    return true;
}

Status fill_targets(const FileSystem &files, const Options &options,
                    const std::function<Result<std::string>()> &executable, RunPlan &plan) {
    if (take_library_paths(files, options, plan))
        return Done{};
    std::string folder;
    if (!options.builddir.empty()) {
        plan.builddir = files.canonical(options.builddir);
        if (!is_build_folder(files, plan.builddir))
            return Error{ErrorKind::kMisuse,
                         plan.builddir + " is no build folder of Meson and Ninja", 0};
    } else {
        const Result<std::string> path = executable();
        if (!path)
            return path.error();
        folder = std::filesystem::path(*path).parent_path().string();
        plan.builddir = build_folder_above(files, folder);
    }
    plan.build = options.build && !plan.builddir.empty();
    if (plan.builddir.empty()) {
        plan.targets = beside(folder, options.targets);
        return Done{};
    }
    const Result<TargetResolver> targets = read_targets(files, plan.builddir);
    if (!targets)
        return targets.error();
    Result<ResolvedTargets> resolved = targets->resolve(options.targets);
    if (!resolved)
        return resolved.error();
    plan.targets = std::move(*resolved);
    return Done{};
}

} // namespace

Result<RunPlan> make_run_plan(const FileSystem &files, const Options &options,
                              const std::function<Result<std::string>()> &executable) {
    RunPlan plan;
    plan.build = options.build;
    if (const Status filled = fill_targets(files, options, executable, plan); !filled)
        return filled.error();
    if (plan.targets.modules.empty())
        return Error{ErrorKind::kMisuse, "no target is named, and there is no build folder", 0};
    plan.target_names = options.targets;
    if (plan.target_names.empty())
        plan.target_names.push_back(plan.targets.modules.front().name);
    return plan;
}

} // namespace hotrun
