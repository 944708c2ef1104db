#include "core/time_findings.hpp"

#include "control/cost_text.hpp"
#include "core/compared_runs.hpp"
#include "core/sentence.hpp"

#include <algorithm>
#include <filesystem>

namespace hotrun {

namespace {

using namespace std::chrono_literals;

constexpr Microseconds kLongIdleBuild = 200ms;
constexpr Microseconds kHeavyHeader = 100ms;
constexpr int kHeavyPart = 4; // of the compilation
constexpr std::size_t kHeadersTold = 3;

std::string name_of(const std::string &path) {
    return std::filesystem::path(path).filename().string();
}

// "now 95 ms, 59 ms with …"
std::string from_to(const RunTime &now, const RunTime &other, const std::string &with) {
    return cost_text(now.median) + " now, " + cost_text(other.median) + " " + with;
}

// A way to compile, of which the source is told that gains most by it.
class CompileFinder {
  public:
    CompileFinder(const ModuleFacts &module, std::vector<Finding> &findings)
        : module_(module), findings_(findings) {}

    using Times = const CompileTimes &;

    // `other` is shorter than `now`, or none.
    template <typename Now, typename Other, typename Describe>
    void add(Now now, Other other, Describe describe) {
        const CompileTimes *worst = nullptr;
        std::optional<Microseconds> most;
        for (const CompileTimes &times : module_.compiles) {
            const std::optional<RunTime> before = now(times);
            const auto gained =
                before ? gain(*before, other(times), whole_of(times)) : std::nullopt;
            if (gained && (!most || *gained > *most)) {
                worst = &times;
                most = gained;
            }
        }
        if (worst == nullptr)
            return;
        Finding finding = describe(*worst);
        finding.module = module_.library.module;
        finding.cost = from_to(*now(*worst), *other(*worst), finding.cost);
        finding.cost_time = most;
        findings_.push_back(std::move(finding));
    }

  private:
    Microseconds whole_of(Times times) const {
        return times.whole.least + (module_.link ? module_.link->whole.least : Microseconds(0));
    }

