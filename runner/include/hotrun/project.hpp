// A project and its build folder, the way the hotrun command finds them, and what it watches there.
#pragma once

#include "hotrun/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

struct Project {
    std::string root;     // the folder of the project's own meson.build
    std::string builddir; // where the build folder is, or is to be
    bool set_up = false;  // false: there is none yet
};

// The project that `directory` lies in, and its build folder: `builddir` if that is not empty, else
// `directory` if it is one, else the only one under the project's root, else "build" there, not yet
// set up.
Result<Project> find_project(const std::string &directory, const std::string &builddir);

// All build folders that find_project() would choose from; empty: there is none yet.
Result<std::vector<std::string>> find_build_folders(const std::string &directory,
                                                    const std::string &builddir);

// The build folder that the file lies in; empty: in none.
std::string build_folder_of(const std::string &file);

// Runs `meson setup` with the project's defaults; its output goes to standard error.
Status set_up_build_folder(const Project &project);

// A library of the project's own that could be a hot module.
struct ProjectLibrary {
    std::string name;
    bool is_module = false;             // a shared_module, not a shared_library
    std::string defined_in;             // the meson.build
    std::vector<std::string> sources;   // absolute
    std::vector<std::string> arguments; // of the compiler; empty: not known without a build folder
};

// As the build folder has them; where there is none, or meson.build is newer than what that knows,
// as `meson introspect` reads meson.build.
Result<std::vector<ProjectLibrary>> project_libraries(const Project &project);

// What a run watches: exactly the files whose change makes `ninja TARGET` do work.
struct WatchSet {
    std::string builddir;             // canonical
    std::vector<std::string> targets; // as the user knows them
    std::vector<std::string> files;   // absolute, without links, sorted
    // So many outputs have never been built: which headers they are made of is not known yet, and
    // `files` lacks those.
    std::size_t unread_count = 0;
};

// `targets` as in Options (hotrun/runner.hpp). Starts ninja, and disturbs neither a run nor a build
// in the folder.
Result<WatchSet> watch_set(const std::string &builddir, const std::vector<std::string> &targets);

// What a recording says of the project that it was made in.
struct RecordedProject {
    std::string module;
    std::string builddir; // empty: there was none
};

// Of Options::record; an Error also if it is damaged, or is none.
Result<RecordedProject> recorded_project(const std::string &file);

// The process of the run that works in the build folder; none: there is no run.
std::optional<int> run_in(const std::string &builddir);

} // namespace hotrun
