#include "keys.hpp"

#include "console_style.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Keys = std::vector<Key>;

TEST(Keys, EachLetterHasItsMeaning) {
    EXPECT_EQ(keys_in("rbpsq?h"), (Keys{Key::kReload, Key::kBuild, Key::kPause, Key::kStatus,
                                        Key::kQuit, Key::kHelp, Key::kHelp}));
    EXPECT_EQ(keys_in("l"), Keys{Key::kReplay});
    EXPECT_EQ(keys_in("x\nR"), Keys{});
}

TEST(Keys, ArrowsAndClicksAreNoLetters) {
    EXPECT_EQ(keys_in("s\x1b[15~q"), Keys{Key::kStatus});
    EXPECT_EQ(keys_in("\x1bOp"), Keys{});
}

TEST(ConsoleStyle, KnowsALocaleOfUtf8ByItsName) {
    for (const char *name : {"C.UTF-8", "de_DE.utf8", "en_US.UTF-8@euro"})
        EXPECT_TRUE(names_utf8(name)) << name;
    for (const char *name : {"", "C", "POSIX", "de_DE.ISO-8859-1", "utf8"})
        EXPECT_FALSE(names_utf8(name)) << name;
}

} // namespace
} // namespace hotrun
