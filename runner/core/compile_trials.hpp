// How long a source takes to compile, and how long it would take otherwise.
#pragma once

#include "core/build_commands.hpp"
#include "core/file_system.hpp"
#include "core/included_headers.hpp"
#include "core/trials.hpp"
#include "hotrun/doctor.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

class CompileTrials {
  public:
    struct Options {
        bool uses_cache = false;           // ccache is at work where it is the compiler
        bool has_compressed_debug = false; // the library's debug information is
    };

    CompileTrials(Trials &trials, const FileSystem &files, Options options)
        : trials_(trials), files_(files), options_(options) {}

    // None: the source does not compile by itself, or writes more than an object.
    Result<std::optional<CompileTimes>> measure(const BuildCommand &compile);

  private:
    // What is run, and where its time belongs.
    struct Variant {
        Command command;
        std::optional<RunTime> CompileTimes::*time = nullptr;
    };

    std::string absolute_path(const std::string &path) const;
    Command to_command(const CompilerCall &call) const;
    Result<std::vector<IncludedHeader>> included(const CompilerCall &call);
    Result<std::optional<CompilerCall>> precompiled(const CompilerCall &call, const char *name,
                                                    const std::string &includes);
    Status add_precompiled(const CompilerCall &call, const char *name, const std::string &includes,
                           std::optional<RunTime> CompileTimes::*time,
                           std::vector<Variant> &variants);
    std::string preamble_of(const CompilerCall &call) const;
    std::optional<Command> cached(const CompilerCall &call) const;
    std::vector<Variant> variants(const CompilerCall &call, CompileTimes &times) const;
    void add_part(const CompilerCall &call, CompileTimes &times,
                  std::vector<Variant> &variants) const;
    Status measure_headers(const CompilerCall &call, const std::vector<IncludedHeader> &headers,
                           CompileTimes &times);

    Trials &trials_;
    const FileSystem &files_;
    const Options options_;
    std::string directory_; // of the command that is measured
};

// From what `ccache --print-stats` prints.
CacheUse parse_cache_use(std::string_view statistics);

} // namespace hotrun
