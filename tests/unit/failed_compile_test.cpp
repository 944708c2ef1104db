#include "core/failed_compile.hpp"

#include "support/fake_file_system.hpp"

#include <gtest/gtest.h>

#include <set>

namespace hotrun {
namespace {

using Paths = std::vector<std::string>;

const CompileCommand kCommand = CompileCommand::parse(
    "ccache c++ -Igame.p -I'../a b' -I ../inc -isystem /opt/x -iquote \"../q\" -I../c\\ d -O0 "
    "-MD -MF game.o.d -o game.o -c ../src/game.cpp",
    "/p/b");

TEST(CompileCommand, HasASourceAndFolders) {
    EXPECT_EQ(kCommand.source, "/p/src/game.cpp");
    EXPECT_EQ(kCommand.folders,
              (Paths{"/p/b/game.p", "/p/a b", "/p/inc", "/opt/x", "/p/q", "/p/c d"}));
}

TEST(CompileCommand, OtherCommandsHaveNeither) {
    for (const char *text : {"", "sh gen.sh in out", "c++ -o game game.o", "c++ -c", "c++ -I"}) {
        const CompileCommand command = CompileCommand::parse(text, "/p/b");
        EXPECT_EQ(command.source, "") << text;
        EXPECT_EQ(command.folders, Paths{}) << text;
    }
}

TEST(FindIncludes, FollowsThemThroughTheFoldersOfTheCommand) {
    const FakeClock clock;
    FakeFileSystem files{clock};
    files.write("/p/src/game.cpp", "#include \"near.h\"\n  #  include <far.h> // why\n"
                                   "#include <vector>\n#include MACRO\n#include \"absent.h\"\n"
                                   "int x = 1; // #include \"comment.h\"\n#includes \"x.h\"");
    files.write("/p/src/near.h", "#if 0\n#include \"deep/one.h\"\n#endif\n");
    files.write("/p/inc/deep/one.h", "#include \"two.h\"\n#include \"../../src/near.h\"");
    files.write("/p/inc/deep/two.h", "");
    files.write("/p/q/two.h", "not this one");
    files.write("/opt/x/far.h", "#include </usr/include/own.h>");
    files.write("/usr/include/own.h", "");
    files.write("/p/src/comment.h", "");
    files.write("/p/src/x.h", "");
    std::unordered_set<std::string> found;
    find_includes(files, kCommand, found);
    std::set<std::string> there;
    for (const std::string &path : found) {
        if (files.exists(path))
            there.insert(path);
    }
    EXPECT_EQ(there, (std::set<std::string>{"/p/src/game.cpp", "/p/src/near.h", "/p/inc/deep/one.h",
                                            "/p/inc/deep/two.h", "/opt/x/far.h"}));
}

// The system may have one of that name: the compiler then takes that, and complains of the source.
TEST(FindIncludes, PlaceWhereAQuotedHeaderWouldGoFirstIsWatched) {
    const FakeClock clock;
    FakeFileSystem files{clock};
    files.write("/p/src/game.cpp", "#include \"values.h\"\n#include <absent.h>\n");
    files.write("/p/inc/values.h", "");
    std::unordered_set<std::string> found;
    find_includes(files, kCommand, found);
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()),
              (std::set<std::string>{"/p/src/game.cpp", "/p/src/values.h", "/p/b/game.p/values.h",
                                     "/p/a b/values.h", "/p/inc/values.h"}));
}

TEST(FindIncludes, WithoutASourceThereAreNone) {
    const FakeClock clock;
    std::unordered_set<std::string> found;
    find_includes(FakeFileSystem(clock), CompileCommand(), found);
    EXPECT_TRUE(found.empty());
}

TEST(MissingHeader, IsLookedForWhereTheCommandLooks) {
    const Paths expected = {"/p/src/x/new.h", "/p/b/game.p/x/new.h", "/p/a b/x/new.h",
                            "/p/inc/x/new.h", "/opt/x/x/new.h",      "/p/q/x/new.h",
                            "/p/c d/x/new.h"};
    for (const char *message :
         {"x/new.h: No such file or directory", "fatal error: x/new.h: No such file or directory",
          "'x/new.h' file not found"})
        EXPECT_EQ(missing_header_places(message, "/p/src/game.cpp", kCommand), expected) << message;
}

TEST(MissingHeader, AbsolutePathIsItsOnlyPlace) {
    EXPECT_EQ(missing_header_places("/opt/new.h: No such file or directory", "/p/src/game.cpp",
                                    CompileCommand()),
              Paths{"/opt/new.h"});
}

TEST(MissingHeader, OtherMessagesNameNone) {
    for (const char *message : {"expected ';'", "", "' file not found", "No such file or directory",
                                ": No such file or directory"})
        EXPECT_EQ(missing_header_places(message, "/p/a.cpp", kCommand), Paths{}) << message;
}

} // namespace
} // namespace hotrun
