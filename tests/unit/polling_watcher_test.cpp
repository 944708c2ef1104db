#include "core/polling_watcher.hpp"

#include "support/fake_event_loop.hpp"
#include "support/fake_file_system.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace hotrun {
namespace {

using std::chrono::milliseconds;
using Paths = std::vector<std::string>;

class PollingWatcherTest : public testing::Test {
  protected:
    PollingWatcherTest() {
        files.write("/p/a.cpp", "a");
        files.write("/p/b.cpp", "b");
        watcher.watch({"/p/a.cpp", "/p/b.cpp", "/p/absent.h"});
    }
    Paths told_after(Duration time) {
        loop.advance(time);
        return std::exchange(told, {});
    }

    FakeClock clock;
    FakeEventLoop loop{clock};
    FakeFileSystem files{clock};
    Paths told;
    PollingWatcher watcher{loop, clock, files, 1, milliseconds(100), [this](const Paths &paths) {
                               told.insert(told.end(), paths.begin(), paths.end());
                           }};
};

TEST_F(PollingWatcherTest, TellsASaveAtTheNextPollAndOnce) {
    loop.advance(milliseconds(10));
    files.write("/p/b.cpp", "other");
    EXPECT_EQ(told_after(milliseconds(89)), Paths{});
    EXPECT_EQ(told_after(milliseconds(1)), Paths{"/p/b.cpp"});
    EXPECT_EQ(told_after(milliseconds(1'000)), Paths{});
}

TEST_F(PollingWatcherTest, TellsFilesThatComeAndGo) {
    files.write("/p/absent.h", "here now");
    static_cast<void>(files.remove("/p/a.cpp"));
    EXPECT_EQ(told_after(milliseconds(100)), (Paths{"/p/a.cpp", "/p/absent.h"}));
}

TEST_F(PollingWatcherTest, DrainPollsAtOnce) {
    files.replace("/p/a.cpp", "a");
    watcher.drain();
    EXPECT_EQ(told, Paths{"/p/a.cpp"});
}

TEST_F(PollingWatcherTest, NewSetForgetsNoChangeOfAFileThatStaysInIt) {
    files.replace("/p/a.cpp", "a");
    watcher.watch({"/p/a.cpp", "/p/c.cpp"});
    files.replace("/p/b.cpp", "no longer watched");
    EXPECT_EQ(told_after(milliseconds(100)), Paths{"/p/a.cpp"});
}

TEST_F(PollingWatcherTest, FileThatIsNewInTheSetIsNoChange) {
    files.write("/p/c.cpp", "c");
    watcher.watch({"/p/c.cpp"});
    EXPECT_EQ(told_after(milliseconds(100)), Paths{});
}

TEST_F(PollingWatcherTest, WithoutFilesNothingIsLookedAt) {
    watcher.watch({});
    EXPECT_EQ(loop.alarm_count(), 0u);
    watcher.watch({"/p/a.cpp"});
    files.replace("/p/a.cpp", "other");
    EXPECT_EQ(told_after(milliseconds(100)), Paths{"/p/a.cpp"});
    EXPECT_EQ(loop.alarm_count(), 1u);
}

} // namespace
} // namespace hotrun
