#include "subcommand_help.hpp"

#include <algorithm>
#include <array>

namespace hotrun {

namespace {

constexpr std::array kSubcommands = {
    SubcommandHelp{
        Subcommand::kRun, "", "[TARGET...] [-- PROGRAM [ARGS...]]", "",
        "Builds TARGET with ninja, loads its library and steps it. Save a source file: it is built "
        "again, and the running program goes on with the new code and its state. TARGET is the "
        "name of a Meson target or a ninja target; without one, the only hot module of the "
        "project.\n\nWith PROGRAM: builds and starts that, and builds again on each save. A "
        "program that embeds the Runner (hotrun/runner.hpp) reloads by itself, any other is "
        "restarted once the build has succeeded. TARGET is of any kind, and by default the one "
        "that builds PROGRAM.\n",
        "Exit status: 0 for SIGTERM, --steps and the key q, 130 for SIGINT, the module's own for "
        "its stop(n), 0 when PROGRAM ends with 0 (another end of it waits for the next save), 128 "
        "+ N for signal N, 2 "
        "for an unknown target, option or value, 1 for anything else that keeps hotrun from "
        "working.\n"},
    SubcommandHelp{Subcommand::kInit, "init", "[DIR]",
                   "make a new project, or a hot module of a library of this one",
                   "In an empty or new folder: makes a project, of a module and a host that runs "
                   "without hotrun. In a Meson project: shows the smallest change that makes a hot "
                   "module of a library, and writes it if you say yes. No file is overwritten.\n",
                   "Exit status: 0, 1 nothing was written, 2 misuse.\n"},
    SubcommandHelp{Subcommand::kDoctor, "doctor", "[TARGET...]",
                   "measure what slows the way from a save to live, or makes a reload fail",
                   "Builds TARGET if that is to be done, runs the commands of that build again "
                   "with other linkers, headers and options, and tells what each thing costs that "
                   "could be better, and what mends it. What it tries lies in a temporary folder; "
                   "neither the project nor the build folder is changed.\n",
                   "Exit status: 0 nothing was found; 1 something was, or TARGET can't be built; 2 "
                   "misuse; 130 for SIGINT.\n"},
    SubcommandHelp{
        Subcommand::kStatus, "status", "[TARGET...]",
        "whether hotrun is at work, and which files it watches",
        "Says whether a hotrun is at work in the build folder, what it does, and how many files "
        "make TARGET: those whose change makes ninja do work. TARGET is what hotrun itself takes; "
        "without one, what the hotrun at work was given.\n",
        "Exit status: 0, whether a hotrun is at work or not; 1 there is no build folder, or ninja "
        "does not answer; 2 no project, target or option of that name.\n"},
    SubcommandHelp{
        Subcommand::kNotify, "notify", "FILE...",
        "tell the hotrun at work that FILE was saved, and wait for what comes of it",
        "For editors: tells the hotrun at work that FILE was saved, waits until the change is live "
        "or has failed, and prints the diagnostics as file:line:column: severity: message.\n",
        "Exit status: 0 live, or nothing to do; 1 the build failed, the new code was rejected or "
        "rolled back, or no hotrun is at work; 2 no such file or option.\n"},
    SubcommandHelp{Subcommand::kBuild, "build", "",
                   "have the hotrun at work build now, and wait for what comes of it",
                   "Has the hotrun at work run ninja now, whether a file has changed or not, and "
                   "waits as hotrun notify does.\n",
                   "Exit status: as of hotrun notify.\n"},
    SubcommandHelp{
        Subcommand::kReload, "reload", "", "have the hotrun at work load its modules anew",
        "Has the hotrun at work load the libraries of its modules anew, also if they are what "
        "runs: a module that is parked after a crash goes on. Waits as hotrun notify does.\n",
        "Exit status: as of hotrun notify.\n"},
    SubcommandHelp{
        Subcommand::kEvents, "events", "", "print the events of the hotrun at work",
        "Prints the events of the hotrun at work, one JSON object a line, until it ends.\n",
        "Exit status: 0 when the run has ended, 1 no hotrun is at work or it was killed, 2 "
        "misuse.\n"},
    SubcommandHelp{Subcommand::kReplay, "replay", "FILE",
                   "play what hotrun --record FILE has recorded",
                   "Loads the module that FILE was recorded from, as it is now, puts the recorded "
                   "state into it and gives each step the recorded time and events, in a loop. "
                   "Save a source file: it is built, and the loop begins anew with the new code, "
                   "so that each save shows the same seconds.\n",
                   "Exit status: as of hotrun; 1 also if FILE is no recording, or its state does "
                   "not fit the code any more, and with --once if the code fails.\n"},
    SubcommandHelp{
        Subcommand::kReport, "report", "[FILE]", "make a page of what the saves of a run have cost",
        "Makes an HTML page of the events in FILE, which hotrun --events has written, or of those "
        "that the hotrun at work remembers: latency of each save, by phase, by file, the slowest "
        "headers, and what went wrong. What is there and is no report is not written over.\n",
        "Exit status: 0, 1 there is no hotrun at work, or a file can't be read or written, 2 "
        "misuse.\n"},
    SubcommandHelp{Subcommand::kStop, "stop", "", "end the hotrun at work",
                   "Ends the hotrun at work as SIGTERM does, and waits until it has ended.\n",
                   "Exit status: 0, 1 no hotrun is at work, 2 misuse.\n"},
    SubcommandHelp{Subcommand::kLsp, "lsp", "",
                   "be a language server for the editor that starts it",
                   "Speaks the Language Server Protocol on standard input and output: tells the "
                   "hotrun at work of each save, and the editor of diagnostics, builds and what is "
                   "live. Finds a hotrun that starts later, too.\n",
                   "Exit status: 0 when the editor has said so, 1 if it went away, 2 misuse.\n"},
};

} // namespace

std::span<const SubcommandHelp> subcommand_helps() {
    return kSubcommands;
}

const SubcommandHelp &help_of(Subcommand subcommand) {
    return *std::find_if(kSubcommands.begin(), kSubcommands.end(),
                         [&](const SubcommandHelp &help) { return help.subcommand == subcommand; });
}

} // namespace hotrun
