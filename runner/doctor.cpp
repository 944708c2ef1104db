#include "hotrun/doctor.hpp"

#include "core/build_commands.hpp"
#include "core/compared_runs.hpp"
#include "core/compile_trials.hpp"
#include "core/findings.hpp"
#include "core/link_trials.hpp"
#include "core/ninja_log.hpp"
#include "hotrun/project.hpp"
#include "linux/asio_event_loop.hpp"
#include "linux/dl_library_loader.hpp"
#include "linux/dwarf_types.hpp"
#include "linux/inotify_watcher.hpp"
#include "linux/linux_file_system.hpp"
#include "linux/linux_process_table.hpp"
#include "linux/timed_commands.hpp"
#include "ninja_program.hpp"
#include "run_plan.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <span>
#include <unordered_map>

namespace hotrun {

namespace {

constexpr std::size_t kSourceCount = 3; // of a module, those that take longest
constexpr Microseconds kLongCompile = std::chrono::seconds(5);   // after such a one no other
constexpr Microseconds kLongCompiles = std::chrono::seconds(20); // longer is not done again
constexpr std::string_view kNothingToDo = "no work to do";

// One examination, in its order.
class Examination {
  public:
    Examination(TimedCommands &trials, RunPlan plan, std::string ninja,
                const std::function<void(const std::string &)> &on_progress)
        : trials_(trials), plan_(std::move(plan)), ninja_(std::move(ninja)),
          on_progress_(on_progress) {}

    Result<Diagnosis> run();

  private:
    Command ninja(std::vector<std::string> arguments) const {
        return {ninja_, std::move(arguments), plan_.builddir, {}};
    }
    Status build();
    Status look_at_idle_build();
    Status look_at_folder();
    Status look_at_versions();
    Status look_at_watch();
    Status look_at(const ModuleTarget &module);
    Status look_at_cache();
    Status look_at_bindings(const ModuleTarget &module, LibraryFacts &library);
    Status time(const LibraryCommands &commands, ModuleFacts &module);
    std::unordered_map<std::string, Microseconds> durations() const;

