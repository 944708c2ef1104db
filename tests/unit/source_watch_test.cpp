#include "core/source_watch.hpp"

#include "support/fake_file_system.hpp"
#include "support/ninja_text.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Paths = std::vector<std::string>;

const std::string kObject = "libgame.so.p/game.cpp.o";

// The project /p with its build folder /p/b. Times are milliseconds since the start.
class Project {
  public:
    Project() {
        write("/p/src/game.cpp", 0);
        write("/p/meson.build", 0);
        write("/p/b/build.ninja", 0);
        set_graph({"../src/game.cpp"});
        set_deps(DepsLog().deps(kObject, {"../src/game.cpp", "../src/game.h", "/usr/include/a.h"}));
        write("/p/src/game.h", 0);
        write("/usr/include/a.h", 0);
    }

    void set_graph(const Paths &object_inputs) {
        graph = GraphText()
                    .edge("cpp_LINKER", {"libgame.so"}, {kObject})
                    .edge("cpp_COMPILER", {kObject}, object_inputs)
                    .edge("REGENERATE_BUILD", {"build.ninja"}, {"../meson.build"});
    }

    void set_deps(const DepsLog &log) { files.write("/p/b/.ninja_deps", log.bytes()); }

    nanoseconds at(int ms) const { return start + milliseconds(ms); }

    // A file of that time, in place.
    void write(const std::string &path, int ms) {
        files.write(path, path + " of " + std::to_string(ms));
        files.set_time(path, at(ms));
    }

    // As mv does it.
    void move_over(const std::string &path, int ms) {
        files.replace(path, path + " of " + std::to_string(ms));
        files.set_time(path, at(ms));
    }

    void set_build_file(const std::string &text) { files.write("/p/b/build.ninja", text); }

    Paths renew() {
        watch.read_build_files();
        watch.set_graph(BuildGraph::parse(graph.text()));
        watch.read_deps();
        return watch.refresh();
    }

    FakeClock clock;
    const nanoseconds start = clock.wall();
    FakeFileSystem files{clock};
    GraphText graph;
    SourceWatch watch{files, "/p/b"};
};

TEST(SourceWatch, SetIsLeavesAndWhatTheCompilerRead) {
    Project project;
    const Paths added = project.renew();
    EXPECT_EQ(added,
              (Paths{"/p/meson.build", "/p/src/game.cpp", "/p/src/game.h", "/usr/include/a.h"}));
    EXPECT_EQ(project.watch.sources(), added);
    EXPECT_EQ(project.watch.count(), 4u);
    EXPECT_EQ(project.watch.watched(), std::set<std::string>(added.begin(), added.end()));
}

// Of ten thousand files these questions are what a start takes beside ninja.
TEST(SourceWatch, AStartAsksTwiceForEachFile) {
    Project project;
    const Paths added = project.renew();
    project.watch.take_written(added, project.at(100));
    for (const std::string &path : added)
        EXPECT_EQ(project.files.questions[path], 2) << path;
}

TEST(SourceWatch, OnlyDependenciesOfTheTargetCount) {
    Project project;
    project.set_deps(DepsLog().deps("tests.p/test.o", {"../tests/test.h"}));
    EXPECT_EQ(project.renew(), (Paths{"/p/meson.build", "/p/src/game.cpp"}));
}

TEST(SourceWatch, GeneratedHeaderIsNoSource) {
    Project project;
    project.graph.edge("CUSTOM_COMMAND", {"gen.h"}, {"../gen.in"});
    project.set_deps(DepsLog().deps(kObject, {"../src/game.cpp", "gen.h"}));
    EXPECT_EQ(project.renew(), (Paths{"/p/gen.in", "/p/meson.build", "/p/src/game.cpp"}));
}

// The command that makes gen.h is not in the graph: nobody told ninja that the object needs it.
TEST(SourceWatch, GeneratedHeaderOutsideOfTheGraphIsAskedFor) {
    Project project;
    project.set_build_file("build gen.h: CUSTOM_COMMAND ../gen.in\n");
    project.set_deps(DepsLog().deps(kObject, {"../src/game.cpp", "gen.h", "config.h"}));
    project.renew();
    EXPECT_TRUE(project.watch.graph_lacks_targets());
    EXPECT_EQ(project.watch.further_targets(), Paths{"gen.h"});

    project.graph.edge("CUSTOM_COMMAND", {"gen.h"}, {"../gen.in"});
    project.renew();
    EXPECT_FALSE(project.watch.graph_lacks_targets());
    EXPECT_EQ(project.watch.sources(),
              (Paths{"/p/b/config.h", "/p/gen.in", "/p/meson.build", "/p/src/game.cpp"}));
    EXPECT_EQ(project.watch.further_targets(), Paths{"gen.h"}) << "for the next graph";

    project.clock.advance(milliseconds(1));
    project.set_build_file("build other.h: CUSTOM_COMMAND ../gen.in\n");
    project.watch.read_build_files();
    EXPECT_EQ(project.watch.further_targets(), Paths{}) << "of another build file";
}

