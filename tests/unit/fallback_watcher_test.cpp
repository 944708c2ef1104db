#include "core/fallback_watcher.hpp"

#include "support/fake_watcher.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

TEST(FallbackWatcher, PollsWhatTheEventsLeave) {
    std::vector<std::string> told;
    const auto tell = [&](const std::vector<std::string> &paths) {
        told.insert(told.end(), paths.begin(), paths.end());
    };
    auto events = std::make_unique<FakeWatcher>(tell);
    auto polling = std::make_unique<FakeWatcher>(tell);
    FakeWatcher &by_events = *events;
    FakeWatcher &by_polling = *polling;
    FallbackWatcher watcher(std::move(events), std::move(polling));

    by_events.unwatched = {.files = {"/net/b"},
                           .why = Error{ErrorKind::kFailed, "/net is far away", 0}};
    const Watcher::Unwatched left = watcher.watch({"/a", "/net/b"});
    EXPECT_EQ(left.files, std::set<std::string>{});
    ASSERT_TRUE(left.why);
    EXPECT_EQ(left.why->message, "/net is far away");
    EXPECT_EQ(by_polling.watched, std::set<std::string>{"/net/b"});

    by_events.saw("/a");
    by_polling.saw("/net/b");
    watcher.drain();
    EXPECT_EQ(told, (std::vector<std::string>{"/a", "/net/b"}));

    by_events.unwatched = {};
    EXPECT_FALSE(watcher.watch({"/a"}).why);
    EXPECT_EQ(by_polling.watched, std::set<std::string>{});
}

} // namespace
} // namespace hotrun
