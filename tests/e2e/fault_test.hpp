// The fixture of tests about single failures: hotrun at work on the library that fails as told.
#pragma once

#include "e2e/fault_run.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string_view>

namespace hotrun::e2e {

class FaultTest : public testing::Test {
  protected:
    // One that fails in that step, or in another place.
    static FaultPlan failing(int value, const std::string &fault, int step,
                             const std::string &place = "step") {
        return {.value = value, .fault = fault, .place = place, .at = step};
    }

    // Starts with good code of value 1, and waits until it runs.
    HotrunProcess &start_good(const std::vector<std::string> &options = {}) {
        run.put({.value = 1});
        run.start(options);
        run.wait_until_ready();
        run.wait_for_step(1);
        return run.hotrun();
    }

    // Brings code of value 9, which runs on with the state.
    void expect_mended() {
        run.put({.value = 9});
        EXPECT_NE(run.expect_outcome("reloaded"), nullptr);
        EXPECT_TRUE(run.wait_for_step(9));
        run.expect_whole();
        run.expect_clean_end(SIGTERM, 0);
    }

    // The next outcome: generation `from` failed, and `to` is what is left.
    void expect_rolled_back(int from, int to) {
        const boost::json::object *event = run.expect_outcome("rolled_back");
        ASSERT_NE(event, nullptr);
        EXPECT_EQ(event->at("from").to_number<int>(), from);
        EXPECT_EQ(event->at("to").to_number<int>(), to);
    }

    // What was rolled back to goes on.
    void expect_goes_on(int value) {
        EXPECT_TRUE(run.hotrun().wait_for("<reload value=" + std::to_string(value) + " "));
        EXPECT_TRUE(run.wait_for_step(value));
    }

    FaultRun run;
};

inline bool is_sanitized() {
    return std::string_view(HOTRUN_SANITIZE) != "none";
}

} // namespace hotrun::e2e
