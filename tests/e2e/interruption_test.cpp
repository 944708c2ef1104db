// The end of a run, asked for or not, at any moment: it comes, and it leaves nothing behind.
#include "e2e/fault_test.hpp"

#include <csignal>
#include <cstring>
#include <ostream>

namespace hotrun::e2e {
namespace {

struct Moment {
    const char *name;
    const char *fault;
    const char *place;
    int step;
    const char *event; // to wait for before the end
};

constexpr Moment kMoments[] = {
    {"running", "", "none", 0, "reloaded"},
    {"in_a_step_that_hangs", "loop", "step", 3, "reloaded"},
    {"in_a_reload_that_hangs", "loop", "reload", 0, ""},
    {"in_a_constructor_that_hangs", "loop", "constructor", 0, ""},
    {"while_stalled", "sleep", "step", 3, "stalled"},
    {"while_parked", "null_write", "step", 3, "rolled_back"},
};

struct End {
    Moment moment;
    int signal;

    friend std::ostream &operator<<(std::ostream &stream, const End &end) {
        return stream << end.moment.name << " by " << ::sigabbrev_np(end.signal);
    }
};

class Interruption : public FaultTest, public testing::WithParamInterface<End> {
  protected:
    void come_to_the_moment() {
        const Moment &moment = GetParam().moment;
        start_good({"--step-timeout", "300"});
        run.put(failing(2, moment.fault, moment.step, moment.place));
        const std::string event = moment.event;
        if (std::string_view(moment.fault) == "loop")
            run.hotrun().wait_for(std::string("<comes to ") + moment.place + ">");
        else
            run.hotrun().next(event);
    }
};

bool needs_signals_in_a_loop(const Moment &moment) {
    return std::string_view(moment.fault) == "loop";
}

TEST_P(Interruption, EndsTheRunAndLeavesNothing) {
    if (has_sanitizer("thread") && needs_signals_in_a_loop(GetParam().moment))
        GTEST_SKIP() << "ThreadSanitizer holds signals back while a thread only computes";
    come_to_the_moment();
    run.expect_clean_end(GetParam().signal, GetParam().signal == SIGINT ? 130 : 0);
}

// What the next run finds is what it would have found without the one that was killed.
TEST_P(Interruption, ByKillLeavesNothingForTheNextRun) {
    if (GetParam().signal != SIGTERM)
        GTEST_SKIP() << "that end is one and the same for both";
    come_to_the_moment();
    run.hotrun().child().signal(SIGKILL);
    EXPECT_EQ(run.hotrun().child().wait_for_exit(), 128 + SIGKILL);
    EXPECT_FALSE(run.live_copies().empty());
    start_good();
    const std::string own = "libgame_live." + std::to_string(run.hotrun().child().pid()) + ".1.so";
    EXPECT_EQ(run.live_copies(), std::vector<std::string>{own});
    run.expect_clean_end(SIGTERM, 0);
}

std::vector<End> ends() {
    std::vector<End> all;
    for (const Moment &moment : kMoments) {
        for (const int signal : {SIGINT, SIGTERM})
            all.push_back({moment, signal});
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(Moments, Interruption, testing::ValuesIn(ends()), [](const auto &info) {
    return std::string(info.param.moment.name) + "_by_" + ::sigabbrev_np(info.param.signal);
});

} // namespace
} // namespace hotrun::e2e