    const ModuleFacts &module_;
    std::vector<Finding> &findings_;
};

// The source is compiled once more for it at each save.
std::optional<RunTime> worthwhile_preamble(const CompileTimes &times) {
    const bool is_worth_it = times.preamble && 2 * times.whole.median >= 3 * times.preamble->median;
    return is_worth_it ? times.preamble : std::nullopt;
}

// ", as were 9 of 10 compilations before"
std::string misses_text(const std::optional<CacheUse> &cache) {
    const std::uint64_t asked_count = cache ? cache->hit_count + cache->miss_count : 0;
    if (asked_count == 0)
        return "";
    return ", as were " + std::to_string(cache->miss_count) + " of " + std::to_string(asked_count) +
           " compilations before";
}

void add_compiles(const ModuleFacts &module, const FolderFacts &folder,
                  std::vector<Finding> &findings) {
    using Times = const CompileTimes &;
    CompileFinder finder(module, findings);
    const auto whole = [](Times times) { return std::optional(times.whole); };
    const std::string configure = "meson configure " + folder.builddir + " ";
    finder.add(
        whole, [](Times times) { return times.precompiled; },
        [&](Times times) {
            return Finding{.code = "no_precompiled_header",
                           .message = name_of(times.source) +
                                      " compiles its system headers anew each time",
                           .cost = "with them precompiled",
                           .remedy = "give the target a cpp_pch (c_pch in C) that includes " +
                                     listed(times.system_headers, 8, times.system_headers.size())};
        });
    finder.add(whole, worthwhile_preamble, [&](Times times) {
        return Finding{.code = "no_preamble",
                       .message = name_of(times.source) +
                                  " begins with headers that are the same at each save",
                       .cost = "with them precompiled",
                       .remedy = "start hotrun with --preamble on, which precompiles them ahead "
                                 "of a save"};
    });
    finder.add(
        whole, [](Times times) { return times.unoptimised; },
        [&](Times times) {
            return Finding{.code = "optimised",
                           .message =
                               name_of(times.source) + " is compiled with " + times.optimisation,
                           .cost = "with -O0",
                           .remedy = configure + "-Doptimization=0, as long as you edit"};
        });
    finder.add(
        whole, [](Times times) { return times.part; },
        [&](Times times) {
            return Finding{.code = "unity_build",
                           .message = name_of(times.source) + " is " +
                                      std::to_string(times.part_count) +
                                      " sources: a save of one compiles all of them",
                           .cost = "for the largest of them alone",
                           .remedy = configure + "-Dunity=off"};
        });
    finder.add([](Times times) { return times.cached; }, whole,
               [&](Times times) {
                   return Finding{.code = "ccache",
                                  .message = "ccache looks for what it can't know: a save of " +
                                             name_of(times.source) + " is new to it" +
                                             misses_text(folder.cache),
                                  .cost = "without it",
                                  .remedy = "start hotrun with CCACHE_DISABLE=1"};
               });
    finder.add(
        whole, [](Times times) { return times.uncompressed; },
        [&](Times times) {
            return Finding{.code = "compressed_debug_info",
                           .message = "the debug information of " + name_of(times.source) +
                                      " is compressed",
                           .cost = "with -gz=none",
                           .remedy = "take -gz out of the compiler's arguments, or add -gz=none"};
        });
}

// Of all sources that one where the heaviest header takes most.
void add_headers(const ModuleFacts &module, std::vector<Finding> &findings) {
    const CompileTimes *worst = nullptr;
    for (const CompileTimes &times : module.compiles) {
        if (times.headers.empty() || times.headers.front().alone < kHeavyHeader ||
            times.headers.front().alone < times.whole.least / kHeavyPart)
            continue;
        if (worst == nullptr || times.headers.front().alone > worst->headers.front().alone)
            worst = &times;
    }
    if (worst == nullptr)
        return;
    std::string headers;
    for (std::size_t i = 0; i < std::min(worst->headers.size(), kHeadersTold); ++i)
        headers += (i == 0 ? "" : ", ") + worst->headers[i].name + " " +
                   cost_text(worst->headers[i].alone);
    const std::string front_end = worst->front_end ? ", of which reading and checking is " +
                                                         cost_text(worst->front_end->median)
                                                   : "";
    findings.push_back(
        {.code = "heavy_headers",
         .module = module.library.module,
         .message = name_of(worst->source) + " takes " + cost_text(worst->whole.median) +
                    front_end + "; its heaviest headers, each alone: " + headers,
         .cost = cost_text(worst->headers.front().alone) + " for " + worst->headers.front().name,
         .cost_time = worst->headers.front().alone,
         .remedy = "precompile them, or move what needs them into a source that "
                   "you edit less"});
}

void add_linkers(const ModuleFacts &module, const LinkTimes &link, const std::string &builddir,
                 std::vector<Finding> &findings) {
    Microseconds slowest{};
    for (const CompileTimes &times : module.compiles)
        slowest = std::max(slowest, times.whole.least);
    const Microseconds whole = link.whole.least + slowest;
    const LinkerTime *best = nullptr;
    std::string tried;
    for (const LinkerTime &other : link.others) {
        if (!other.time)
            continue;
        tried += ", " + other.name + " " + cost_text(other.time->median);
        if (gain(link.whole, other.time, whole) &&
            (best == nullptr || other.time->least < best->time->least))
            best = &other;
    }
    if (best != nullptr)
        findings.push_back(
            {.code = "slow_linker",
             .module = module.library.module,
             .message = "the module " + module.library.module + " is linked by " +
                        (link.linker.empty() ? "the compiler's own linker" : link.linker) + " in " +
                        cost_text(link.whole.median) + tried,
             .cost = from_to(link.whole, *best->time, "with " + best->name),
             .cost_time = gain(link.whole, best->time, whole),
             .remedy = "CC_LD=" + best->name + " CXX_LD=" + best->name + " meson setup --wipe " +
                       builddir});
    if (const auto gained = gain(link.whole, link.uncompressed, whole))
        findings.push_back(
            {.code = "compressed_debug_info",
             .module = module.library.module,
             .message = "the linker compresses the debug information of " + module.library.module,
             .cost = from_to(link.whole, *link.uncompressed, "with -gz=none"),
             .cost_time = gained,
             .remedy = "take -gz out of the link_args"});
}

RunTime sum(const RunTime &a, const RunTime &b) {
    return {a.median + b.median, a.least + b.least};
}

// Compiling takes less with it and linking takes more: what counts is both.
void add_lto(const ModuleFacts &module, const LinkTimes &link, const std::string &builddir,
             std::vector<Finding> &findings) {
    Finding finding{.code = "lto",
                    .module = module.library.module,
                    .message = "the module " + module.library.module +
                               " is optimised as a whole when it is linked (-flto), "
                               "whichever file was saved",
                    .cost = cost_text(link.whole.median) + " for each link",
                    .remedy = "meson configure " + builddir + " -Db_lto=false"};
    if (link.without_lto) {
        RunTime now = link.whole;
        RunTime other = *link.without_lto;
        std::string saved;
        for (const CompileTimes &times : module.compiles) {
            const RunTime with_source = sum(link.whole, times.whole);
            if (!times.without_lto || with_source.least <= now.least)
                continue;
            now = with_source;
            other = sum(*link.without_lto, *times.without_lto);
            saved = name_of(times.source);
        }
        finding.cost_time = gain(now, other, now.least);
        if (!finding.cost_time)
            return;
        finding.cost = from_to(now, other, "without it") +
                       (saved.empty() ? ", for each link" : ", for a save of " + saved);
    }
    findings.push_back(std::move(finding));
}

} // namespace

void add_idle_build(const FolderFacts &folder, const RunTime &idle_build,
                    std::vector<Finding> &findings) {
    if (!folder.stale.empty())
        findings.push_back(
            {.code = "always_stale",
             .message =
                 "ninja finds work at each build though nothing has changed: " + folder.stale,
             .cost = cost_text(idle_build.median) + " for nothing",
             .cost_time = idle_build.least,
             .remedy = "let that command write its output only where it is another "
                       "one, or not be build_always_stale"});
    else if (idle_build.least >= kLongIdleBuild)
        findings.push_back(
            {.code = "slow_ninja",
             .message = "ninja needs long to see what has changed in " + folder.builddir,
             .cost = cost_text(idle_build.median) + " with nothing to do",
             .cost_time = idle_build.least,
             .remedy = "set up a build folder with less in it: without tests, and "
                       "what else you don't edit"});
}

void add_times(const ModuleFacts &module, const FolderFacts &folder,
               std::vector<Finding> &findings) {
    add_compiles(module, folder, findings);
    add_headers(module, findings);
    if (!module.link)
        return;
    add_linkers(module, *module.link, folder.builddir, findings);
    if (module.is_link_optimised)
        add_lto(module, *module.link, folder.builddir, findings);
}

} // namespace hotrun
