#include "new_project.hpp"

#include "templates.hpp"

#include "hotrun/version.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hotrun {

namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

std::string filled_in(std::string_view text, const Words &words) {
    std::string filled(text);
    for (const auto &[word, value] : words) {
        const std::string place = "{{" + word + "}}";
        for (std::size_t at = filled.find(place); at != std::string::npos;
             at = filled.find(place, at + value.size()))
            filled.replace(at, place.size(), value);
    }
    return filled;
}

void add_group(std::string_view group, const std::string &folder, const Words &words,
               std::vector<NewFile> &files) {
    for (const Template &each : templates()) {
        if (each.group == group)
            files.push_back({folder + std::string(each.path), filled_in(each.text, words)});
    }
}

// Names of targets that mean something else to Meson, or in the new project.
bool is_taken(std::string_view name) {
    constexpr std::array<std::string_view, 17> kTaken = {
        "all",   "benchmark",   "clang-format", "clang-tidy", "clean",    "coverage",
        "dev",   "dist",        "distcheck",    "hotrun",     "install",  "phony",
        "PHONY", "reconfigure", "scan-build",   "test",       "uninstall"};
    return std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end() ||
           name.starts_with("meson-") || name.starts_with("clean-") ||
           name.starts_with("coverage-");
}

} // namespace

std::string project_name(std::string_view folder) {
    std::string name;
    for (const char c : folder) {
        const bool plain =
            c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (plain)
            name += c;
        else if (!name.empty() && name.back() != '-')
            name += '-';
    }
    while (name.ends_with('-'))
        name.pop_back();
    if (name.empty())
        return "demo";
    return is_taken(name) ? "my-" + name : name;
}

std::vector<NewFile> new_project(const std::string &name, Language language) {
    const bool c = language == Language::kC;
    const Words words = {{"name", name},
                         {"module", c ? "module.c" : "module.cpp"},
                         {"main", c ? "main.c" : "main.cpp"},
                         {"precompiled", c ? ""
                                           : "| `pch/module_pch.hpp` | what the module includes, "
                                             "compiled once and not at each save |\n"}};
    std::vector<NewFile> files;
    add_group(c ? "c" : "cpp", "", words, files);
    add_group("common", "", words, files);
    for (NewFile &file : headers_subproject("subprojects"))
        files.push_back(std::move(file));
    return files;
}

std::vector<NewFile> headers_subproject(const std::string &subproject_folder) {
    std::vector<NewFile> files;
    add_group("subproject", subproject_folder + "/hotrun/", {{"version", HOTRUN_VERSION}}, files);
    return files;
}

} // namespace hotrun
