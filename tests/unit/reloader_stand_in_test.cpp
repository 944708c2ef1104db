#include "unit/reloader_test.hpp"

#include "support/fake_patch_loader.hpp"
#include "support/object_builder.hpp"

namespace hotrun {
namespace {

struct WithPatches {
    FakePatchLoader patches;

    HostProcess process() {
        HostProcess process;
        process.patches = &patches;
        return process;
    }
};

// The game is live, and made of one object file, for which a stand-in is made.
class ReloaderStandInTest : public WithPatches, public ReloaderTest {
  protected:
    ReloaderStandInTest() : ReloaderTest(process()) {
        write(kObject, "1");
        reload("game", "one");
        words();
    }

    static constexpr const char *kLibrary = "/b/libgame.so";
    static constexpr const char *kObject = "/b/game.o";
    static constexpr const char *kStandIn = "/b/folder/1.o";

    void write(const std::string &path, const std::string &body) {
        clock.advance(std::chrono::milliseconds(1));
        ObjectBuilder builder;
        builder.symbol("_Z4turnv", builder.code(".text", body + std::string(32, '\x90')), 0, 32);
        const std::vector<std::byte> bytes = builder.build();
        files.write(path, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
    }

    std::string keep() { return reloader.keep_objects({{kLibrary, {kObject}}}); }
    std::string save_by_stand_in(const std::string &body) {
        std::string why = keep();
        write(kStandIn, body);
        if (why.empty())
            why = reloader.patch({{kLibrary, {kObject}, kStandIn}}, PhaseTimes(clock.now()));
        deliver(host.switch_now());
        return why;
    }
    std::string confirm() { return reloader.confirm(kLibrary, kObject); }
};

TEST_F(ReloaderStandInTest, StandInIsWhatIsLive) {
    EXPECT_EQ(save_by_stand_in("2"), "");
    EXPECT_EQ(words(), (Words{"reloaded game 2 kept object", "retired game 1 mapped"}));
    EXPECT_EQ(patches.trace.calls, (Words{"open", "prepare /b/game.o", "apply 1"}));
    EXPECT_EQ(save_by_stand_in("3"), "") << "ninja has not come to it";
    write(kObject, "3");
    EXPECT_EQ(save_by_stand_in("4"), "") << "nor does it matter";
    write(kObject, "5");
    EXPECT_EQ(keep(), "");
    write(kObject, "5");
    EXPECT_EQ(reloader.patch({{kLibrary, {kObject}}}, PhaseTimes(clock.now())), "");
    deliver(host.switch_now());
    EXPECT_EQ(keep(), "");
}

TEST_F(ReloaderStandInTest, ObjectOfTheSameTextTakesItsPlace) {
    save_by_stand_in("2");
    write(kObject, "2");
    EXPECT_EQ(confirm(), "");
    EXPECT_EQ(keep(), "");
    write(kObject, "by somebody else");
    EXPECT_EQ(confirm(), "");
    reload("game", "two");
    write(kObject, "by somebody else");
    EXPECT_EQ(keep(), "/b/game.o is not what the live code was made from");
}

TEST_F(ReloaderStandInTest, OtherCodeOfTheSameTextIsTold) {
    save_by_stand_in("2");
    write(kObject, "3");
    EXPECT_EQ(confirm(), "the section .text is another one");
    ASSERT_TRUE(files.remove(kObject));
    EXPECT_NE(confirm(), "");
    EXPECT_EQ(reloader.confirm("/b/other.so", kObject), "/b/other.so is no module");
}

TEST_F(ReloaderStandInTest, StandInOfCodeThatFailedIsNotLive) {
    EXPECT_EQ(keep(), "");
    write(kStandIn, "2");
    EXPECT_EQ(reloader.patch({{kLibrary, {kObject}, kStandIn}}, PhaseTimes(clock.now())), "");
    fail_offered();
    write(kObject, "3");
    EXPECT_EQ(confirm(), "");
}

TEST_F(ReloaderStandInTest, AnyTwoObjectsCanBeCompared) {
    write(kStandIn, "1");
    EXPECT_EQ(reloader.difference(kObject, kStandIn), "");
    write(kStandIn, "2");
    EXPECT_EQ(reloader.difference(kObject, kStandIn), "the section .text is another one");
    EXPECT_NE(reloader.difference("/b/gone.o", kStandIn), "");
    EXPECT_NE(reloader.difference(kObject, "/b/gone.o"), "");
}

TEST(ReloaderStandIn, HostWithoutPatchesComparesNothing) {
    FakeClock clock;
    FakeFileSystem files(clock);
    FakeLibraryLoader loader;
    FakeProcessTable processes;
    FakeEventLoop loop(clock);
    EventStream events(clock, {});
    Handover handover([] {});
    Reloader reloader({files, loader, processes, clock}, loop, events, handover,
                      {{"game", "/b/libgame.so"}}, true);
    EXPECT_EQ(reloader.difference("/b/a.o", "/b/b.o"), "this host can't patch code");
}

} // namespace
} // namespace hotrun
