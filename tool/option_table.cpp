#include "option_table.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace hotrun {

namespace {

constexpr std::size_t kLeastHeapBytes = 64u << 10;

constexpr unsigned kRun = bit(Subcommand::kRun);
constexpr unsigned kReplay = bit(Subcommand::kReplay);
constexpr unsigned kRuns = kRun | kReplay;
constexpr unsigned kInit = bit(Subcommand::kInit);
constexpr unsigned kStatus = bit(Subcommand::kStatus);
constexpr unsigned kNotify = bit(Subcommand::kNotify);
constexpr unsigned kDoctor = bit(Subcommand::kDoctor);
constexpr unsigned kEvents = bit(Subcommand::kEvents);
constexpr unsigned kReport = bit(Subcommand::kReport);
constexpr unsigned kRequests =
    kNotify | bit(Subcommand::kBuild) | bit(Subcommand::kReload) | kEvents | bit(Subcommand::kStop);

constexpr unsigned kModules = kRun | kOwnHost;
constexpr unsigned kPlayed = kRuns | kOwnHost;

template <typename Number>
std::optional<Number> to_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return number;
}

std::string take_flag(bool &into) {
    into = true;
    return "";
}

std::string take_milliseconds(const std::string &text, std::uint32_t least,
                              std::chrono::milliseconds &into) {
    const auto number = to_number<std::uint32_t>(text);
    if (!number || *number < least)
        return "is no number of milliseconds" +
               (least > 0 ? " of " + std::to_string(least) + " or more" : std::string());
    into = std::chrono::milliseconds(*number);
    return "";
}

std::string take_count(const std::string &text, const char *of_what, std::uint64_t &into) {
    const auto number = to_number<std::uint64_t>(text);
    if (!number || *number == 0)
        return std::string("is no number of ") + of_what + " of 1 or more";
    into = *number;
    return "";
}

std::string take_speed(const std::string &text, double &into) {
    constexpr double kMost = 1e6;
    const auto number = to_number<double>(text);
    if (!number || !(*number >= 0 && *number <= kMost))
        return "is no speed: give 2 for twice as fast, 0.5 for half, 0 for as fast as possible";
    into = *number;
    return "";
}

// "64M": K, M and G are powers of 1024.
std::string take_size(std::string text, std::size_t &into) {
    constexpr std::string_view kUnits = "KMG";
    unsigned shift = 0;
    if (!text.empty()) {
        const std::size_t unit = kUnits.find(text.back());
        if (unit != std::string_view::npos) {
            shift = 10 * (static_cast<unsigned>(unit) + 1);
            text.pop_back();
        }
    }
    const auto number = to_number<std::size_t>(text);
    if (!number || *number > (SIZE_MAX >> shift))
        return "is no size: give a number, with K, M or G behind it";
    if ((*number << shift) < kLeastHeapBytes)
        return "is too small: a heap has at least 64K";
    into = *number << shift;
    return "";
}

// A word of a few, and what it stands for.
template <typename Value>
struct Choice {
    const char *word;
    Value value;
};
constexpr auto kColorChoices = std::to_array<Choice<ColorChoice>>({
    {"auto", ColorChoice::kAuto},
    {"always", ColorChoice::kAlways},
    {"never", ColorChoice::kNever},
});
constexpr auto kGuardChoices = std::to_array<Choice<GuardChoice>>({
    {"auto", GuardChoice::kAuto},
    {"on", GuardChoice::kOn},
    {"off", GuardChoice::kOff},
});
constexpr auto kOnCrashChoices = std::to_array<Choice<OnCrash>>({
    {"park", OnCrash::kPark},
    {"restart", OnCrash::kRestart},
    {"exit", OnCrash::kExit},
});

constexpr auto kOnOffChoices = std::to_array<Choice<bool>>({{"on", true}, {"off", false}});

constexpr auto kOnRefuseChoices = std::to_array<Choice<OnRefuse>>({
    {"keep", OnRefuse::kKeep},
    {"fresh", OnRefuse::kFresh},
});

constexpr auto kLaneChoices = std::to_array<Choice<LaneChoice>>({
    {"auto", LaneChoice::kAuto},
    {"library", LaneChoice::kLibrary},
});

