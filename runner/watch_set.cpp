#include "core/ninja_build.hpp"
#include "core/source_watch.hpp"
#include "hotrun/project.hpp"
#include "linux/asio_event_loop.hpp"
#include "linux/build_lock.hpp"
#include "linux/linux_file_system.hpp"
#include "linux/linux_process_table.hpp"
#include "linux/spawn_command_runner.hpp"
#include "ninja_program.hpp"
#include "run_plan.hpp"

namespace hotrun {

namespace {

// Waits for what ninja prints.
Result<std::string> read_graph(NinjaBuild &ninja, AsioEventLoop &loop,
                               const std::vector<std::string> &further) {
    Result<std::string> graph = std::string();
    const Status started =
        ninja.graph(further, [&](Result<std::string> text) { graph = std::move(text); });
    if (!started)
        return started.error();
    loop.io().restart();
    loop.io().run();
    if (graph)
        return graph;
    const std::string said = graph.error().message.substr(0, graph.error().message.find('\n'));
    return Error{ErrorKind::kFailed, "can't learn from ninja what the target is made of: " + said,
                 graph.error().system_code};
}

// A program that is wrapped is built from targets of any kind.
Result<RunPlan> watched_plan(const FileSystem &files, const Options &options) {
    if (options.targets.empty() || options.builddir.empty())
        return make_run_plan(files, options, executable_path);
    RunPlan plan;
    plan.builddir = files.canonical(options.builddir);
    plan.target_names = options.targets;
    const Result<TargetResolver> targets = read_targets(files, plan.builddir);
    if (!targets)
        return targets.error();
    Result<ResolvedTargets> resolved = targets->resolve_any(options.targets);
    if (!resolved)
        return resolved.error();
    plan.targets = std::move(*resolved);
    return plan;
}

// As a run does it, but for the builds in between.
Status find_sources(SourceWatch &sources, NinjaBuild &ninja, AsioEventLoop &loop) {
    sources.read_deps();
    do {
        sources.read_build_files();
        const Result<std::string> graph = read_graph(ninja, loop, sources.further_targets());
        if (!graph)
            return graph.error();
        sources.set_graph(BuildGraph::parse(*graph));
        sources.refresh();
    } while (sources.graph_lacks_targets());
    return Done{};
}

} // namespace

Result<WatchSet> watch_set(const std::string &builddir, const std::vector<std::string> &targets) {
    LinuxFileSystem files;
    Options options;
    options.builddir = builddir;
    options.targets = targets;
    const Result<RunPlan> plan = watched_plan(files, options);
    if (!plan)
        return plan.error();
    const Result<std::string> program = find_ninja();
    if (!program)
        return program.error();
    AsioEventLoop loop;
    SpawnCommandRunner commands(loop.io());
    const SystemClock clock;
    NinjaBuild ninja({commands, files, clock},
                     {*program, plan->builddir, plan->targets.ninja_targets});
    SourceWatch sources(files, plan->builddir);
    if (const Status found = find_sources(sources, ninja, loop); !found)
        return found.error();
    return WatchSet{plan->builddir, plan->target_names, sources.sources(), sources.unread_count()};
}

std::optional<int> run_in(const std::string &builddir) {
    return BuildLock::holder(builddir);
}

} // namespace hotrun
