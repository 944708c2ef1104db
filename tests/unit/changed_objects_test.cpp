#include "core/changed_objects.hpp"

#include "support/fake_file_system.hpp"
#include "support/ninja_text.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Names = std::vector<std::string>;

// Two hot libraries, an archive, a library that is not hot, a generated header and a tool of TARGET
// in the build folder /p/b.
class ChangedObjectsTest : public testing::Test {
  protected:
    ChangedObjectsTest() {
        graph
            .edge("cpp_LINKER", {"libgame.so"},
                  {"game.o", "draw.o", "gen.o", "libparts.a", "both.o"})
            .edge("cpp_LINKER", {"sub/libbase.so.1.0"}, {"base.o", "both.o"})
            .edge("c_LINKER_RSP", {"libother.so"}, {"other.o"})
            .edge("STATIC_LINKER", {"libparts.a"}, {"part.o"})
            .edge("cpp_COMPILER", {"game.o"}, {"../game.cpp"})
            .edge("cpp_COMPILER", {"draw.o"}, {"../draw.cpp"})
            .edge("c_COMPILER", {"base.o"}, {"../base.c"})
            .edge("cpp_COMPILER", {"both.o"}, {"../both.cpp"})
            .edge("cpp_COMPILER", {"other.o"}, {"../other.cpp"})
            .edge("cpp_COMPILER", {"part.o"}, {"../part.cpp"})
            .edge("CUSTOM_COMMAND", {"gen.cpp"}, {"../gen.in"})
            .edge("cpp_COMPILER", {"gen.o"}, {"gen.cpp"})
            .edge("cpp_PCH", {"game.pch"}, {"../pch.h"})
            .edge("REGENERATE_BUILD", {"build.ninja"}, {"../meson.build"});
        log.deps("game.o", {"../game.cpp", "../game.h", "../all.h", "../many.h"})
            .deps("draw.o", {"../draw.cpp", "../game.h", "../all.h", "../many.h"})
            .deps("base.o", {"../base.c", "../all.h"})
            .deps("game.pch", {"../pch.h", "../in_pch.h"})
            .deps("gone.o", {"../game.h"}); // of no target that is asked for
        files.write("/p/b/build.ninja",
                    "rule cpp_COMPILER\n deps = gcc\nrule c_COMPILER\n deps = gcc\nrule cpp_PCH\n"
                    " deps = gcc\n");
        for (const char *name :
             {"game.cpp", "draw.cpp", "base.c", "both.cpp", "other.cpp", "part.cpp", "gen.in",
              "pch.h", "in_pch.h", "meson.build", "game.h", "all.h", "many.h"})
            files.write(std::string("/p/") + name, "");
    }

    ChangedObjects find(const Names &changed) {
        files.write("/p/b/.ninja_deps", log.bytes());
        watch.read_build_files();
        watch.set_graph(BuildGraph::parse(graph.text()));
        watch.read_deps();
        watch.refresh();
        return find_changed_objects(
            watch, "/p/b", changed,
            {{"libgame.so", "/p/b/libgame.so"}, {"sub/libbase.so.1.0", "/p/b/sub/libbase.so.1"}});
    }
    std::string why_of(const std::string &changed) { return find({changed}).why; }

    FakeClock clock;
    FakeFileSystem files{clock};
    GraphText graph;
    DepsLog log;
    SourceWatch watch{files, "/p/b"};
};

TEST_F(ChangedObjectsTest, SourceHasItsObject) {
    const ChangedObjects found = find({"/p/game.cpp"});
    EXPECT_EQ(found.why, "");
    EXPECT_EQ(found.targets, Names{"game.o"});
    EXPECT_EQ(found.sets, (std::vector<ObjectSet>{{"/p/b/libgame.so", {"/p/b/game.o"}}}));
}

TEST_F(ChangedObjectsTest, HeaderHasThoseThatHaveReadItAndAreAskedFor) {
    EXPECT_EQ(find({"/p/game.h"}).targets, (Names{"draw.o", "game.o"}));
}

TEST_F(ChangedObjectsTest, EachLibraryHasItsSet) {
    const ChangedObjects found = find({"/p/all.h", "/p/game.cpp"});
    EXPECT_EQ(found.why, "");
    EXPECT_EQ(found.targets, (Names{"base.o", "draw.o", "game.o"}));
    EXPECT_EQ(found.sets,
              (std::vector<ObjectSet>{{"/p/b/libgame.so", {"/p/b/draw.o", "/p/b/game.o"}},
                                      {"/p/b/sub/libbase.so.1", {"/p/b/base.o"}}}));
}

TEST_F(ChangedObjectsTest, MoreThanObjectsIsTold) {
    EXPECT_EQ(why_of("/p/meson.build"),
              "meson.build goes into build.ninja, which is no object file");
    EXPECT_EQ(why_of("/p/gen.in"), "gen.in goes into gen.cpp, which is no object file");
    EXPECT_EQ(why_of("/p/in_pch.h"), "in_pch.h goes into game.pch, which is no object file");
    EXPECT_EQ(why_of("/p/part.cpp"), "part.o goes into libparts.a, which is no hot library");
    EXPECT_EQ(why_of("/p/other.cpp"), "other.o goes into libother.so, which is no hot library");
    EXPECT_EQ(why_of("/p/both.cpp"), "both.o goes into 2 libraries");
    EXPECT_EQ(why_of("/p/new.h"), "no command is known to have read new.h");
    EXPECT_EQ(why_of("/p/b/build.ninja"), "no command is known to have read build.ninja");
}

TEST_F(ChangedObjectsTest, OneOfSeveralIsEnough) {
    EXPECT_EQ(find({"/p/game.cpp", "/p/gen.in"}).why,
              "gen.in goes into gen.cpp, which is no object file");
}

TEST_F(ChangedObjectsTest, ManyObjectsAreTooMany) {
    for (std::size_t n = 0; n < kMostObjects - 2; ++n) {
        const std::string object = "o" + std::to_string(n);
        graph.edge("cpp_COMPILER", {object}, {"../" + object + ".cpp"})
            .edge("cpp_LINKER", {"libgame.so"}, {object});
        log.deps(object, {"../many.h"});
    }
    EXPECT_EQ(find({"/p/many.h"}).targets.size(), kMostObjects);
    log.deps("gen.o", {"../many.h"});
    EXPECT_EQ(why_of("/p/many.h"), "more than 16 object files change");
}

} // namespace
} // namespace hotrun
