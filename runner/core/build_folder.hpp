// What Meson wrote about a build folder.
#pragma once

#include "core/file_system.hpp"
#include "hotrun/project.hpp"

#include <string>
#include <vector>

namespace hotrun {

// A folder that Meson has set up for Ninja.
bool is_build_folder(const FileSystem &files, const std::string &folder);

// The nearest one at or above `folder`; empty: none.
std::string build_folder_above(const FileSystem &files, const std::string &folder);

// As hotrun/project.hpp says.
Result<Project> find_project(const FileSystem &files, const std::string &directory,
                             const std::string &builddir);

Result<std::vector<std::string>> find_build_folders(const FileSystem &files,
                                                    const std::string &directory,
                                                    const std::string &builddir);

// Does this meson.build call project()?
bool calls_project(std::string_view meson_build);

} // namespace hotrun