TEST(SourceWatch, RecordOfARuleThatKeepsNoneDoesNotCount) {
    Project project;
    project.set_build_file("rule cpp_COMPILER\n command = c++\n");
    EXPECT_EQ(project.renew(), (Paths{"/p/meson.build", "/p/src/game.cpp"}));
    EXPECT_EQ(project.watch.unread_count(), 0u);
}

TEST(SourceWatch, OutputsWithoutTheirRecordAreCounted) {
    Project project;
    project.set_build_file("rule cpp_COMPILER\n deps = gcc\nrule cpp_LINKER\n");
    project.set_deps(DepsLog());
    project.renew();
    EXPECT_EQ(project.watch.unread_count(), 1u);
    project.set_deps(DepsLog().deps(kObject, {}));
    project.renew();
    EXPECT_EQ(project.watch.unread_count(), 0u);
}

TEST(SourceWatch, DependencyLogIsReadOnlyWhenItHasChanged) {
    Project project;
    EXPECT_TRUE(project.watch.read_deps());
    EXPECT_FALSE(project.watch.read_deps());
    static_cast<void>(project.files.remove("/p/b/.ninja_deps"));
    EXPECT_TRUE(project.watch.read_deps());
    EXPECT_FALSE(project.watch.read_deps());
}

TEST(SourceWatch, RefreshGivesOnlyWhatIsNew) {
    Project project;
    project.renew();
    project.set_deps(DepsLog()
                         .deps(kObject, {"../src/game.cpp", "../src/game.h", "/usr/include/a.h"})
                         .deps(kObject, {"../src/game.cpp", "../src/new.h"}));
    EXPECT_EQ(project.renew(), Paths{"/p/src/new.h"});
    EXPECT_EQ(project.watch.sources(),
              (Paths{"/p/meson.build", "/p/src/game.cpp", "/p/src/new.h"}));
}

TEST(SourceWatch, DependencyLogThatNinjaWroteAnewIsReadFromItsStart) {
    Project project;
    project.renew();
    project.files.replace(
        "/p/b/.ninja_deps",
        DepsLog()
            .deps(kObject, {"../src/other_name_of_about_the_same_length.h", "../src/more.h"})
            .bytes());
    project.renew();
    EXPECT_EQ(project.watch.sources(), (Paths{"/p/meson.build", "/p/src/game.cpp", "/p/src/more.h",
                                              "/p/src/other_name_of_about_the_same_length.h"}));
}

// Ninja cuts a log that it can't read off at the last good record, and goes on from there.
TEST(SourceWatch, DependencyLogThatNinjaRepairedIsReadAgain) {
    Project project;
    const std::string good = DepsLog().deps(kObject, {"../src/game.h"}).bytes();
    project.files.write("/p/b/.ninja_deps", good + std::string(16, '\x7f'));
    project.renew();
    project.set_deps(
        DepsLog().deps(kObject, {"../src/game.h"}).deps(kObject, {"../src/a.h", "../src/new.h"}));
    project.renew();
    EXPECT_EQ(project.watch.sources(),
              (Paths{"/p/meson.build", "/p/src/a.h", "/p/src/game.cpp", "/p/src/new.h"}));
}

TEST(SourceWatch, LinkIsWatchedWithTheFileBehindIt) {
    Project project;
    project.write("/shared/real.h", 0);
    project.files.make_link("/p/src/game.h", "/shared/real.h");
    project.renew();
    EXPECT_TRUE(project.watch.watched().contains("/p/src/game.h"));
    EXPECT_TRUE(project.watch.watched().contains("/shared/real.h"));
    EXPECT_EQ(project.watch.sources(),
              (Paths{"/p/meson.build", "/p/src/game.cpp", "/shared/real.h", "/usr/include/a.h"}));

    project.write("/shared/real.h", 10);
    EXPECT_EQ(project.watch.take_changed({"/shared/real.h"}), Paths{"/shared/real.h"});
}

TEST(SourceWatch, FileInALinkedFolderIsWatchedWhereItIs) {
    Project project;
    project.write("/shared/a.h", 0);
    project.files.make_link("/p/link", "/shared");
    project.set_deps(DepsLog().deps(kObject, {"../link/a.h"}));
    project.renew();
    EXPECT_TRUE(project.watch.watched().contains("/shared/a.h"));
    EXPECT_FALSE(project.watch.watched().contains("/p/link/a.h"));
}

