#include "init.hpp"

#include "adaptation.hpp"
#include "console_style.hpp"
#include "meson_text.hpp"
#include "new_project.hpp"
#include "terminal.hpp"
#include "text_diff.hpp"

#include "hotrun/project.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace hotrun {

namespace {

namespace fs = std::filesystem;

constexpr int kNothingWritten = 1;

Error cannot(const std::string &what, const std::string &why) {
    return Error{ErrorKind::kFailed, "can't " + what + ": " + why, 0};
}

std::optional<std::string> read_text(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

// A file that is there already stays as it is, and that is an error.
Status write_new_text(const std::string &path, const std::string &text) {
    std::FILE *file = std::fopen(path.c_str(), "wx");
    if (file == nullptr)
        return cannot("write " + path, std::strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (std::fclose(file) == 0 && written)
        return Done{};
    const Error error =
        cannot("write " + path, std::strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    std::remove(path.c_str());
    return error;
}

// The file is the old one until the new one is whole.
Status replace_text(const std::string &path, const std::string &text) {
    std::error_code error;
    const fs::path file = fs::canonical(path, error);
    const fs::path beside = file.string() + ".new";
    if (Status written = write_new_text(beside.string(), text); !written)
        return written;
    fs::permissions(beside, fs::status(file, error).permissions(), error);
    fs::rename(beside, file, error);
    if (!error)
        return Done{};
    std::error_code ignored;
    fs::remove(beside, ignored);
    return cannot("write " + path, error.message());
}

// And each folder above it that is empty then.
void remove_upwards(fs::path path, const fs::path &folder) {
    std::error_code ignored;
    while (path != folder && fs::remove(path, ignored))
        path = path.parent_path();
}

// All of them or none: half a subproject would be taken for a whole one the next time.
Status write_new(const fs::path &folder, const std::vector<NewFile> &files) {
    std::vector<fs::path> written;
    for (const NewFile &file : files) {
        const fs::path path = folder / file.path;
        std::error_code error;
        fs::create_directories(path.parent_path(), error);
        Status done =
            error ? cannot("make the folder " + path.parent_path().string(), error.message())
                  : write_new_text(path.string(), file.text);
        if (!done) {
            for (const fs::path &each : written)
                remove_upwards(each, folder);
            remove_upwards(path.parent_path(), folder);
            return done;
        }
        written.push_back(path);
    }
    return Done{};
}

// Nothing is in it that a new project could be in the way of.
bool is_free(const fs::path &folder) {
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    return error == std::errc::no_such_file_or_directory ||
           (!error &&
            std::all_of(begin(entries), end(entries), [](const fs::directory_entry &entry) {
                return entry.path().filename() == ".git";
            }));
}

bool is_in_project(fs::path folder) {
    std::error_code ignored;
    while (!fs::exists(folder / "meson.build", ignored)) {
        if (folder == folder.parent_path())
            return false;
        folder = folder.parent_path();
    }
    return true;
}

Result<int> make_project(const fs::path &folder, const std::string &as_given, bool in_c) {
    const std::string name = project_name(folder.filename().string());
    const Language language = in_c ? Language::kC : Language::kCpp;
    if (const Status written = write_new(folder, new_project(name, language)); !written)
        return written.error();
    std::printf("hotrun: %s is a new project\n\n", name.c_str());
    if (!as_given.empty())
        std::printf("    cd %s\n", as_given.c_str());
    std::printf("    hotrun\n\nEdit src/%s while that runs; README.md says what to try.\n",
                in_c ? "module.c" : "module.cpp");
    return 0;
}

void print_diff(const ChangedFile &file, bool in_color) {
    std::string diff = unified_diff(file.path, file.before, file.after);
    for (std::string_view rest = diff; !rest.empty();) {
        const std::string line(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(line.size() + 1);
        const char *color = !in_color               ? ""
                            : line.starts_with("+") ? "\x1b[32m"
                            : line.starts_with("-") ? "\x1b[31m"
                                                    : "";
        std::printf("%s%s%s\n", color, line.c_str(), *color == '\0' ? "" : "\x1b[0m");
    }
}

bool is_yes(const Arguments &arguments) {
    if (arguments.yes)
        return true;
    if (!is_terminal(stdin) || !is_terminal(stdout)) {
        std::puts("hotrun: nothing is written; say --yes to have it written");
        return false;
    }
    std::printf("Write this? [y/N] ");
    std::fflush(stdout);
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

// The subproject hotrun, unless the project has one.
std::vector<NewFile> missing_headers(const fs::path &root) {
    const std::string meson = read_text((root / "meson.build").string()).value_or("");
    const std::string folder = subproject_folder(meson);
    std::error_code ignored;
    if (fs::exists(root / folder / "hotrun", ignored) ||
        fs::exists(root / folder / "hotrun.wrap", ignored))
        return {};
    return headers_subproject(folder);
}

Result<int> adapt_project(const Project &project, const Arguments &arguments) {
    if (arguments.in_c)
        return Error{ErrorKind::kMisuse,
                     project.root + " is a project already, and --c is for a new one", 0};
    const Result<std::vector<ProjectLibrary>> libraries = project_libraries(project);
    if (!libraries)
        return libraries.error();
    const Result<Adaptation> adaptation = adapt(*libraries, arguments.target, read_text);
    if (!adaptation)
        return adaptation.error();
    if (adaptation->changed.empty()) {
        std::printf("hotrun: %s is a hot module: hotrun %s\n", adaptation->library.c_str(),
                    adaptation->library.c_str());
        return 0;
    }
    const bool in_color = wants_color(ColorChoice::kAuto, stdout);
    for (const ChangedFile &file : adaptation->changed)
        print_diff(file, in_color);
    const std::vector<NewFile> headers =
        adaptation->needs_dependency ? missing_headers(project.root) : std::vector<NewFile>();
    for (const NewFile &file : headers)
        std::printf("new file %s\n", (fs::path(project.root) / file.path).c_str());
    if (!is_yes(arguments))
        return kNothingWritten;
    if (const Status written = write_new(project.root, headers); !written)
        return written.error();
    for (const ChangedFile &file : adaptation->changed) {
        if (const Status written = replace_text(file.path, file.after); !written)
            return written.error();
    }
    std::printf("hotrun: %s is a hot module now: hotrun %s\n", adaptation->library.c_str(),
                adaptation->library.c_str());
    return 0;
}

} // namespace

Result<int> init_project(const Arguments &arguments) {
    const std::string as_given = arguments.paths.empty() ? "" : arguments.paths.front();
    std::error_code error;
    fs::path folder = fs::weakly_canonical(as_given.empty() ? "." : as_given, error);
    if (error)
        return cannot("find " + as_given, error.message());
    if (!folder.has_filename()) // "demo/"
        folder = folder.parent_path();
    if (is_free(folder))
        return make_project(folder, as_given, arguments.in_c);
    if (!fs::is_directory(folder, error))
        return Error{ErrorKind::kMisuse, folder.string() + " is no folder", 0};
    if (!is_in_project(folder))
        return Error{ErrorKind::kMisuse,
                     folder.string() + " is not empty and no Meson project; name a new folder", 0};
    const Result<Project> project = find_project(folder.string(), arguments.builddir);
    return project ? adapt_project(*project, arguments) : project.error();
}

} // namespace hotrun
