// The whole help, word for word: who adds an option adds its line.
#include "arguments.hpp"
#include "subcommand_help.hpp"

#include <gtest/gtest.h>

#include <map>

namespace hotrun {
namespace {

const std::map<Subcommand, std::string> kHelpTexts = {
#include "help_texts.inc"
};

TEST(Help, IsWhatUsersKnow) {
    for (const SubcommandHelp &help : subcommand_helps()) {
        const auto known = kHelpTexts.find(help.subcommand);
        ASSERT_NE(known, kHelpTexts.end()) << help.word;
        EXPECT_EQ(help_text(help.subcommand), known->second);
    }
}

} // namespace
} // namespace hotrun