TEST(SourceWatch, LinkThatIsPointedElsewhereIsAChange) {
    Project project;
    project.write("/shared/one.h", 0);
    project.write("/shared/two.h", 0);
    project.files.make_link("/p/src/game.h", "/shared/one.h");
    project.renew();
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.h"}), Paths{});
    project.files.make_link("/p/src/game.h", "/shared/two.h");
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.h"}), Paths{"/p/src/game.h"});
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.h"}), Paths{});
    project.files.make_link("/p/src/game.h", "/shared/one.h"); // and back
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.h"}), Paths{"/p/src/game.h"});
    EXPECT_TRUE(project.watch.read_deps()) << "the set is to be made anew whatever was compiled";
    EXPECT_EQ(project.watch.take_written(project.watch.refresh(), project.at(100)), Paths{});
    EXPECT_FALSE(project.watch.read_deps());
}

// Such a file can't be told by its time from one that the build has read.
TEST(SourceWatch, LinkThatWasReplacedJustBeforeTheSetIsMadeIsAChange) {
    Project project;
    project.write("/shared/real.h", 10);
    project.files.make_link("/p/src/game.h", "/shared/real.h");
    project.renew();
    static_cast<void>(project.files.remove("/p/src/game.h"));
    project.write("/p/src/game.h", 5);
    EXPECT_EQ(project.watch.take_written(project.renew(), project.at(100)), Paths{"/p/src/game.h"});
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.h"}), Paths{});
}

TEST(SourceWatch, OutputsOfALinkThatPointsToAnOlderFileAreMadeStale) {
    Project project;
    project.write("/shared/one.h", 20);
    project.write("/shared/two.h", 0);
    project.files.make_link("/p/src/game.h", "/shared/one.h");
    project.renew();
    project.write("/p/b/" + kObject, 10);
    project.files.make_link("/p/src/game.h", "/shared/two.h");
    static_cast<void>(project.files.remove("/shared/one.h"));
    const Paths changed = project.watch.take_changed({"/p/src/game.h"});
    project.watch.refresh(); // a cancelled build was in between
    project.watch.make_outputs_stale(changed, project.at(15));
    EXPECT_FALSE(project.files.exists("/p/b/" + kObject));
}

// The log does not change with it.
TEST(SourceWatch, LinkThatLeadsElsewhereChangesTheSet) {
    Project project;
    project.write("/shared/one.h", 0);
    project.files.make_link("/p/src/game.h", "/shared/one.h");
    project.renew();
    EXPECT_FALSE(project.watch.read_deps());
    project.write("/shared/two.h", 5);
    project.files.make_link("/p/src/game.h", "/shared/two.h");
    project.watch.take_changed({"/p/src/game.h"});
    EXPECT_TRUE(project.watch.read_deps());
    EXPECT_EQ(project.watch.refresh(), Paths{"/shared/two.h"});
    EXPECT_FALSE(project.watch.read_deps());
}

TEST(SourceWatch, FileThatBecomesALinkChangesTheSet) {
    Project project;
    project.renew();
    project.write("/shared/one.h", 5);
    static_cast<void>(project.files.remove("/p/src/game.h"));
    project.files.make_link("/p/src/game.h", "/shared/one.h");
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.h"}), Paths{"/p/src/game.h"});
    EXPECT_TRUE(project.watch.read_deps());
    EXPECT_EQ(project.watch.refresh(), Paths{"/shared/one.h"});
}

TEST(SourceWatch, ObjectThatIsCompiledAgainFromTheSameFilesChangesNoSet) {
    Project project;
    DepsLog log;
    log.deps(kObject, {"../src/game.cpp", "../src/game.h"});
    project.set_deps(log);
    project.renew();
    project.clock.advance(milliseconds(1));
    project.set_deps(log.deps(kObject, {"../src/game.cpp", "../src/game.h"}));
    EXPECT_FALSE(project.watch.read_deps());
    project.clock.advance(milliseconds(1));
    project.set_deps(log.deps(kObject, {"../src/game.cpp", "../src/new.h"}));
    EXPECT_TRUE(project.watch.read_deps());
}

TEST(SourceWatch, ChangeIsTakenOnce) {
    Project project;
    project.renew();
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.cpp"}), Paths{});
    project.write("/p/src/game.cpp", 10);
    const Paths told = {"/p/src/game.cpp", "/p/src/game.h", "/p/src/unknown.cpp"};
    EXPECT_EQ(project.watch.take_changed(told), Paths{"/p/src/game.cpp"});
    EXPECT_EQ(project.watch.take_changed(told), Paths{});
}

