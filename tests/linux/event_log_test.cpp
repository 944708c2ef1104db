#include "event_log.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotrun {
namespace {

class EventLogTest : public testing::Test {
  protected:
    void log_one(EventLog::Mode mode) const {
        Result<std::unique_ptr<EventLog>> log = EventLog::create(path_, mode);
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

} // namespace
} // namespace hotrun
