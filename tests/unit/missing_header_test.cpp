#include "core/missing_header.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Paths = std::vector<std::string>;

const std::string kCommand = "ccache c++ -Igame.p -I'../a b' -I ../inc -isystem /opt/x -iquote "
                             "\"../q\" -I../c\\ d -O0 -o game.o -c ../src/game.cpp";

TEST(MissingHeader, IsLookedForWhereTheCommandLooks) {
    const Paths expected = {"/p/b/game.p/x/new.h", "/p/a b/x/new.h", "/p/inc/x/new.h",
                            "/opt/x/x/new.h",      "/p/q/x/new.h",   "/p/c d/x/new.h",
                            "/p/src/x/new.h"};
    EXPECT_EQ(missing_header_places("x/new.h: No such file or directory", "/p/src/game.cpp",
                                    kCommand, "/p/b"),
              expected);
    EXPECT_EQ(missing_header_places("fatal error: x/new.h: No such file or directory",
                                    "/p/src/game.cpp", kCommand, "/p/b"),
              expected);
    EXPECT_EQ(
        missing_header_places("'x/new.h' file not found", "/p/src/game.cpp", kCommand, "/p/b"),
        expected);
}

TEST(MissingHeader, AbsolutePathIsItsOnlyPlace) {
    EXPECT_EQ(missing_header_places("/opt/new.h: No such file or directory", "/p/src/game.cpp",
                                    "cc -c ../src/game.cpp", "/p/b"),
              Paths{"/opt/new.h"});
}

TEST(MissingHeader, OtherMessagesNameNone) {
    for (const char *message : {"expected ';'", "", "' file not found", "No such file or directory",
                                ": No such file or directory"})
        EXPECT_EQ(missing_header_places(message, "/p/a.cpp", kCommand, "/p/b"), Paths{}) << message;
}

} // namespace
} // namespace hotrun