TEST(SourceWatch, OlderFileAndMissingFileAreChanges) {
    Project project;
    project.renew();
    project.move_over("/p/src/game.cpp", -500);
    static_cast<void>(project.files.remove("/p/src/game.h"));
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.cpp", "/p/src/game.h"}),
              (Paths{"/p/src/game.cpp", "/p/src/game.h"}));
}

TEST(SourceWatch, SaveWithTheSameTimeAndSizeIsSeenByItsInode) {
    Project project;
    project.renew();
    project.move_over("/p/src/game.cpp", 0);
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.cpp"}), Paths{"/p/src/game.cpp"});
}

TEST(SourceWatch, RefreshForgetsNoChangeThatNobodyTookYet) {
    Project project;
    project.renew();
    project.write("/p/src/game.cpp", 10);
    project.renew();
    EXPECT_EQ(project.watch.take_changed({"/p/src/game.cpp"}), Paths{"/p/src/game.cpp"});
}

TEST(SourceWatch, NewHeaderWrittenDuringTheBuildIsTold) {
    Project project;
    project.write("/p/src/game.h", 100);
    const Paths added = project.renew();
    EXPECT_EQ(project.watch.take_written(added, project.at(101)), Paths{});
    EXPECT_EQ(project.watch.take_written(added, project.at(100)), Paths{"/p/src/game.h"});
    EXPECT_EQ(project.watch.take_written(added, project.at(50)), Paths{"/p/src/game.h"});
}

// A build that read a half-saved source leaves its headers out of the set until the next one.
TEST(SourceWatch, OlderFileMovedOverANewHeaderDuringTheBuildIsTold) {
    Project project;
    project.files.set_time("/p/src/game.h", project.at(10), project.at(110));
    const Paths added = project.renew();
    EXPECT_EQ(project.watch.take_written(added, project.at(111)), Paths{});
    EXPECT_EQ(project.watch.take_written(added, project.at(110)), Paths{"/p/src/game.h"});
}

TEST(SourceWatch, NewHeaderWrittenBeforeItWasWatchedIsTold) {
    Project project;
    const Paths added = project.renew();
    project.write("/p/src/game.h", 40);
    EXPECT_EQ(project.watch.take_written(added, project.at(100)), Paths{"/p/src/game.h"});
    EXPECT_EQ(project.watch.take_written(added, project.at(100)), Paths{});
}

// A source that is saved at `save` and known to be, and an object made at `object`.
class StaleOutputs : public testing::Test {
  protected:
    void given(int save, int object) {
        project.renew();
        project.move_over(source, save);
        project.write("/p/b/" + kObject, object);
        project.write("/p/b/libgame.so", object);
        ASSERT_EQ(project.watch.take_changed({source}), Paths{source});
    }
    void build_after(int last_build_end) {
        project.watch.make_outputs_stale({source}, project.at(last_build_end));
    }
    bool object_is_there() const { return project.files.exists("/p/b/" + kObject); }

    Project project;
    std::string source = "/p/src/game.cpp";
};

TEST_F(StaleOutputs, ObjectOfASourceEditedWhileItWasCompiledGoes) {
    given(100, 105);
    build_after(110);
    EXPECT_FALSE(object_is_there());
    EXPECT_TRUE(project.files.exists("/p/b/libgame.so"));
}

TEST_F(StaleOutputs, ObjectWithTheTimeOfTheEditGoes) {
    given(105, 105);
    build_after(110);
    EXPECT_FALSE(object_is_there());
}

