#include "arguments.hpp"
#include "screen_text.hpp"
#include "subcommand_help.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

#include <getopt.h>

namespace hotrun {

namespace {

constexpr std::size_t kLeastHeapBytes = 64u << 10;
constexpr std::size_t kHelpColumn = 25;

std::string called(Subcommand subcommand) {
    const std::string word = help_of(subcommand).word;
    return word.empty() ? "hotrun" : "hotrun " + word;
}

// Takes a subcommand's word off the front.
Subcommand take_subcommand(std::vector<std::string> &words) {
    for (const SubcommandHelp &help : subcommand_helps()) {
        if (!words.empty() && *help.word != '\0' && words.front() == help.word) {
            words.erase(words.begin());
            return help.subcommand;
        }
    }
    return Subcommand::kRun;
}

// One option: how it is written, what its help says, and what it does. `take` gives an empty text,
// or what is wrong with the value.
struct Option {
    unsigned where; // bits of subcommands
    char letter;    // 0: none
    const char *name;
    const char *value; // null: it takes none
    const char *help;
    std::function<std::string(Arguments &, const std::string &value)> take;
    std::vector<std::string> choices = {}; // the values, where those are a few words
};

constexpr unsigned bit(Subcommand subcommand) {
    return 1u << static_cast<unsigned>(subcommand);
}
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
constexpr unsigned kAll = ~0u;

// Of hotrun itself: which host an option is for.
constexpr unsigned kOwnHost = 1u << 30;
constexpr unsigned kWrapped = 1u << 31;
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

// What getopt_long reads, made from those of the table that a subcommand takes. Values start above
// any letter.
class GetoptTables {
  public:
    static constexpr int kFirstValue = 256;

    explicit GetoptTables(Subcommand subcommand) {
        int value = kFirstValue;
        for (const Option &option : all_options()) {
            if ((option.where & bit(subcommand)) == 0)
                continue;
            options_.push_back(&option);
            long_.push_back({option.name, option.value != nullptr ? required_argument : no_argument,
                             nullptr, value++});
            if (option.letter == 0)
                continue;
            short_ += option.letter;
            if (option.value != nullptr)
                short_ += ':';
        }
        long_.push_back({nullptr, 0, nullptr, 0});
    }

    const char *letters() const { return short_.c_str(); }
    const option *names() const { return long_.data(); }
    const std::vector<const Option *> &options() const { return options_; }

    const Option *find(int value) const {
        for (std::size_t i = 0; i < options_.size(); ++i) {
            const Option *option = options_[i];
            if (value == kFirstValue + static_cast<int>(i) ||
                (option->letter != 0 && value == option->letter))
                return option;
        }
        return nullptr;
    }

