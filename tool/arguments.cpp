#include "arguments.hpp"
#include "option_table.hpp"
#include "screen_text.hpp"
#include "subcommand_help.hpp"

#include <algorithm>
#include <string_view>

#include <getopt.h>

namespace hotrun {

namespace {

constexpr std::size_t kHelpColumn = 25;

// Their operands are paths.
constexpr unsigned kOfPaths =
    bit(Subcommand::kNotify) | bit(Subcommand::kInit) | bit(Subcommand::kReport);

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
    const unsigned names_paths = bit(arguments.subcommand) & kOfPaths;
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
    std::string text = "Usage: " + called(subcommand) + " [OPTIONS]" +
                       (*help.operands == '\0' ? "" : " ") + help.operands + "\n\n" +
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