TEST_F(StaleOutputs, ObjectOfAnOlderFileMovedOverGoes) {
    given(-5'000, 105);
    build_after(110);
    EXPECT_FALSE(object_is_there());
}

TEST_F(StaleOutputs, ObjectOlderThanTheEditStays) {
    given(100, 95);
    build_after(110);
    EXPECT_TRUE(object_is_there());
}

TEST_F(StaleOutputs, SaveAfterTheBuildNeedsNothing) {
    given(120, 125);
    build_after(110);
    EXPECT_TRUE(object_is_there());
}

TEST_F(StaleOutputs, ObjectsOfAHeaderGoByTheDependencyLog) {
    project.write("/p/b/other.o", 105);
    project.set_deps(
        DepsLog().deps(kObject, {"../src/game.h"}).deps("other.o", {"../src/unrelated.h"}));
    source = "/p/src/game.h";
    given(100, 105);
    build_after(110);
    EXPECT_FALSE(object_is_there());
    EXPECT_TRUE(project.files.exists("/p/b/other.o"));
}

TEST_F(StaleOutputs, BuildFileOnlyGetsAnOldTime) {
    source = "/p/meson.build";
    given(100, 90);
    project.write("/p/b/build.ninja", 105);
    build_after(110);
    ASSERT_TRUE(project.files.exists("/p/b/build.ninja"));
    EXPECT_LT(project.files.timestamp("/p/b/build.ninja")->mtime_ns, project.at(0).count());
}

TEST_F(StaleOutputs, FolderNamedLikeAnAliasIsLeftAlone) {
    project.graph.edge("phony", {"game"}, {"../src/game.cpp"});
    project.files.make_folder("/p/b/game");
    project.files.set_time("/p/b/game", project.at(105));
    given(100, 105);
    build_after(110);
    EXPECT_TRUE(project.files.is_folder("/p/b/game"));
}

TEST_F(StaleOutputs, SourceThatIsGoneIsNinjasToComplainOf) {
    given(100, 105);
    static_cast<void>(project.files.remove(source));
    ASSERT_EQ(project.watch.take_changed({source}), Paths{source});
    build_after(110);
    EXPECT_TRUE(object_is_there());
}

TEST(SourceWatch, LinkToAFolderThatPointsElsewhereChangesWhatLiesBehindIt) {
    Project project;
    project.write("/p/v1/deep/x.h", 0);
    project.write("/p/v2/deep/x.h", 0);
    project.files.make_link("/p/current", "/p/v1");
    project.set_deps(DepsLog().deps(kObject, {"../src/game.cpp", "../current/deep/x.h"}));
    project.renew();
    EXPECT_EQ(project.watch.sources(),
              (Paths{"/p/meson.build", "/p/src/game.cpp", "/p/v1/deep/x.h"}));
    EXPECT_TRUE(project.watch.watched().contains("/p/current"));
    EXPECT_EQ(project.watch.take_changed({"/p/current"}), Paths{}) << "it leads where it led";

    project.files.make_link("/p/current", "/p/v2");
    EXPECT_EQ(project.watch.take_changed({"/p/current"}), Paths{"/p/v1/deep/x.h"});
    EXPECT_EQ(project.watch.take_changed({"/p/current"}), Paths{}) << "taken already";
    project.write("/p/b/" + kObject, 50); // newer than what lies behind the link now
    project.watch.make_outputs_stale({"/p/v1/deep/x.h"}, project.at(100));
    EXPECT_FALSE(project.files.exists("/p/b/" + kObject));
    EXPECT_TRUE(project.watch.read_deps()) << "the set is to be made anew";
    project.watch.refresh();
    EXPECT_EQ(project.watch.sources(),
              (Paths{"/p/meson.build", "/p/src/game.cpp", "/p/v2/deep/x.h"}));
}

TEST(SourceWatch, FileThatWasASuspectIsKnownByNinjasSpellingLater) {
    Project project;
    DepsLog log;
    project.set_deps(log.deps(kObject, {"../src/game.cpp"}));
    project.renew();
    EXPECT_TRUE(project.watch.set_suspects({"/p/src/game.h"}));
    project.renew();
    project.set_deps(log.deps(kObject, {"../src/game.cpp", "../src/game.h"}));
    EXPECT_TRUE(project.watch.set_suspects({}));
    project.renew();
    project.write("/p/b/" + kObject, 50);
    project.move_over("/p/src/game.h", 20);
    project.watch.make_outputs_stale({"/p/src/game.h"}, project.at(60));
    EXPECT_FALSE(project.files.exists("/p/b/" + kObject));
}

TEST(UnfinishedOutputs, AreRemovedUnlessTheirCommandHasEnded) {
    Project project;
    project.renew();
    project.write("/p/b/" + kObject, 100);
    project.write("/p/b/libgame.so", 110);
    project.write("/p/b/build.ninja", 120);
    project.watch.remove_unfinished(project.at(100), {{kObject, {}}});
    EXPECT_TRUE(project.files.exists("/p/b/" + kObject)) << "it is whole";
    EXPECT_FALSE(project.files.exists("/p/b/libgame.so"));
    EXPECT_TRUE(project.files.exists("/p/b/build.ninja"));
    project.watch.remove_unfinished(project.at(101), {});
    EXPECT_TRUE(project.files.exists("/p/b/" + kObject)) << "an earlier build made it";
    project.watch.remove_unfinished(project.at(100), {});
    EXPECT_FALSE(project.files.exists("/p/b/" + kObject));
    EXPECT_TRUE(project.files.exists("/p/src/game.cpp"));
}

} // namespace
} // namespace hotrun
