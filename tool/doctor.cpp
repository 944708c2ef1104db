#include "doctor.hpp"

#include "console_style.hpp"
#include "diagnosis_text.hpp"
#include "screen_text.hpp"
#include "set_up_folder.hpp"
#include "terminal.hpp"

#include <cerrno>
#include <cstdio>

namespace hotrun {

namespace {

constexpr int kFound = 1;
constexpr int kInterrupted = 130;

} // namespace

Result<int> examine(const Arguments &arguments) {
    const Result<Project> project = find_project(".", arguments.builddir);
    if (!project)
        return project.error();
    const Result<std::string> builddir = set_up_folder(*project);
    if (!builddir)
        return builddir.error();
    const bool shows_progress = is_terminal(stderr) && understands_sequences();
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
