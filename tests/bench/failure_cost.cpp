// From a failure of the module's code to its next good step.
#include "bench/figures.hpp"
#include "bench/pause_host.hpp"
#include "e2e/hotrun_process.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

namespace hotrun::bench {
namespace {

constexpr int kRollBackCount = 15;
constexpr int kRestartCount = 10;
constexpr int kIterationsAfter = 2000; // a large library is read meanwhile, and loaded
constexpr int kMostIterations = 5000;

// The iteration in which new code fails, and the one after it, without a pause between them.
double roll_back_ms(PauseHost &host, GeneratedLibrary &library) {
    using Clock = std::chrono::steady_clock;
    const std::string next = std::to_string(host.notes().last_generation() + 1);
    ::setenv("PAUSE_FAILS_IN", next.c_str(), 1);
    const std::size_t before = host.notes().failed_count();
    library.put_copy_of_other();
    Clock::duration longest{};
    for (int i = 0; i < kMostIterations && host.notes().failed_count() == before; ++i) {
        host.runner().poll();
        const Clock::time_point start = Clock::now();
        host.runner().step();
        host.runner().poll();
        host.runner().step();
        longest = std::max(longest, Clock::now() - start);
        host.runner().wait(std::chrono::milliseconds(1));
    }
    ::unsetenv("PAUSE_FAILS_IN");
    EXPECT_EQ(host.notes().failed_count(), before + 1);
    return std::chrono::duration<double, std::milli>(longest).count();
}

void measure_roll_backs(const LibrarySize &size) {
    GeneratedLibrary library(library_cache(), size);
    PauseHost host(library, Work{});
    std::vector<double> times;
    std::vector<PauseHost::Iteration> between;
    for (int i = 0; i < reload_count(kRollBackCount); ++i) {
        times.push_back(roll_back_ms(host, library));
        library.put_copy_of_other(); // what runs already
        host.iterate(kIterationsAfter, between);
    }
    tell_figure("crash in a first step → next step of the old code, " + size.name, "ms", times);
}

double time_of(const std::string &output, const std::string &what, std::size_t from) {
    const std::size_t at = output.find(what + " at ", from);
    return at == std::string::npos ? 0 : std::stod(output.substr(at + what.size() + 4)) * 1e3;
}

double restart_ms(e2e::HotrunProcess &hotrun, const std::string &wish) {
    const std::size_t from = hotrun.child().output().size();
    std::ofstream(wish).close();
    EXPECT_TRUE(hotrun.wait_for("fails at "));
    EXPECT_TRUE(hotrun.wait_for("\nstep at ")); // a backtrace names hotrun_step at its place
    EXPECT_TRUE(hotrun.wait_for("\n"));
    const std::string &output = hotrun.child().output();
    const std::size_t failure = output.find("fails at ", from);
    return time_of(output, "\nstep", failure) - time_of(output, "fails", failure);
}

void measure_restarts(const LibrarySize &size) {
    const GeneratedLibrary library(library_cache(), size);
    const TemporaryFolder folder;
    const std::string wish = folder / "fail";
    ::setenv("PAUSE_FAILS_ONCE", wish.c_str(), 1);
    ::setenv("PAUSE_OBJECTS", "0", 1); // whose pointers a new process has at other addresses
    e2e::HotrunProcess hotrun(
        {"--no-build", "--interval", "1", "--guard", "on", "--on-crash", "restart", library.path()},
        folder.path());
    hotrun.wait_for("step at ");
    std::vector<double> times;
    for (int i = 0; i < kRestartCount; ++i)
        times.push_back(restart_ms(hotrun, wish));
    ::unsetenv("PAUSE_FAILS_ONCE");
    tell_figure("crash in malloc → next step of the new process, " + size.name, "ms", times);
}

TEST(RollBack, Small) {
    measure_roll_backs({"50KB", 0});
}

TEST(RollBack, Large) {
    measure_roll_backs({"85MB", 530});
}

TEST(Restart, Small) {
    measure_restarts({"50KB", 0});
}

TEST(Restart, Large) {
    measure_restarts({"85MB", 530});
}

} // namespace
} // namespace hotrun::bench
