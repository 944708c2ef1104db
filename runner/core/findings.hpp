// From what was measured to what is worth telling.
#pragma once

#include "core/library_facts.hpp"
#include "hotrun/doctor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hotrun {

struct FolderFacts {
    std::string builddir;
    std::string file_system;       // of the build folder, if it is one on a network; else empty
    std::string source_system;     // of the sources, likewise
    bool can_be_written = true;    // where the libraries are
    std::size_t watched_count = 0; // files
    std::size_t unwatched_count = 0;
    std::optional<Error> unwatched_why;
    std::string meson_version; // empty: not known
    std::string ninja_version;
    std::optional<CacheUse> cache;
    std::string stale; // what ninja does though nothing has changed; empty: nothing
};

struct ModuleFacts {
    LibraryFacts library;
    bool is_link_optimised = false; // -flto
    std::vector<CompileTimes> compiles;
    std::optional<LinkTimes> link;
};

// First what makes reloads fail, then by what it costs. Of several sources with one trouble the one
// that it costs most is told.
std::vector<Finding> find(const FolderFacts &folder, const RunTime &idle_build,
                          const std::vector<ModuleFacts> &modules);

} // namespace hotrun
