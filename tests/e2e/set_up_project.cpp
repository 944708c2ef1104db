#include "e2e/set_up_project.hpp"

#include "e2e/test_project.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

namespace fs = std::filesystem;

namespace hotrun::e2e {

namespace {

struct SetUpFolder {
    std::string folder; // the temporary folder that its files name
    std::vector<std::string> folders;
    std::vector<std::pair<std::string, std::string>> files; // build.ninja, the newest, last
};

// Of sources Meson knows the names alone.
bool is_source(const fs::path &file) {
    static const std::set<std::string> kSuffixes = {".c", ".cpp", ".h", ".hpp"};
    return kSuffixes.contains(file.extension().string());
}

// All that the outcome depends on.
std::string recipe_of(const std::vector<std::string> &words, const std::string &root) {
    std::string recipe;
    for (const std::string &word : words)
        recipe += word + '\0';
    for (const char *name : {"CC", "CXX", "CFLAGS", "CXXFLAGS", "NINJA", "PATH"}) {
        const char *value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
        recipe += value == nullptr ? "unset" : "=" + std::string(value);
        recipe += '\0';
    }
    std::set<fs::path> paths;
    for (const auto &entry : fs::recursive_directory_iterator(root))
        paths.insert(entry.path());
    for (const fs::path &path : paths) {
        recipe += path.lexically_relative(root).string() + '\0';
        if (fs::is_symlink(path))
            recipe += fs::read_symlink(path).string() + '\0';
        else if (fs::is_regular_file(path) && !is_source(path))
            recipe += content_of(path.string()) + '\0';
    }
    return recipe;
}

SetUpFolder read_folder(const std::string &builddir, const std::string &folder) {
    SetUpFolder made{folder, {}, {}};
    for (const auto &entry : fs::recursive_directory_iterator(builddir)) {
        const std::string name = entry.path().lexically_relative(builddir).string();
        if (entry.is_directory())
            made.folders.push_back(name);
        else if (name != "build.ninja")
            made.files.emplace_back(name, content_of(entry.path().string()));
    }
    made.files.emplace_back("build.ninja", content_of(builddir + "/build.ninja"));
    return made;
}

// The new path is as long as the other: some files have the lengths of their texts before them.
void write_folder(const SetUpFolder &made, const std::string &builddir, const std::string &folder) {
    fs::create_directories(builddir);
    for (const std::string &name : made.folders)
        fs::create_directories(fs::path(builddir) / name);
    for (const auto &[name, content] : made.files) {
        std::string text = content;
        for (std::size_t at = 0; (at = text.find(made.folder, at)) != std::string::npos;
             at += folder.size())
            text.replace(at, folder.size(), folder);
        std::ofstream(fs::path(builddir) / name, std::ios::binary) << text;
    }
}

} // namespace

void set_up_project(const std::vector<std::string> &words, const std::string &root,
                    const std::string &folder) {
    static std::map<std::string, SetUpFolder> known;
    const std::string builddir = root + "/build";
    if (fs::exists(builddir)) {
        run_command(words, root);
        return;
    }
    const std::string recipe = recipe_of(words, root);
    const auto found = known.find(recipe);
    if (found != known.end() && found->second.folder.size() == folder.size()) {
        write_folder(found->second, builddir, folder);
        return;
    }
    run_command(words, root);
    if (fs::exists(builddir + "/build.ninja"))
        known.insert_or_assign(recipe, read_folder(builddir, folder));
}

} // namespace hotrun::e2e
