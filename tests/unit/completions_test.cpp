#include "completions.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotrun {
namespace {

struct Texts {
    std::string bash;
    std::string zsh;
    std::string fish;
};
Texts texts_of(const std::vector<SubcommandWords> &words) {
    return {bash_completions(words), zsh_completions(words), fish_completions(words)};
}

bool has(const std::string &text, const std::string &words) {
    return text.find(words) != std::string::npos;
}

// Every option that --help names is in the words, and every word in what the shells are told.
TEST(Completions, NoOptionIsMissing) {
    const std::vector<SubcommandWords> words = command_words();
    const Texts texts = texts_of(words);
    for (const Subcommand subcommand :
         {Subcommand::kRun, Subcommand::kStatus, Subcommand::kEvents, Subcommand::kInit}) {
        const std::string help = help_text(subcommand);
        for (std::size_t at = help.find(" --"); at != std::string::npos;
             at = help.find(" --", at + 1)) {
            const std::size_t begin = at + 3;
            const std::string name = help.substr(
                begin, help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", begin) - begin);
            EXPECT_TRUE(std::ranges::any_of(words, [&](const SubcommandWords &each) {
                return std::ranges::count(each.options, name, &OptionWords::name) == 1;
            })) << name;
        }
    }
    for (const SubcommandWords &each : words) {
        EXPECT_TRUE(has(texts.bash, each.word));
        EXPECT_TRUE(has(texts.zsh, each.word + "\\:\""));
        EXPECT_TRUE(has(texts.fish, "-a " + each.word));
        for (const OptionWords &option : each.options) {
            EXPECT_TRUE(has(texts.bash, "--" + option.name)) << option.name;
            EXPECT_TRUE(has(texts.zsh, ")--" + option.name)) << option.name;
            EXPECT_TRUE(has(texts.fish, " -l " + option.name + " ")) << option.name;
        }
    }
}

TEST(Completions, AValueIsWhatTheOptionTakes) {
    const Texts texts =
        texts_of({{"",
                   "",
                   "",
                   {{"guard", 0, "WHEN", {"on", "off"}, "catch it: [x]"},
                    {"builddir", 'C', "DIR", {}, "a user's folder"},
                    {"quiet", 'q', "", {}, "say nothing"}}},
                  {"notify", "FILE...", "tell: all", {{"json", 0, "", {}, "in JSON"}}}});
    EXPECT_TRUE(has(texts.bash, "        --guard) words='on off' ;;\n"
                                "        --builddir | -C) paths=directory ;;\n"
                                "        *) words='--guard --builddir -C --quiet -q notify' ;;\n"));
    EXPECT_TRUE(has(texts.bash, "    notify)\n        case $before in\n"
                                "        *) words='--json' paths=file ;;\n"));
    EXPECT_TRUE(has(texts.zsh, "'(--guard)--guard=[catch it: \\[x\\]]:WHEN:(on off)'"));
    EXPECT_TRUE(has(texts.zsh, "'(--builddir -C)-C+[a user'\\''s folder]:DIR:_directories'"));
    EXPECT_TRUE(has(texts.zsh, "'(--quiet -q)-q[say nothing]'"));
    EXPECT_TRUE(has(texts.zsh, "notify\\:\"tell\\: all\""));
    EXPECT_TRUE(has(texts.fish, "-n 'not __fish_seen_subcommand_from notify' -l guard -x -a "
                                "'on off' -d 'catch it: [x]'\n"));
    EXPECT_TRUE(has(texts.fish, "-n '__fish_seen_subcommand_from notify' -F\n"));
}

} // namespace
} // namespace hotrun
