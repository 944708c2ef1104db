#include "linux/stop_signals.hpp"

#include "forked_child.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

namespace hotrun {
namespace {

constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

// The exit status that one signal asks for.
std::optional<int> status_after(int signal) {
    AsioEventLoop loop;
    std::optional<int> status;
    const StopSignals signals(
        loop.io(), [&](int asked) { status = asked; }, [](int) {});
    ::kill(::getpid(), signal);
    run_until(loop, [&] { return status.has_value(); });
    return status;
}

TEST(StopSignals, TerminationIsAnOrderlyEnd) {
    EXPECT_EQ(status_after(SIGTERM), 0);
}

TEST(StopSignals, TheOtherSignalsShowInTheExitStatus) {
    EXPECT_EQ(status_after(SIGINT), 130);
    EXPECT_EQ(status_after(SIGHUP), 129);
    EXPECT_EQ(status_after(SIGPIPE), 141);
}

TEST(StopSignals, ASecondInterruptEndsTheProcessAfterCleaningUp) {
    const Gate cleaned_up;
    ForkedChild child([&] {
        AsioEventLoop loop;
        int stop_count = 0;
        const StopSignals signals(
            loop.io(), [&](int) { ++stop_count; },
            [&](int status) {
                if (status == 130)
                    cleaned_up.open();
            });
        ::raise(SIGINT);
        if (!run_until(loop, [&] { return stop_count == 1; }) || cleaned_up.is_open())
            return 1;
        ::raise(SIGINT);
        run_until(loop, [&] { return stop_count == 2; });
        return 2;
    });
    EXPECT_EQ(child.exit_status(), 130);
    EXPECT_TRUE(cleaned_up.is_open());
}

TEST(StopSignals, TwoInterruptsAtOnceEndTheProcessToo) {
    ForkedChild child([] {
        AsioEventLoop loop;
        const StopSignals signals(
            loop.io(), [](int) {}, [](int) {});
        ::raise(SIGINT);
        ::raise(SIGINT);
        run_until(loop, [] { return false; });
        return 1;
    });
    EXPECT_EQ(child.exit_status(), 130);
}

TEST(StopSignals, AnInterruptAfterATerminationIsTheFirstOne) {
    AsioEventLoop loop;
    std::vector<int> asked;
    bool forced = false;
    const StopSignals signals(
        loop.io(), [&](int status) { asked.push_back(status); }, [&](int) { forced = true; });
    ::raise(SIGTERM);
    ASSERT_TRUE(run_until(loop, [&] { return asked.size() == 1; }));
    ::raise(SIGINT);
    ASSERT_TRUE(run_until(loop, [&] { return asked.size() == 2; }));
    EXPECT_EQ(asked, (std::vector<int>{0, 130}));
    EXPECT_FALSE(forced);
}

void own_handler(int /*signal*/) {}

TEST(StopSignals, AHangUpThatIsIgnoredStaysSo) {
    ForkedChild child([] {
        ::signal(SIGHUP, SIG_IGN); // as nohup(1) does
        AsioEventLoop loop;
        std::vector<int> asked;
        const StopSignals signals(
            loop.io(), [&](int status) { asked.push_back(status); }, [](int) {});
        ::raise(SIGHUP);
        ::raise(SIGTERM);
        run_until(loop, [&] { return !asked.empty(); });
        return asked == std::vector{0} ? 0 : 1;
    });
    EXPECT_EQ(child.exit_status(), 0);
}

TEST(StopSignals, PutsTheHandlersBack) {
    for (void (*before)(int) : {SIG_DFL, SIG_IGN, &own_handler}) {
        const SignalGuard interrupt(SIGINT, before);
        const SignalGuard terminate(SIGTERM, before);
        const SignalGuard hang_up(SIGHUP, before);
        const SignalGuard broken_pipe(SIGPIPE, before);
        {
            AsioEventLoop loop;
            const StopSignals signals(
                loop.io(), [](int) {}, [](int) {});
            for (const int signal : {SIGINT, SIGTERM, SIGPIPE})
                EXPECT_NE(handler_of(signal), before) << signal;
        }
        for (const int signal : kSignals)
            EXPECT_EQ(handler_of(signal), before) << signal;
    }
}

} // namespace
} // namespace hotrun
