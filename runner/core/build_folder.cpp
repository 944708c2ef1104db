#include "core/build_folder.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>

namespace hotrun {

namespace {

constexpr int kSearchDepth = 3; // below the project's root
constexpr std::string_view kDefaultName = "build";
constexpr std::string_view kMesonBuild = "/meson.build";

std::string parent_of(const std::string &folder) {
    return std::filesystem::path(folder).parent_path().string();
}

bool is_project_root(const FileSystem &files, const std::string &folder) {
    const Result<std::string> text = files.read(folder + std::string(kMesonBuild));
    return text && calls_project(*text);
}

bool is_subproject(const FileSystem &files, const std::string &folder) {
    const std::filesystem::path parent = std::filesystem::path(folder).parent_path();
    return parent.filename() == "subprojects" &&
           is_project_root(files, parent.parent_path().string());
}

// The source folder that Meson recorded; empty: none.
std::string source_of(const FileSystem &files, const std::string &builddir) {
    const Result<std::string> text = files.read(builddir + "/meson-info/meson-info.json");
    if (!text)
        return "";
    boost::system::error_code error;
    const boost::json::value info = boost::json::parse(*text, error);
    if (error)
        return "";
    const boost::json::value *source = info.find_pointer("/directories/source", error);
    return source != nullptr && source->is_string() ? std::string(source->as_string()) : "";
}

// The nearest project at or above `directory` that is not a subproject of one further up; a
// project that merely lies in another's folder stays one of its own.
std::string root_above(const FileSystem &files, const std::string &directory) {
    std::string folder = directory;
    while (true) {
        if (is_project_root(files, folder) && !is_subproject(files, folder))
            return folder;
        const std::string parent = parent_of(folder);
        if (parent == folder)
            return "";
        folder = parent;
    }
}

void collect_build_folders(const FileSystem &files, const std::string &folder, int depth,
                           const std::string &root, std::vector<std::string> &found) {
    if (is_build_folder(files, folder)) {
        if (files.canonical(source_of(files, folder)) == root)
            found.push_back(folder);
        return;
    }
    Result<std::vector<std::string>> names = files.list(folder);
    if (depth == 0 || !names)
        return;
    std::sort(names->begin(), names->end());
    for (const std::string &name : *names) {
        const std::string child = folder + "/" + name;
        if (!name.starts_with('.') && name != "subprojects" && files.is_folder(child) &&
            !files.is_link(child))
            collect_build_folders(files, child, depth - 1, root, found);
    }
}

Error several(const std::vector<std::string> &found, const std::string &root) {
    std::string names;
    for (const std::string &folder : found)
        names += (names.empty() ? "" : ", ") + folder;
    return Error{ErrorKind::kMisuse,
                 "the project " + root + " has several build folders (" + names +
                     "); choose one with -C",
                 0};
}

Result<Project> named(const FileSystem &files, const std::string &directory,
                      const std::string &builddir) {
    const std::string path =
        files.canonical((std::filesystem::path(directory) / builddir).lexically_normal().string());
    if (is_build_folder(files, path))
        return Project{source_of(files, path), path, true};
    const std::string root = root_above(files, directory);
    if (root.empty() || files.timestamp(path))
        return Error{ErrorKind::kMisuse,
                     path + " is no build folder of Meson and Ninja; set it up with meson setup",
                     0};
    return Project{root, path, false};
}

struct Candidates {
    std::string root;
    std::vector<std::string> folders;
};

Result<Candidates> find_candidates(const FileSystem &files, const std::string &here) {
    const std::string root = root_above(files, here);
    const std::string folder = build_folder_above(files, here);
    // A project may lie in the build folder of another one.
    if (!folder.empty() && !root.starts_with(folder + "/"))
        return Candidates{source_of(files, folder), {folder}};
    if (root.empty())
        return Error{ErrorKind::kMisuse,
                     "no Meson project at or above " + here +
                         "; go to its folder, or name a build folder with -C",
                     0};
    Candidates candidates{root, {}};
    collect_build_folders(files, root, kSearchDepth, root, candidates.folders);
    return candidates;
}

} // namespace

bool is_build_folder(const FileSystem &files, const std::string &folder) {
    return files.timestamp(folder + "/build.ninja") &&
           files.timestamp(folder + "/meson-info/meson-info.json");
}

std::string build_folder_above(const FileSystem &files, const std::string &folder) {
    std::string at = folder;
    while (!is_build_folder(files, at)) {
        const std::string parent = parent_of(at);
        if (parent == at)
            return "";
        at = parent;
    }
    return at;
}

Result<Project> find_project(const FileSystem &files, const std::string &directory,
                             const std::string &builddir) {
    const std::string here = files.canonical(directory);
    if (!builddir.empty())
        return named(files, here, builddir);
    const Result<Candidates> candidates = find_candidates(files, here);
    if (!candidates)
        return candidates.error();
    const auto &[root, folders] = *candidates;
    if (folders.size() > 1)
        return several(folders, root);
    if (folders.empty())
        return Project{root, root + "/" + std::string(kDefaultName), false};
    return Project{root, folders.front(), true};
}

Result<std::vector<std::string>> find_build_folders(const FileSystem &files,
                                                    const std::string &directory,
                                                    const std::string &builddir) {
    const std::string here = files.canonical(directory);
    if (!builddir.empty()) {
        const Result<Project> project = named(files, here, builddir);
        if (!project)
            return project.error();
        return std::vector<std::string>(project->set_up ? 1 : 0, project->builddir);
    }
    Result<Candidates> candidates = find_candidates(files, here);
    if (!candidates)
        return candidates.error();
    return std::move(candidates->folders);
}

// project() has to be the first call of the file that starts a project: only blank lines and
// comments come before it.
bool calls_project(std::string_view text) {
    const auto skip = [&](auto belongs) {
        while (!text.empty() && belongs(text.front()))
            text.remove_prefix(1);
    };
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    for (skip(blank); text.starts_with('#'); skip(blank))
        skip([](char c) { return c != '\n'; });
    if (!text.starts_with("project"))
        return false;
    text.remove_prefix(std::string_view("project").size());
    skip(blank);
    return text.starts_with('(');
}

} // namespace hotrun