  private:
    std::vector<const Option *> options_;
    std::string short_ = ":"; // a missing value is told apart from an unknown option
    std::vector<option> long_;
};

std::string written(const Option &option) {
    return std::string("--") + option.name;
}

// The option that a mistyped word was meant to be; empty: none comes near.
std::string nearest_option(std::string word, const GetoptTables &tables) {
    word = word.substr(0, word.find('='));
    std::string best;
    std::size_t best_common = 2; // letters in common that a guess needs, beyond the hyphens
    for (const Option *option : tables.options()) {
        const std::string name = written(*option);
        const auto [in_word, in_name] =
            std::mismatch(word.begin(), word.end(), name.begin(), name.end());
        const auto front = static_cast<std::size_t>(in_word - word.begin());
        const auto [back_word, back_name] =
            std::mismatch(word.rbegin(), word.rend(), name.rbegin(), name.rend());
        const auto back = static_cast<std::size_t>(back_word - word.rbegin());
        const std::size_t common =
            front + std::min(back, std::min(word.size(), name.size()) - front);
        if (common > best_common + 2 && common * 2 > name.size()) {
            best = name;
            best_common = common - 2;
        }
    }
    return best;
}

// Where the words of the program begin that is wrapped: they are its own.
std::vector<std::string> take_program(std::vector<std::string> &words) {
    const auto hyphens = std::ranges::find(words, "--");
    if (hyphens == words.end())
        return {};
    std::vector<std::string> program(hyphens + 1, words.end());
    words.erase(hyphens, words.end());
    return program;
}

// What is wrong with an option for the host that there is; empty: nothing.
std::string unfit_option(const std::vector<const Option *> &given, bool wraps) {
    for (const Option *option : given) {
        if (wraps && (option->where & kOwnHost) != 0 && option->where != kAll)
            return written(*option) +
                   " is for hotrun's own host: a program that is wrapped decides "
                   "that by its Options (hotrun/runner.hpp)";
        if (!wraps && (option->where & kWrapped) != 0 && option->where != kAll)
            return written(*option) + " is for a PROGRAM behind --";
    }
    return "";
}

std::string unknown_option(const std::string &word, const GetoptTables &tables) {
    const std::string near = word.starts_with("--") ? nearest_option(word, tables) : "";
    return "there is no option " + word + (near.empty() ? "" : "; did you mean " + near + "?");
}

// What a terminal has without being made wider.
constexpr std::size_t kHelpColumns = 80;

// A line of the help; its words begin in one column.
std::string row(std::string name, std::string_view help) {
    name.resize(std::max(name.size() + 2, kHelpColumn), ' ');
    return fold(name.append(help), kHelpColumns, kHelpColumn) + "\n";
}

} // namespace

Result<Arguments> parse_arguments(std::vector<std::string> words) {
    Arguments arguments;
    arguments.subcommand = take_subcommand(words);
    const auto misuse = [&](const std::string &sentence) {
        return Error{ErrorKind::kMisuse,
                     sentence + "; see " + called(arguments.subcommand) + " --help", 0};
    };
    const bool wraps = arguments.subcommand == Subcommand::kRun && std::ranges::count(words, "--");
    if (wraps)
        arguments.program = take_program(words);
    std::string own_name = "hotrun";
    std::vector<char *> argv = {own_name.data()};
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const int count = static_cast<int>(words.size()) + 1;

    const GetoptTables tables(arguments.subcommand);
    opterr = 0; // the sentences are ours
    optind = 0; // glibc: start anew
    std::vector<const Option *> given;
    while (true) {
        // Named after what getopt_long looks at next: it does not tell which word was wrong.
        const std::string word = argv[std::min(std::max(optind, 1), count - 1)];
        const int value =
            ::getopt_long(count, argv.data(), tables.letters(), tables.names(), nullptr);
        if (value == -1)
            break;
        const std::string last = argv[std::clamp(optind - 1, 1, count - 1)];
        if (value == '?')
            return misuse(unknown_option(optopt != 0 && optopt < GetoptTables::kFirstValue
                                             ? std::string("-") + static_cast<char>(optopt)
                                             : last,
                                         tables));
        const Option *option = tables.find(value == ':' ? optopt : value);
        if (value == ':')
            return misuse("the option " + written(*option) + " needs a value (" + option->value +
                          ")");
        given.push_back(option);
        const std::string text = optarg != nullptr && option->value != nullptr ? optarg : "";
        if (const std::string wrong = option->take(arguments, text); !wrong.empty())
            return misuse("the value of " + written(*option) + ", " + text + ", " + wrong);
    }
    if (wraps && arguments.program.empty() && !arguments.help)
        return misuse("name the program to run behind the --");
    if (const std::string unfit = unfit_option(given, wraps); !unfit.empty() && !arguments.help)
        return misuse("the option " + unfit);
    const unsigned names_paths = bit(arguments.subcommand) & (kNotify | kInit | kReport);
    std::vector<std::string> &operands = names_paths != 0 ? arguments.paths : arguments.targets;
    for (int i = optind; i < count; ++i)
        operands.emplace_back(argv[static_cast<std::size_t>(i)]);
    if (arguments.subcommand == Subcommand::kReplay && !arguments.help && !arguments.version) {
        if (arguments.targets.size() != 1)
            return misuse(arguments.targets.empty()
                              ? "name the recording that is to be played"
                              : "hotrun replay plays one recording, and does not take " +
                                    arguments.targets[1]);
        arguments.replay = std::move(arguments.targets.front());
        arguments.targets.clear();
    }
    const bool takes_none = *help_of(arguments.subcommand).operands == '\0';
    if (takes_none && !operands.empty())
        return misuse(called(arguments.subcommand) + " does not take " + operands.front());
    if (arguments.subcommand == Subcommand::kNotify && operands.empty() && !arguments.help)
        return misuse("name the file that was saved");
    if (arguments.subcommand == Subcommand::kInit && operands.size() > 1)
        return misuse("hotrun init makes one project, and does not take " + operands[1]);
    if (arguments.subcommand == Subcommand::kReport && operands.size() > 1)
        return misuse("hotrun report reads one file, and does not take " + operands[1]);
    return arguments;
}

std::string help_text(Subcommand subcommand) {
    const SubcommandHelp &help = help_of(subcommand);
    const GetoptTables tables(subcommand);
    std::string text = "Usage: " + called(subcommand) + " [OPTIONS] " + help.operands + "\n\n" +
                       fold(help.text, kHelpColumns, 0);
    text += "\nOptions:\n";
    for (const Option *option : tables.options()) {
        std::string line =
            option->letter != 0 ? std::string("  -") + option->letter + ", " : "      ";
        line += written(*option);
        if (option->value != nullptr)
            line += std::string(" ") + option->value;
        text += row(line, option->help);
    }
    if (subcommand == Subcommand::kRun) {
        text += "\nSubcommands, each with a --help of its own:\n";
        for (const SubcommandHelp &other : subcommand_helps()) {
            if (*other.word == '\0')
                continue;
            text += row(std::string("  hotrun ") + other.word, other.summary);
        }
    }
    return text + "\n" + fold(help.end, kHelpColumns, 0) + "More: man hotrun\n";
}

std::vector<SubcommandWords> command_words() {
    std::vector<SubcommandWords> all;
    for (const SubcommandHelp &help : subcommand_helps()) {
        SubcommandWords words{help.word, help.operands, help.summary, {}};
        const GetoptTables tables(help.subcommand);
        for (const Option *option : tables.options())
            words.options.push_back({option->name, option->letter,
                                     option->value != nullptr ? option->value : "", option->choices,
                                     option->help});
        all.push_back(std::move(words));
    }
    return all;
}

} // namespace hotrun