    TimedCommands &trials_;
    const RunPlan plan_;
    const std::string ninja_;
    const std::function<void(const std::string &)> &on_progress_;
    LinuxFileSystem files_;
    DwarfTypeReader types_{DwarfTypeReader::Statics::kRead};
    DlLibraryLoader loader_;
    std::string compdb_;
    FolderFacts folder_;
    std::vector<ModuleFacts> modules_;
    Diagnosis diagnosis_;
};

// What ninja or a compiler said of the first thing that is wrong.
std::string first_error(const std::string &output) {
    const std::size_t at = output.find("error: ");
    if (at == std::string::npos)
        return "";
    const std::size_t begin = output.rfind('\n', at) + 1; // 0 if there is none
    return " (" + output.substr(begin, output.find('\n', at) - begin) + ")";
}

// A run that is at work there builds by itself.
Status Examination::build() {
    const bool is_built = std::ranges::all_of(plan_.targets.modules, [&](const auto &module) {
        return files_.timestamp(module.library).has_value();
    });
    if (is_built && run_in(plan_.builddir))
        return Done{};
    on_progress_("building");
    const auto outcome = trials_.run(ninja(plan_.targets.ninja_targets));
    if (!outcome)
        return outcome.error();
    if (outcome->exit_status != 0)
        return Error{ErrorKind::kFailed,
                     "the build of " + plan_.target_names.front() +
                         " failed, and what can't be built can't be examined" +
                         first_error(outcome->output) + "; see ninja -C " + plan_.builddir,
                     0};
    return Done{};
}

// Of "[1/2] Generating version.h" what is behind the bracket.
std::string first_step(const std::string &output) {
    const std::size_t begin = output.find("] ");
    return begin == std::string::npos
               ? output.substr(0, output.find('\n'))
               : output.substr(begin + 2, output.find('\n', begin) - begin - 2);
}

Status Examination::look_at_idle_build() {
    on_progress_("timing a build with nothing to do");
    std::vector<std::string> only_say = {"-n"};
    std::ranges::copy(plan_.targets.ninja_targets, std::back_inserter(only_say));
    const auto said = trials_.run(ninja(only_say));
    if (!said)
        return said.error();
    const bool is_stale =
        said->exit_status == 0 && said->output.find(kNothingToDo) == std::string::npos;
    if (is_stale && run_in(plan_.builddir))
        return Done{}; // it may be in the middle of a build
    if (is_stale) {
        folder_.stale = first_step(said->output);
        const auto outcome = trials_.run(ninja(plan_.targets.ninja_targets));
        if (!outcome)
            return outcome.error();
        diagnosis_.idle_build = {outcome->duration, outcome->duration};
        return Done{};
    }
    const auto runs = compare_runs(trials_, {ninja(only_say)});
    if (!runs)
        return runs.error();
    diagnosis_.idle_build = runs->front().value_or(RunTime{});
    return Done{};
}

Status Examination::look_at_versions() {
    const auto version = trials_.run(ninja({"--version"}));
    if (!version)
        return version.error();
    folder_.ninja_version = version->output.substr(0, version->output.find('\n'));
    const auto text = files_.read(plan_.builddir + "/meson-info/meson-info.json", 0);
    boost::system::error_code error;
    const boost::json::value info = boost::json::parse(text ? *text : "", error);
    if (!error) {
        const boost::json::value *full = info.find_pointer("/meson_version/full", error);
        if (full != nullptr && full->is_string())
            folder_.meson_version = full->as_string();
    }
    return Done{};
}

// As a run does it.
Status Examination::look_at_watch() {
    const Result<WatchSet> set = watch_set(plan_.builddir, plan_.target_names);
    if (!set)
        return set.error();
    folder_.watched_count = set->files.size();
    AsioEventLoop loop;
    const auto watcher = InotifyWatcher::create(
        loop.io(), [](const std::vector<std::string> &) {}, silent_file_system);
    if (!watcher) {
        folder_.unwatched_why = watcher.error();
        folder_.unwatched_count = set->files.size();
        return Done{};
    }
    const Watcher::Unwatched unwatched = (*watcher)->watch({set->files.begin(), set->files.end()});
    folder_.unwatched_count = unwatched.files.size();
    folder_.unwatched_why = unwatched.why;
    if (!unwatched.files.empty())
        folder_.source_system = silent_file_system(*unwatched.files.begin());
    return Done{};
}

Status Examination::look_at_folder() {
    on_progress_("looking at the build folder");
    folder_.builddir = plan_.builddir;
    folder_.file_system = silent_file_system(plan_.builddir);
    for (const ModuleTarget &module : plan_.targets.modules)
        folder_.can_be_written &=
            files_.can_create_in(std::filesystem::path(module.library).parent_path().string());
    if (const Status looked = look_at_versions(); !looked)
        return looked;
    return look_at_watch();
}

Status Examination::look_at_bindings(const ModuleTarget &module, LibraryFacts &library) {
    if (!trials_.has_program("ldd"))
        return Done{};
    const auto outcome = trials_.run({"ldd", {"-r", module.library}, plan_.builddir, {}});
    if (!outcome)
        return outcome.error();
    add_bindings(outcome->output, library);
    return Done{};
}

// By ninja's log, of each output.
std::unordered_map<std::string, Microseconds> Examination::durations() const {
    std::unordered_map<std::string, Microseconds> durations;
    if (const auto log = files_.read(plan_.builddir + "/.ninja_log", 0)) {
        for (const BuiltEdge &edge : parse_ninja_log(*log))
            durations[edge.output] = edge.duration;
    }
    return durations;
}

Status Examination::time(const LibraryCommands &commands, ModuleFacts &module) {
    const bool compressed = module.library.has_compressed_debug;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets it
    const bool uses_cache =
        std::getenv("CCACHE_DISABLE") == nullptr && trials_.has_program("ccache");
    CompileTrials compile_trials(trials_, files_, {uses_cache, compressed});
    auto took = durations(); // those that the log does not name come last
    std::vector<BuildCommand> compiles = commands.compiles;
    std::ranges::stable_sort(compiles, std::ranges::greater(),
                             [&](const BuildCommand &each) { return took[each.output]; });
    Microseconds all{};
    for (const BuildCommand &compile : compiles)
        all += took[compile.output] == Microseconds() ? kLongCompiles : took[compile.output];
    for (const BuildCommand &compile :
         std::span(compiles).first(std::min(compiles.size(), kSourceCount))) {
        on_progress_("timing ways to compile " + compile.input);
        auto times = compile_trials.measure(compile);
        if (!times)
            return times.error();
        if (!*times)
            continue;
        (*times)->module = module.library.module;
        module.compiles.push_back(std::move(**times));
        if (module.compiles.back().whole.least >= kLongCompile)
            break;
    }
    module.is_link_optimised = std::ranges::any_of(
        commands.link.words, [](const auto &word) { return word.starts_with(kLto); });
    on_progress_("timing linkers on " + module.library.module);
    LinkOptions options{.has_compressed_debug = compressed};
    if (module.is_link_optimised && all < kLongCompiles)
        options.compiles = std::move(compiles);
    auto link = measure_link(trials_, commands.link, options);
    if (!link)
        return link.error();
    module.link = std::move(*link);
    if (module.link)
        module.link->module = module.library.module;
    return Done{};
}

Status Examination::look_at(const ModuleTarget &module) {
    on_progress_("reading " + module.library);
    ModuleFacts facts;
    facts.library = library_facts(files_, types_, &loader_, module);
    if (const Status looked = look_at_bindings(module, facts.library); !looked)
        return looked;
    const Result<LibraryCommands> commands = library_commands(compdb_, module.library);
    if (!commands)
        return commands.error();
    if (!commands->link.words.empty()) {
        if (const Status timed = time(*commands, facts); !timed)
            return timed;
    }
    modules_.push_back(std::move(facts));
    return Done{};
}

// What the user's ccache has been good for, if a source goes by way of it.
Status Examination::look_at_cache() {
    const bool is_used = std::ranges::any_of(modules_, [](const ModuleFacts &module) {
        return std::ranges::any_of(
            module.compiles, [](const CompileTimes &times) { return times.cached.has_value(); });
    });
    if (!is_used)
        return Done{};
    const auto outcome = trials_.run({"ccache", {"--print-stats"}, plan_.builddir, {}});
    if (!outcome)
        return outcome.error();
    if (outcome->exit_status == 0)
        folder_.cache = parse_cache_use(outcome->output);
    return Done{};
}

Result<Diagnosis> Examination::run() {
    for (const auto part :
         {&Examination::build, &Examination::look_at_idle_build, &Examination::look_at_folder}) {
        if (const Status looked = (this->*part)(); !looked)
            return looked.error();
    }
    auto compdb = trials_.run(ninja({"-t", "compdb", "-x"}));
    if (!compdb)
        return compdb.error();
    compdb_ = std::move(compdb->output);
    for (const ModuleTarget &module : plan_.targets.modules) {
        if (const Status looked = look_at(module); !looked)
            return looked.error();
    }
    if (const Status looked = look_at_cache(); !looked)
        return looked.error();
    diagnosis_.builddir = plan_.builddir;
    diagnosis_.targets = plan_.target_names;
    diagnosis_.findings = find(folder_, diagnosis_.idle_build, modules_);
    diagnosis_.cache = folder_.cache;
    for (ModuleFacts &module : modules_) {
        std::ranges::move(module.compiles, std::back_inserter(diagnosis_.compiles));
        if (module.link)
            diagnosis_.links.push_back(std::move(*module.link));
    }
    return std::move(diagnosis_);
}

} // namespace

Result<Diagnosis> diagnose(const std::string &builddir, const std::vector<std::string> &targets,
                           const std::function<void(const std::string &)> &on_progress) {
    Options options;
    options.builddir = builddir;
    options.targets = targets;
    Result<RunPlan> plan = make_run_plan(LinuxFileSystem(), options, executable_path);
    if (!plan)
        return plan.error();
    const Result<std::string> program = find_ninja();
    if (!program)
        return program.error();
    const Result<std::unique_ptr<TimedCommands>> trials = TimedCommands::create();
    if (!trials)
        return trials.error();
    return Examination(**trials, std::move(*plan), *program, on_progress).run();
}

} // namespace hotrun
