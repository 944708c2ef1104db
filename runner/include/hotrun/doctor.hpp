// What slows the way from a save to live, or makes a reload fail, and what each of that costs.
#pragma once

#include "hotrun/events.hpp"
#include "hotrun/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

// The time of a command that was run several times.
struct RunTime {
    Microseconds median{};
    Microseconds least{}; // what the others have on top of it is the machine's
};

struct Finding {
    std::string code;        // one word for programs: "slow_linker"
    std::string module = {}; // empty: it is the build folder's
    std::string message = {};
    std::string cost = {};                      // as measured, in words
    std::optional<Microseconds> cost_time = {}; // that the remedy saves; none: no time
    std::string remedy = {};
};

// A header that a source includes, and what the compiler takes for it where it is alone.
struct HeaderTime {
    std::string name;      // as the source spells it
    std::size_t bytes = 0; // with all that it includes
    Microseconds alone{};
};

// What was measured of one source. Nothing was measured where there is no value.
struct CompileTimes {
    std::string module;
    std::string source; // as the compiler's command names it
    RunTime whole;
    std::optional<RunTime> front_end; // reading and checking alone
    std::optional<RunTime> unoptimised;
    std::optional<RunTime> precompiled;  // with a precompiled header of `system_headers`
    std::optional<RunTime> preamble;     // with the includes precompiled that it begins with
    std::optional<RunTime> cached;       // by way of ccache, which does not know the source yet
    std::optional<RunTime> uncompressed; // debug information
    std::optional<RunTime> without_lto;
    std::optional<RunTime> part;     // the largest file of a unity source, alone
    std::vector<HeaderTime> headers; // the heaviest ones
    std::vector<std::string> system_headers;
    std::string optimisation;   // "-O2"; empty: none
    std::size_t part_count = 0; // of a unity source
};

struct LinkerTime {
    std::string name;
    bool installed = false;
    std::optional<RunTime> time; // none: it can't link this
};

struct LinkTimes {
    std::string module;
    std::string linker; // the one of the build folder; empty: the compiler's choice
    RunTime whole;
    std::vector<LinkerTime> others;
    std::optional<RunTime> uncompressed;     // debug information
    std::optional<RunTime> without_lto = {}; // of objects that are compiled without it
};

// What ccache was asked for since its figures began.
struct CacheUse {
    std::uint64_t hit_count = 0;
    std::uint64_t miss_count = 0;
};

struct Diagnosis {
    std::string builddir; // canonical
    std::vector<std::string> targets;
    std::vector<Finding> findings; // first what makes reloads fail, then by what it costs
    RunTime idle_build;            // ninja with nothing to do
    std::vector<CompileTimes> compiles;
    std::vector<LinkTimes> links;
    std::optional<CacheUse> cache; // none: no source is compiled by way of ccache
};

// `targets` as in Options (hotrun/runner.hpp). Has ninja build them if that is to be done, and runs
// the commands of that build again, with their output in a temporary folder which is removed.
// SIGINT, SIGTERM and SIGHUP end it, as an Error with the code EINTR. `on_progress` is told what is
// measured next.
Result<Diagnosis> diagnose(const std::string &builddir, const std::vector<std::string> &targets,
                           const std::function<void(const std::string &)> &on_progress);

} // namespace hotrun
