#include "hotrun/project.hpp"

#include "core/build_folder.hpp"
#include "core/targets.hpp"
#include "linux/linux_file_system.hpp"
#include "linux/spawn_command_runner.hpp"

#include <filesystem>

namespace hotrun {

Result<Project> find_project(const std::string &directory, const std::string &builddir) {
    return find_project(LinuxFileSystem(), directory, builddir);
}

Result<std::vector<std::string>> find_build_folders(const std::string &directory,
                                                    const std::string &builddir) {
    return find_build_folders(LinuxFileSystem(), directory, builddir);
}

std::string build_folder_of(const std::string &file) {
    const LinuxFileSystem files;
    std::error_code error;
    const std::string path = std::filesystem::absolute(file, error).string();
    return build_folder_above(files, files.canonical(path.substr(0, path.rfind('/'))));
}

namespace {

Result<std::string> find_meson() {
    std::string meson = find_program({"meson"});
    if (meson.empty())
        return Error{ErrorKind::kFailed, "can't find meson in PATH; install meson", 0};
    return meson;
}

Result<std::string> intro_targets(const Project &project) {
    const LinuxFileSystem files;
    const std::string file = project.root + "/meson.build";
    const std::string intro = project.builddir + "/meson-info/intro-targets.json";
    const std::optional<Timestamp> written = files.timestamp(file);
    const std::optional<Timestamp> read = files.timestamp(intro);
    if (written && read && written->mtime_ns <= read->mtime_ns)
        return files.read(intro, 0);
    const Result<std::string> meson = find_meson();
    if (!meson)
        return meson.error();
    Result<CommandOutput> output =
        output_of(Command{*meson, {"introspect", "--targets", file}, project.root, {}});
    if (!output)
        return output.error();
    if (output->end.exit_status != 0)
        return Error{ErrorKind::kFailed,
                     "meson introspect can't read " + file + "; mend what it says above", 0};
    return std::move(output->text);
}

} // namespace

Result<std::vector<ProjectLibrary>> project_libraries(const Project &project) {
    const Result<std::string> intro = intro_targets(project);
    if (!intro)
        return intro.error();
    Result<std::vector<MesonTarget>> targets = parse_intro_targets(*intro);
    if (!targets)
        return targets.error();
    std::vector<ProjectLibrary> libraries;
    for (MesonTarget &target : *targets) {
        if (target.is_library() && !target.in_subproject)
            libraries.push_back({.name = std::move(target.name),
                                 .is_module = target.is_module(),
                                 .defined_in = std::move(target.defined_in),
                                 .sources = std::move(target.sources),
                                 .arguments = std::move(target.arguments)});
    }
    return libraries;
}

Status set_up_build_folder(const Project &project) {
    const Result<std::string> meson = find_meson();
    if (!meson)
        return meson.error();
    const Result<CommandEnd> end =
        run_to_end(Command{*meson, {"setup", project.builddir, project.root}, project.root, {}});
    if (!end)
        return end.error();
    if (end->exit_status != 0)
        return Error{ErrorKind::kFailed,
                     "meson setup of " + project.root + " failed; mend what it says above", 0};
    return Done{};
}

} // namespace hotrun
