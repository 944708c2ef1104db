// The command line.
#pragma once

#include "hotrun/result.hpp"
#include "hotrun/runner.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hotrun {

enum class ColorChoice { kAuto, kAlways, kNever };
enum class Verbosity { kQuiet, kNormal, kVerbose };

enum class Subcommand {
    kRun,
    kStatus,
    kNotify,
    kBuild,
    kReload,
    kEvents,
    kStop,
    kLsp,
    kInit,
    kReplay,
    kDoctor,
    kReport
};

struct Arguments {
    Subcommand subcommand = Subcommand::kRun;
    bool help = false;
    bool version = false;
    std::vector<std::string> targets;
    std::vector<std::string> paths;   // of files, or init's folder
    std::vector<std::string> program; // behind "--": what is wrapped, and its arguments
    std::string target;               // init: which library; empty: the only one
    bool in_c = false;                // init: a new project, rather than in C++
    bool yes = false;                 // init: without a question
    std::string builddir;
    bool files = false; // status: list them
    bool json = false;
    std::uint64_t from_seq = 0; // events: 0: from now on
    std::chrono::milliseconds interval{250};
    std::uint64_t steps = 0; // 0: no end
    std::size_t heap_bytes = 64u << 20;
    std::string heap_file;                    // empty: none
    std::string record;                       // file; empty: none
    std::string replay;                       // file of the subcommand
    double speed = 1;                         // replay: 0: as fast as possible
    bool once = false;                        // replay: one pass
    std::chrono::milliseconds snapshot{1000}; // 0: only at switches
    bool build = true;
    std::chrono::milliseconds poll{0}; // 0: by events
    GuardChoice guard = GuardChoice::kAuto;
    OnCrash on_crash = OnCrash::kPark;
    OnRefuse on_refuse = OnRefuse::kKeep;
    bool carry_statics = true;
    LaneChoice lane = LaneChoice::kAuto;
    bool preamble = false;
    std::chrono::milliseconds step_timeout{5000}; // 0: none
    std::chrono::milliseconds stop_timeout{5000}; // of a wrapped program
    bool load_on_main = false;
    std::string events;      // file; empty: none; "-": standard output
    std::string trace;       // likewise
    bool keys = true;        // where standard input is a terminal
    bool status_line = true; // where there is a terminal for it
    bool title = false;
    bool desktop_notify = false;
    std::string output = "hotrun-report.html"; // report: file; "-": standard output
    ColorChoice color = ColorChoice::kAuto;
    Verbosity verbosity = Verbosity::kNormal;
};

// `words` without the program's name. The first word may be a subcommand's name: a target of that
// name can't come first. Errors are of kind kMisuse.
Result<Arguments> parse_arguments(std::vector<std::string> words);

// What --help prints: every option that parse_arguments takes there.
std::string help_text(Subcommand subcommand);

// The same for programs.
struct OptionWords {
    std::string name;                 // without hyphens
    char letter = 0;                  // 0: none
    std::string value;                // what it takes: DIR, FILE, MS …; empty: nothing
    std::vector<std::string> choices; // all values, where those are a few words
    std::string help;
};
struct SubcommandWords {
    std::string word; // empty: what there is without one
    std::string operands;
    std::string summary;
    std::vector<OptionWords> options;
};
std::vector<SubcommandWords> command_words();

} // namespace hotrun