template <typename Value, std::size_t kCount>
std::string take_choice(const std::string &text, const std::array<Choice<Value>, kCount> &choices,
                        Value &into) {
    std::string words;
    for (std::size_t i = 0; i < kCount; ++i) {
        if (text == choices[i].word) {
            into = choices[i].value;
            return "";
        }
        words += (i == 0 ? "" : i + 1 == kCount ? " or " : ", ") + std::string(choices[i].word);
    }
    return "is not " + words;
}

template <typename Value, std::size_t kCount>
std::vector<std::string> words_of(const std::array<Choice<Value>, kCount> &choices) {
    std::vector<std::string> words;
    for (const Choice<Value> &choice : choices)
        words.emplace_back(choice.word);
    return words;
}

} // namespace

const std::vector<Option> &all_options() {
    using Text = const std::string &;
    static const std::vector<Option> kOptions = {
        {kAll, 'C', "builddir", "DIR",
         "the build folder (the current one, or the project's only one)",
         [](Arguments &a, Text v) {
             a.builddir = v;
             return std::string(v.empty() ? "names no folder" : "");
         }},
        {kModules, 0, "interval", "MS",
         "time from one step's start to the next's (250; 0: no wait)",
         [](Arguments &a, Text v) { return take_milliseconds(v, 0, a.interval); }},
        {kPlayed, 0, "steps", "N", "end after N steps (no end)",
         [](Arguments &a, Text v) { return take_count(v, "steps", a.steps); }},
        {kModules, 0, "heap", "SIZE", "each module's permanent heap, with K, M or G (64M)",
         [](Arguments &a, Text v) { return take_size(v, a.heap_bytes); }},
        {kModules, 0, "heap-file", "FILE", "keep the permanent heap in FILE across runs (none)",
         [](Arguments &a, Text v) {
             a.heap_file = v;
             return std::string(v.empty() ? "names no file" : "");
         }},
        {kModules, 0, "record", "FILE", "record what the module reads as input, for hotrun replay",
         [](Arguments &a, Text v) {
             a.record = v;
             return std::string(v.empty() ? "names no file" : "");
         }},
        {kReplay, 0, "speed", "TIMES", "play so many times as fast (1; 0: as fast as possible)",
         [](Arguments &a, Text v) { return take_speed(v, a.speed); }},
        {kReplay, 0, "once", nullptr, "end after one pass, with 0 if nothing has failed",
         [](Arguments &a, Text) { return take_flag(a.once); }},
        {kModules, 0, "snapshot", "MS", "time between two snapshots (1000; 0: only at switches)",
         [](Arguments &a, Text v) { return take_milliseconds(v, 0, a.snapshot); }},
        {kPlayed, 0, "no-build", nullptr,
         "never build: reload when the library's timestamp changes",
         [](Arguments &a, Text) {
             a.build = false;
             return std::string();
         }},
        {kRuns, 0, "poll", "MS", "watch by comparing timestamps every MS, not by events",
         [](Arguments &a, Text v) { return take_milliseconds(v, 1, a.poll); }},
        {kPlayed, 0, "guard", "WHEN",
         "catch crashes: on, off, or auto: not under a debugger (auto)",
         [](Arguments &a, Text v) { return take_choice(v, kGuardChoices, a.guard); },
         words_of(kGuardChoices)},
        {kModules, 0, "on-crash", "WHAT", "after a crash: park, restart or exit (park)",
         [](Arguments &a, Text v) { return take_choice(v, kOnCrashChoices, a.on_crash); },
         words_of(kOnCrashChoices)},
        {kModules, 0, "on-refuse", "WHAT",
         "where state can't be carried over: keep or fresh (keep)",
         [](Arguments &a, Text v) { return take_choice(v, kOnRefuseChoices, a.on_refuse); },
         words_of(kOnRefuseChoices)},
        {kPlayed, 0, "no-statics", nullptr, "static variables start afresh with each generation",
         [](Arguments &a, Text) {
             a.carry_statics = false;
             return std::string();
         }},
        {kModules, 0, "lane", "LANE",
         "how new code comes in: auto, by its object files where that is sound, or library (auto)",
         [](Arguments &a, Text v) { return take_choice(v, kLaneChoices, a.lane); },
         words_of(kLaneChoices)},
        {kModules, 0, "preamble", "WHAT",
         "precompile the headers that an edited source begins with: on or off (off)",
         [](Arguments &a, Text v) { return take_choice(v, kOnOffChoices, a.preamble); },
         words_of(kOnOffChoices)},
        {kPlayed, 0, "step-timeout", "MS", "limit for one call into the module (5000; 0: none)",
         [](Arguments &a, Text v) { return take_milliseconds(v, 0, a.step_timeout); }},
        {kRun | kWrapped, 0, "stop-timeout", "MS",
         "limit for PROGRAM to end when it is restarted, before it is killed (5000)",
         [](Arguments &a, Text v) { return take_milliseconds(v, 0, a.stop_timeout); }},
        {kPlayed, 0, "load-on-main", nullptr, "run static constructors on the host's thread",
         [](Arguments &a, Text) { return take_flag(a.load_on_main); }},
        {kRuns, 0, "events", "FILE", "write the event stream to FILE (-: standard output)",
         [](Arguments &a, Text v) {
             a.events = v;
             return std::string(v.empty() ? "names no file" : "");
         }},
        {kRuns, 0, "trace", "FILE", "write a trace of each save to FILE, for Perfetto",
         [](Arguments &a, Text v) {
             a.trace = v;
             return std::string(v.empty() ? "names no file" : "");
         }},
        {kPlayed, 0, "keys", "WHAT", "single keys on a terminal, ? for help: on or off (on)",
         [](Arguments &a, Text v) { return take_choice(v, kOnOffChoices, a.keys); },
         words_of(kOnOffChoices)},
        {kPlayed, 0, "status-line", "WHAT", "the last line of a terminal: on or off (on)",
         [](Arguments &a, Text v) { return take_choice(v, kOnOffChoices, a.status_line); },
         words_of(kOnOffChoices)},
        {kPlayed, 0, "title", "WHAT", "the status in the terminal's title: on or off (off)",
         [](Arguments &a, Text v) { return take_choice(v, kOnOffChoices, a.title); },
         words_of(kOnOffChoices)},
        {kRuns, 0, "desktop-notify", "WHAT", "notify of failures: on or off (off)",
         [](Arguments &a, Text v) { return take_choice(v, kOnOffChoices, a.desktop_notify); },
         words_of(kOnOffChoices)},
        {kRuns, 0, "color", "WHEN", "auto, always or never (auto)",
         [](Arguments &a, Text v) { return take_choice(v, kColorChoices, a.color); },
         words_of(kColorChoices)},
        {kRuns, 'q', "quiet", nullptr, "say nothing but errors and warnings",
         [](Arguments &a, Text) {
             a.verbosity = Verbosity::kQuiet;
             return std::string();
         }},
        {kRuns, 'v', "verbose", nullptr, "say everything",
         [](Arguments &a, Text) {
             a.verbosity = Verbosity::kVerbose;
             return std::string();
         }},
        {kInit, 0, "c", nullptr, "a new project in C (C++)",
         [](Arguments &a, Text) { return take_flag(a.in_c); }},
        {kInit, 0, "target", "NAME", "the library, where the project has several",
         [](Arguments &a, Text v) {
             a.target = v;
             return std::string(v.empty() ? "names no library" : "");
         }},
        {kInit, 'y', "yes", nullptr, "write the change without a question",
         [](Arguments &a, Text) { return take_flag(a.yes); }},
        {kReport, 'o', "output", "FILE", "write to FILE (hotrun-report.html; -: standard output)",
         [](Arguments &a, Text v) {
             a.output = v;
             return std::string(v.empty() ? "names no file" : "");
         }},
        {kStatus, 0, "files", nullptr, "print the files, one a line",
         [](Arguments &a, Text) { return take_flag(a.files); }},
        {kStatus | kDoctor | (kRequests & ~kEvents), 0, "json", nullptr, "print one JSON object",
         [](Arguments &a, Text) { return take_flag(a.json); }},
        {kEvents, 0, "json", nullptr, "print JSON objects, which is what it does anyway",
         [](Arguments &a, Text) { return take_flag(a.json); }},
        {kEvents, 0, "from", "SEQ", "begin with that event, as far as it is remembered (the next)",
         [](Arguments &a, Text v) { return take_count(v, "an event", a.from_seq); }},
        {kAll, 'h', "help", nullptr, "print this text and end",
         [](Arguments &a, Text) { return take_flag(a.help); }},
        {kAll, 0, "version", nullptr, "print the version and end",
         [](Arguments &a, Text) { return take_flag(a.version); }},
    };
    return kOptions;
}

} // namespace hotrun
