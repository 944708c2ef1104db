#include "e2e/hotmaths_project.hpp"

#include "e2e/set_up_project.hpp"

#include <fstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace hotrun::e2e {

HotmathsProject::HotmathsProject() : root_(fs::path(folder_.path()) / "ma ths \u00e9") {
    fs::create_directories(root_);
    for (const char *name : {"hotmaths.cpp", "hotmaths.h"})
        fs::copy_file(fs::path(HOTMATHS_SOURCES) / name, root_ / name);
    write("meson.build", "project('example', 'cpp')\n"
                         "lib = shared_module('hotmaths', 'hotmaths.cpp', include_directories: "
                         "include_directories('" HOTRUN_INCLUDE "'))\n"
                         "alias_target('hotmaths', lib)\n");
    set_up_project({"meson", "setup", "build"}, root_.string(), folder_.path());
    fs::copy_file(HOTMATHS_HOST, root_ / "build/hotmaths-host");
}

std::string HotmathsProject::read(const std::string &name) const {
    std::ifstream file(root_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
}

void HotmathsProject::write(const std::string &name, const std::string &text) const {
    std::ofstream(root_ / name) << text;
}

void HotmathsProject::replace(const std::string &old_text, const std::string &new_text) const {
    std::string text = read("hotmaths.cpp");
    const std::size_t at = text.find(old_text);
    if (at == std::string::npos || text.find(old_text, at + 1) != std::string::npos)
        throw std::logic_error("hotmaths.cpp has not exactly one \"" + old_text + "\"");
    write("hotmaths.cpp", text.replace(at, old_text.size(), new_text));
}

} // namespace hotrun::e2e
