// The files of a new project.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

enum class Language { kCpp, kC };

struct NewFile {
    std::string path; // in the project's folder
    std::string text;
};

// What a project in a folder of that name is called: Meson and ninja take it for a target's name.
std::string project_name(std::string_view folder);

std::vector<NewFile> new_project(const std::string &name, Language language);

// The headers of a module, as the subproject hotrun.
std::vector<NewFile> headers_subproject(const std::string &subproject_folder);

} // namespace hotrun
