#include "doctor.hpp"

#include "diagnosis_text.hpp"
#include "hotrun/project.hpp"
#include "screen_text.hpp"
#include "terminal.hpp"

#include <cerrno>
#include <cstdio>

namespace hotrun {

namespace {

constexpr int kFound = 1;
constexpr int kInterrupted = 130;

// The folder that doctor is to look into, set up as hotrun itself would do it.
Result<std::string> build_folder(const Arguments &arguments) {
    const Result<Project> project = find_project(".", arguments.builddir);
    if (!project)
        return project.error();
    if (!project->set_up)
        return Error{
            ErrorKind::kFailed,
            "there is no build folder yet; set it up with meson setup " + project->builddir, 0};
    return project->builddir;
}

} // namespace

Result<int> examine(const Arguments &arguments) {
    const Result<std::string> builddir = build_folder(arguments);
    if (!builddir)
        return builddir.error();
    const bool shows_progress = is_terminal(stderr);
    const std::size_t columns = make_screen(stderr)->size().columns;
    const auto show = [&](const std::string &text) {
        if (shows_progress)
            std::fprintf(stderr, "\r\x1b[K%s", folded_lines(text, columns - 1).front().c_str());
    };
    const Result<Diagnosis> diagnosis = diagnose(*builddir, arguments.targets, show);
    show("");
    if (!diagnosis) {
        if (diagnosis.error().system_code == EINTR)
            return kInterrupted;
        return diagnosis.error();
    }
    if (arguments.json)
        std::puts(diagnosis_json(*diagnosis).c_str());
    else
        std::fputs(diagnosis_text(*diagnosis,
                                  is_terminal(stdout) ? make_screen(stdout)->size().columns : 0)
                       .c_str(),
                   stdout);
    return diagnosis->findings.empty() ? 0 : kFound;
}

} // namespace hotrun
