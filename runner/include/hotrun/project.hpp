// Finding the project and its build folder, the way the hotrun command does.
#pragma once

#include "hotrun/result.hpp"

#include <string>

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

// Runs `meson setup` with the project's defaults; its output goes to standard error.
Status set_up_build_folder(const Project &project);

} // namespace hotrun
