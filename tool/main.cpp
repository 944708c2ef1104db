// The hotrun command.
#include "arguments.hpp"
#include "console.hpp"
#include "console_style.hpp"
#include "desktop_notices.hpp"
#include "doctor.hpp"
#include "event_log.hpp"
#include "init.hpp"
#include "interaction.hpp"
#include "language_server_loop.hpp"
#include "report.hpp"
#include "requests.hpp"
#include "set_up_folder.hpp"
#include "standard_input.hpp"
#include "status.hpp"
#include "terminal.hpp"

#include "hotrun/module.h"
#include "hotrun/project.hpp"
#include "hotrun/runner.hpp"
#include "hotrun/version.h"
#include "hotrun/wrap.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>

namespace {

using namespace hotrun;

enum ExitStatus { kFailedStatus = 1, kMisuseStatus = 2 };

int report(const Error &error) {
    tell(stderr, "hotrun: error: " + error.message + "\n");
    return error.kind == ErrorKind::kMisuse ? kMisuseStatus : kFailedStatus;
}

int report(const Result<int> &exit_status) {
    return exit_status ? *exit_status : report(exit_status.error());
}

int report(const Status &status) {
    return status ? 0 : report(status.error());
}

bool name_libraries(const Arguments &arguments) {
    return !arguments.targets.empty() &&
           std::all_of(
               arguments.targets.begin(), arguments.targets.end(),
               [](const std::string &target) { return target.find(".so") != std::string::npos; });
}

// The build folder, set up if there is none; empty where the targets are libraries themselves.
Result<std::string> ready_build_folder(const Arguments &arguments, Console &console) {
    if (!arguments.build && arguments.builddir.empty() && name_libraries(arguments))
        return std::string();
    std::string builddir = arguments.builddir;
    if (builddir.empty() && !arguments.program.empty())
        builddir = build_folder_of(arguments.program.front());
    const Result<Project> project = find_project(".", builddir);
    if (!project)
        return project.error();
    if (project->set_up || !arguments.build)
        return set_up_folder(*project);
    console.say("setting up the build folder " + project->builddir);
    if (const Status done = set_up_build_folder(*project); !done)
        return done.error();
    return project->builddir;
}

Options options_of(const Arguments &arguments, const std::string &builddir) {
    Options options;
    options.targets = arguments.targets;
    options.builddir = builddir;
    options.build = arguments.build;
    options.heap_bytes = arguments.heap_bytes;
    options.heap_file = arguments.heap_file;
    options.record = arguments.record;
    options.replay = arguments.replay;
    options.replay_speed = arguments.speed;
    options.replay_once = arguments.once;
    options.interval = arguments.interval;
    options.step_limit = arguments.steps;
    options.poll_interval = arguments.poll;
    options.guard = arguments.guard;
    options.on_crash = arguments.on_crash;
    options.on_refuse = arguments.on_refuse;
    options.carry_statics = arguments.carry_statics;
    options.lane = arguments.lane;
    options.preamble = arguments.preamble;
    options.step_timeout = arguments.step_timeout;
    options.snapshot_interval = arguments.snapshot;
    options.load_on_main = arguments.load_on_main;
    return options;
}

// The project that was recorded, if it is still there, else that of the working directory.
Result<Arguments> arguments_of_replay(Arguments arguments) {
    Result<RecordedProject> recorded = recorded_project(arguments.replay);
    if (!recorded)
        return recorded.error();
    if (arguments.builddir.empty() && find_project(".", recorded->builddir))
        arguments.builddir = std::move(recorded->builddir);
    arguments.targets = {std::move(recorded->module)};
    return arguments;
}

// To the desktop, or to whom the terminal tells of it; else there is nobody.
DesktopNotices::Send notice_sender(Screen *screen) {
    return [screen](const std::string &title, const std::string &text) {
        if (!notify_desktop(title, text) && screen != nullptr)
            screen->write(
                notify_by_terminal("hotrun: " + title + (text.empty() ? "" : ": ") + text));
    };
}

Result<int> wrap_program(const Arguments &arguments, const std::string &builddir,
                         std::vector<Observer *> observers) {
    WrapOptions options;
    options.targets = arguments.targets;
    options.builddir = builddir;
    options.program = arguments.program.front();
    options.arguments.assign(arguments.program.begin() + 1, arguments.program.end());
    options.stop_timeout = arguments.stop_timeout;
    options.poll_interval = arguments.poll;
    options.observers = std::move(observers);
    return wrap(options);
}

int run(const Arguments &arguments) {
    std::FILE *stream = arguments.events == "-" ? stderr : stdout;
    const bool wraps = !arguments.program.empty(); // the terminal is the program's then
    const std::unique_ptr<Screen> screen =
        is_terminal(stream) && !wraps ? make_screen(stream) : nullptr;
    const ConsoleStyle style = console_style(arguments, stream, screen.get());
    Console console(style);
    const Result<std::string> builddir = ready_build_folder(arguments, console);
    if (!builddir)
        return report(builddir.error());
    Interaction interaction(console, interaction_style(arguments, style));
    DesktopNotices notices(notice_sender(understands_sequences() ? screen.get() : nullptr),
                           arguments.on_crash);
    std::vector<Observer *> observers = {&console, &interaction};
    std::vector<std::unique_ptr<EventLog>> logs;
    const auto mode = is_restart() ? EventLog::Mode::kAppend : EventLog::Mode::kTruncate;
    for (const auto &[path, format] : {std::pair(arguments.events, EventLog::stream()),
                                       std::pair(arguments.trace, EventLog::trace())}) {
        if (path.empty())
            continue;
        Result<std::unique_ptr<EventLog>> log = EventLog::create(path, mode, format);
        if (!log)
            return report(log.error());
        observers.push_back(logs.emplace_back(std::move(*log)).get());
    }
    if (arguments.desktop_notify)
        observers.push_back(&notices); // last: it waits for a shell
    if (wraps)
        return report(wrap_program(arguments, *builddir, std::move(observers)));
    Options options = options_of(arguments, *builddir);
    options.observers = std::move(observers);
    Result<Runner> runner = Runner::create(std::move(options));
    if (!runner)
        return report(runner.error());
    // A terminal's is the user's, who may want it for the shell.
    const std::optional<StandardInput> input =
        is_terminal(stdin) || !arguments.replay.empty()
            ? std::nullopt
            : StandardInput::read([&runner](std::string_view bytes) {
                  runner->push_input(HOTRUN_INPUT_TEXT, bytes);
              });
    interaction.attach(*runner);
    return runner->run();
}

int replay(const Arguments &arguments) {
    const Result<Arguments> of_recording = arguments_of_replay(arguments);
    return of_recording ? run(*of_recording) : report(of_recording.error());
}

int run_command(std::vector<std::string> words) {
    const Result<Arguments> arguments = parse_arguments(std::move(words));
    if (!arguments)
        return report(arguments.error());
    if (arguments->help)
        std::fputs(help_text(arguments->subcommand).c_str(), stdout);
    else if (arguments->version)
        std::puts("hotrun " HOTRUN_VERSION);
    else if (arguments->subcommand == Subcommand::kRun)
        return run(*arguments);
    else if (arguments->subcommand == Subcommand::kReplay)
        return replay(*arguments);
    else if (arguments->subcommand == Subcommand::kStatus)
        return report(print_status(*arguments));
    else if (arguments->subcommand == Subcommand::kInit)
        return report(init_project(*arguments));
    else if (arguments->subcommand == Subcommand::kDoctor)
        return report(examine(*arguments));
    else if (arguments->subcommand == Subcommand::kReport)
        return report(write_report(*arguments));
    else if (arguments->subcommand == Subcommand::kLsp)
        return report(serve_editor(*arguments));
    else
        return report(make_request(*arguments));
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    // What a module prints is seen at once, in a pipe too.
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    try {
        return run_command({argv + 1, argv + argc});
    } catch (const std::exception &exception) {
        return report(Error{ErrorKind::kFailed, exception.what(), 0});
    }
}
