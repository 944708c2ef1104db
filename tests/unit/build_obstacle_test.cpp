#include "core/build_obstacle.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

std::string sentence_for(const std::string &printed) {
    const auto obstacle = find_build_obstacle(printed, "/p/b");
    return obstacle ? obstacle->sentence : "";
}

// As Debian 12's ninja, Meson and gcc print them.
TEST(BuildObstacle, IsKnownByTheWordsOfTheTools) {
    EXPECT_EQ(sentence_for("/usr/bin/ld: final link failed: No space left on device\n"),
              "there is no space left for what the build writes, in /p/b or the temporary folder; "
              "free some, then save again");
    EXPECT_EQ(sentence_for("ninja: error: loading 'build.ninja': No such file or directory\n"),
              "the build folder /p/b is not set up; run meson setup /p/b in the project's folder");
    EXPECT_EQ(sentence_for("ninja: error: build.ninja:143: unknown build rule 'nosuch'\n"),
              "ninja can't read /p/b/build.ninja; set the build folder up again with meson setup "
              "--reconfigure /p/b");
    EXPECT_EQ(sentence_for("Directory does not contain a valid build tree:\n/p/b\n"),
              "the build folder /p/b has lost what Meson keeps in it; set it up again with meson "
              "setup --wipe /p/b");
    EXPECT_EQ(sentence_for("ninja: error: unknown target 'libnone.so', did you mean 'libgame.so'?"),
              "a target that hotrun builds is not in /p/b any more; put it back into meson.build, "
              "or start hotrun with another");
}

TEST(BuildObstacle, AnotherMesonGoesAwayByItself) {
    const auto obstacle = find_build_obstacle(
        "ERROR: Some other Meson process is already using this build directory. Exiting.\n",
        "/p/b");
    ASSERT_TRUE(obstacle);
    EXPECT_TRUE(obstacle->meson_busy);
}

TEST(BuildObstacle, ErrorsInTheSourcesAreNone) {
    EXPECT_EQ(sentence_for("../game.cpp:3:5: error: expected ';'\n"
                           "../meson.build:3:4: ERROR: Expecting rparen got eof.\n"
                           "ninja: error: rebuilding 'build.ninja': subcommand failed\n"),
              "");
    EXPECT_EQ(sentence_for(""), "");
}

TEST(BuildObstacle, TheFolderMayBearTheNameThatStandsForIt) {
    EXPECT_EQ(not_set_up("/BUILDDIR/x"), "the build folder /BUILDDIR/x is not set up; run meson "
                                         "setup /BUILDDIR/x in the project's folder");
}

} // namespace
} // namespace hotrun
