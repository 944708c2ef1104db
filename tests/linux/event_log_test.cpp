#include "event_log.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotrun {
namespace {

class EventLogTest : public testing::Test {
  protected:
    void log_one(EventLog::Mode mode) const {
        Result<std::unique_ptr<EventLog>> log = EventLog::create(path_, mode, EventLog::stream());
        ASSERT_TRUE(log);
        (*log)->event({1, {}, StoppedEvent{}});
    }

    std::ptrdiff_t line_count() const {
        std::ifstream file(path_);
        const std::string text((std::istreambuf_iterator<char>(file)), {});
        return std::count(text.begin(), text.end(), '\n');
    }

    TemporaryFolder folder_;
    std::string path_ = folder_ / "events";
};

TEST_F(EventLogTest, ARunBeginsAnewAndARestartGoesOn) {
    log_one(EventLog::Mode::kTruncate);
    log_one(EventLog::Mode::kAppend);
    EXPECT_EQ(line_count(), 2);
    log_one(EventLog::Mode::kTruncate);
    EXPECT_EQ(line_count(), 1);
}

TEST_F(EventLogTest, AFileThatIsGoneIsMadeAgain) {
    log_one(EventLog::Mode::kAppend);
    EXPECT_EQ(line_count(), 1);
}

TEST_F(EventLogTest, ATraceIsOneArrayAlsoAfterARestart) {
    for (const EventLog::Mode mode : {EventLog::Mode::kTruncate, EventLog::Mode::kAppend})
        (*EventLog::create(path_, mode, EventLog::trace()))->event({1, {}, StoppedEvent{}});
    std::ifstream file(path_);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_TRUE(text.starts_with("[\n{"));
    EXPECT_EQ(std::count(text.begin(), text.end(), '['), 1);
    EXPECT_TRUE(text.ends_with("},\n"));
}

TEST_F(EventLogTest, AFullDiskIsToldOnce) {
    testing::internal::CaptureStderr();
    Result<std::unique_ptr<EventLog>> log =
        EventLog::create("/dev/full", EventLog::Mode::kTruncate, EventLog::trace());
    ASSERT_TRUE(log);
    (*log)->event({1, {}, StoppedEvent{}});
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "hotrun: warning: can't write the trace to /dev/full any more: No space left on "
              "device\n");
}

} // namespace
} // namespace hotrun
