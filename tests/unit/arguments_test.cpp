#include "arguments.hpp"

#include "subcommand_help.hpp"

#include <gtest/gtest.h>

#include <array>
#include <sstream>

namespace hotrun {
namespace {

using Words = std::vector<std::string>;

std::string misuse(Words words) {
    const Result<Arguments> arguments = parse_arguments(std::move(words));
    if (arguments)
        return "";
    EXPECT_EQ(arguments.error().kind, ErrorKind::kMisuse);
    return arguments.error().message;
}

TEST(Arguments, EachMisuseIsOneSentenceThatNamesTheWordAndTheRemedy) {
    const auto rows = std::to_array<std::pair<Words, std::string>>({
        {{"--intervall=3"},
         "there is no option --intervall=3; did you mean --interval?; see hotrun --help"},
        {{"-z"}, "there is no option -z; see hotrun --help"},
        {{"--interval"}, "the option --interval needs a value (MS); see hotrun --help"},
        {{"--interval", "soon"},
         "the value of --interval, soon, is no number of milliseconds; see hotrun --help"},
        {{"--poll", "0"},
         "the value of --poll, 0, is no number of milliseconds of 1 or more; see hotrun --help"},
        {{"--steps", "0"},
         "the value of --steps, 0, is no number of steps of 1 or more; see hotrun --help"},
        {{"--heap", "12Q"},
         "the value of --heap, 12Q, is no size: give a number, with K, M or G behind it; see "
         "hotrun --help"},
        {{"--heap", "99999999999G"},
         "the value of --heap, 99999999999G, is no size: give a number, with K, M or G behind it; "
         "see hotrun --help"},
        {{"--heap", "1K"},
         "the value of --heap, 1K, is too small: a heap has at least 64K; see hotrun --help"},
        {{"--guard", "maybe"},
         "the value of --guard, maybe, is not auto, on or off; see hotrun --help"},
        {{"-C", ""}, "the value of --builddir, , names no folder; see hotrun --help"},
        {{"replay"}, "name the recording that is to be played; see hotrun replay --help"},
        {{"replay", "--speed", "fast", "jump"},
         "the value of --speed, fast, is no speed: give 2 for twice as fast, 0.5 for half, 0 for "
         "as fast as possible; see hotrun replay --help"},
        {{"notify"}, "name the file that was saved; see hotrun notify --help"},
        {{"stop", "game"}, "hotrun stop does not take game; see hotrun stop --help"},
        {{"init", "a", "b"},
         "hotrun init makes one project, and does not take b; see hotrun init --help"},
        {{"report", "a", "b"},
         "hotrun report reads one file, and does not take b; see hotrun report --help"},
        {{"init", "--target", ""},
         "the value of --target, , names no library; see hotrun init --help"},
        {{"report", "-o", ""}, "the value of --output, , names no file; see hotrun report --help"},
    });
    for (const auto &[words, sentence] : rows)
        EXPECT_EQ(misuse(words), sentence);
}

TEST(Arguments, HelpFitsATerminal) {
    for (const SubcommandHelp &help : subcommand_helps()) {
        std::istringstream lines(help_text(help.subcommand));
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(line.size(), 80U) << line;
    }
}

TEST(Arguments, SizesTakePowersOf1024) {
    EXPECT_EQ(parse_arguments({"--heap", "64K"})->heap_bytes, 64u << 10);
    EXPECT_EQ(parse_arguments({"--heap", "3M"})->heap_bytes, 3u << 20);
    EXPECT_EQ(parse_arguments({"--heap", "1G"})->heap_bytes, 1u << 30);
    EXPECT_EQ(parse_arguments({"--heap", "70000"})->heap_bytes, 70000u);
}

TEST(Arguments, ASubcommandIsTheFirstWordOnly) {
    EXPECT_EQ(parse_arguments({"status", "game"})->subcommand, Subcommand::kStatus);
    const Result<Arguments> run = parse_arguments({"game", "status"});
    EXPECT_EQ(run->subcommand, Subcommand::kRun);
    EXPECT_EQ(run->targets, (Words{"game", "status"}));
}

} // namespace
} // namespace hotrun
