#include "subcommand_help.hpp"

#include <algorithm>
#include <array>

namespace hotrun {

namespace {

constexpr std::array kSubcommands = {
    SubcommandHelp{
        Subcommand::kRun, "", "[TARGET...] [-- PROGRAM [ARGS...]]", "",
        "Builds TARGET with ninja, loads its library and steps it. Save a source file: it is "
        "built\n"
        "again, and the running program goes on with the new code and its state.\n"
        "TARGET is the name of a Meson target or a ninja target; without one, the only hot module\n"
        "of the project.\n\n"
        "With PROGRAM: builds and starts that, and builds again on each save. A program that "
        "embeds\n"
        "the Runner (hotrun/runner.hpp) reloads by itself, any other is restarted once the build "
        "has\n"
        "succeeded. TARGET is of any kind, and by default the one that builds PROGRAM.\n",
        "Exit status: 0 for SIGTERM and --steps, 130 for SIGINT, the module's own for its "
        "stop(n),\n"
        "0 when PROGRAM ends with 0 (another end of it waits for the next save),\n"
        "2 for an unknown target, option or value, 1 for anything else that keeps hotrun from "
        "working.\n"},
    SubcommandHelp{
        Subcommand::kInit, "init", "[DIR]",
        "make a new project, or a hot module of a library of this one",
        "In an empty or new folder: makes a project, of a module and a host that runs without "
        "hotrun.\n"
        "In a Meson project: shows the smallest change that makes a hot module of a library, and "
        "writes\n"
        "it if you say yes. No file is overwritten.\n",
        "Exit status: 0, 1 nothing was written, 2 misuse.\n"},
    SubcommandHelp{
        Subcommand::kStatus, "status", "[TARGET...]",
        "whether hotrun is at work, and which files it watches",
        "Says whether a hotrun is at work in the build folder, what it does, and how many files "
        "make\n"
        "TARGET: those whose change makes ninja do work. TARGET is what hotrun itself takes;\n"
        "without one, what the hotrun at work was given.\n",
        "Exit status: 0, whether a hotrun is at work or not; 1 there is no build folder, or ninja "
        "does\n"
        "not answer; 2 no project, target or option of that name.\n"},
    SubcommandHelp{
        Subcommand::kNotify, "notify", "FILE...",
        "tell the hotrun at work that FILE was saved, and wait for what comes of it",
        "For editors: tells the hotrun at work that FILE was saved, waits until the change is live "
        "or\n"
        "has failed, and prints the diagnostics as file:line:column: severity: message.\n",
        "Exit status: 0 live, or nothing to do; 1 the build failed, the new code was rejected or\n"
        "rolled back, or no hotrun is at work; 2 no such file or option.\n"},
    SubcommandHelp{
        Subcommand::kBuild, "build", "",
        "have the hotrun at work build now, and wait for what comes of it",
        "Has the hotrun at work run ninja now, whether a file has changed or not, and waits as\n"
        "hotrun notify does.\n",
        "Exit status: as of hotrun notify.\n"},
    SubcommandHelp{
        Subcommand::kReload, "reload", "", "have the hotrun at work load its modules anew",
        "Has the hotrun at work load the libraries of its modules anew, also if they are what "
        "runs:\n"
        "a module that is parked after a crash goes on. Waits as hotrun notify does.\n",
        "Exit status: as of hotrun notify.\n"},
    SubcommandHelp{
        Subcommand::kEvents, "events", "", "print the events of the hotrun at work",
        "Prints the events of the hotrun at work, one JSON object a line, until it ends.\n",
        "Exit status: 0 when the run has ended, 1 no hotrun is at work or it was killed, 2 misuse."
        "\n"},
    SubcommandHelp{Subcommand::kStop, "stop", "", "end the hotrun at work",
                   "Ends the hotrun at work as SIGTERM does, and waits until it has ended.\n",
                   "Exit status: 0, 1 no hotrun is at work, 2 misuse.\n"},
    SubcommandHelp{
        Subcommand::kLsp, "lsp", "", "be a language server for the editor that starts it",
        "Speaks the Language Server Protocol on standard input and output: tells the hotrun at "
        "work\n"
        "of each save, and the editor of diagnostics, builds and what is live. Finds a hotrun "
        "that\n"
        "starts later, too.\n",
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
