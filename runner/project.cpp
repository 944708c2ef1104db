#include "hotrun/project.hpp"

#include "core/build_folder.hpp"
#include "linux/linux_file_system.hpp"
#include "linux/spawn_command_runner.hpp"

namespace hotrun {

Result<Project> find_project(const std::string &directory, const std::string &builddir) {
    return find_project(LinuxFileSystem(), directory, builddir);
}

Result<std::vector<std::string>> find_build_folders(const std::string &directory,
                                                    const std::string &builddir) {
    return find_build_folders(LinuxFileSystem(), directory, builddir);
}

Status set_up_build_folder(const Project &project) {
    const std::string meson = find_program({"meson"});
    if (meson.empty())
        return Error{ErrorKind::kFailed, "can't find meson in PATH; install meson", 0};
    const Result<CommandEnd> end =
        run_to_end(Command{meson, {"setup", project.builddir, project.root}, project.root, {}});
    if (!end)
        return end.error();
    if (end->exit_status != 0)
        return Error{ErrorKind::kFailed,
                     "meson setup of " + project.root + " failed; mend what it says above", 0};
    return Done{};
}

} // namespace hotrun
