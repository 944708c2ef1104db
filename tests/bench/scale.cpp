// What a project of ten files, and of 10,000, costs beyond ninja: until hotrun watches, until a
// build starts, in memory, and while nothing happens.
#include "bench/clocks.hpp"
#include "bench/figures.hpp"
#include "bench/rebuilt_runs.hpp"
#include "bench/sources_project.hpp"
#include "bench/statistics.hpp"
#include "linux/spawn_command_runner.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <thread>

namespace hotrun::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kSourceCount = 10'000;
constexpr int kFewSources = 10;
constexpr int kStartCount = 10;
constexpr int kSaveCount = 20;
constexpr int kFirstNumber = 1001;
constexpr int kSettledCount = 20; // generations until as many are mapped as ever
constexpr int kReloadCount = 200;
constexpr std::chrono::seconds kIdle{10};
constexpr std::size_t kLargeHostBytes = std::size_t{2} << 30;
constexpr int kSpawnCount = 30;
constexpr double kPeakBarMb = 150;
constexpr double kWakeUpBar = 17; // one a second for the snapshot, four for the watchdog

// The number behind `name` in a file like /proc/PID/status.
double field_of(const std::string &path, const std::string &name) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name))
            return std::stod(line.substr(name.size()));
    }
    ADD_FAILURE() << path << " has no " << name;
    return 0;
}

double status_mb(pid_t pid, const std::string &name) {
    return field_of("/proc/" + std::to_string(pid) + "/status", name) / 1024;
}

double own_mb(pid_t pid) {
    return field_of("/proc/" + std::to_string(pid) + "/smaps_rollup", "Pss:") / 1024;
}

std::string files(int source_count) {
    return std::to_string(source_count) + " files: ";
}

struct Start {
    double live_ms = 0;     // until the first step
    double watching_ms = 0; // until the event `ready`
};

Start start_hotrun(const SourcesProject &project) {
    const double start = now_ms();
    HotRun run(project, {"--interval", "1000"});
    const double ready = now_ms();
    const std::string &output = run.process().child().output();
    const std::string told = "first step of ";
    if (output.find(told) == std::string::npos)
        run.process().wait_for(told);
    run.process().wait_for("\n");
    const std::size_t at = output.find(" at ", output.find(told));
    return {std::stod(output.substr(at + 4)) * 1e3 - start, ready - start};
}

// Ninja with nothing to do, a first start, and a second one, in turn.
void measure_start(int source_count) {
    const SourcesProject project(source_count);
    std::vector<double> no_op, first_live, first_watching, live, watching, difference;
    for (int i = 0; i < kStartCount; ++i) {
        no_op.push_back(run_program({"ninja", "-C", project.builddir(), project.ninja_target()}));
        fs::remove(project.builddir() + "/.hotrun_graph");
        const Start first = start_hotrun(project);
        const Start second = start_hotrun(project);
        first_live.push_back(first.live_ms);
        first_watching.push_back(first.watching_ms);
        live.push_back(second.live_ms);
        watching.push_back(second.watching_ms);
        difference.push_back(second.live_ms - no_op.back());
    }
    const std::string of = files(source_count);
    const std::string ninja = of + "`ninja TARGET` with nothing to do";
    tell_figure(ninja, "ms", no_op);
    tell_figure(of + "first start → first step", "ms", first_live, {ninja});
    tell_figure(of + "first start → watching", "ms", first_watching, {ninja});
    tell_figure(of + "second start → first step", "ms", live, {ninja});
    tell_figure(of + "second start → watching", "ms", watching, {ninja});
    tell_figure(of + "second start → first step less ninja", "ms", difference);
}

TEST(Start, OfTenFiles) {
    measure_start(kFewSources);
}

TEST(Start, OfTenThousandFiles) {
    measure_start(kSourceCount);
}

// How often each thread but the main one has gone to sleep.
std::map<std::string, double> sleeps_of_threads(pid_t pid) {
    std::map<std::string, double> sleeps;
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto &task : fs::directory_iterator(tasks)) {
        const std::string thread = task.path().filename();
        if (thread != std::to_string(pid))
            sleeps[thread] = field_of(task.path() / "status", "voluntary_ctxt_switches:");
    }
    return sleeps;
}

double idle_wake_ups(pid_t pid) {
    const std::map<std::string, double> before = sleeps_of_threads(pid);
    EXPECT_FALSE(before.empty());
    std::this_thread::sleep_for(kIdle);
    double woken = 0;
    for (const auto &[thread, sleeps] : sleeps_of_threads(pid))
        woken += sleeps - (before.contains(thread) ? before.at(thread) : 0);
    return woken;
}

// From the end of the write to the event's arrival.
TEST(Saves, OfTenThousandFiles) {
    const SourcesProject project(kSourceCount);
    HotRun run(project, {"--interval", "1000", "--lane", "library"});
    e2e::HotrunProcess &hotrun = run.process();
    std::vector<double> starts;
    for (int i = 1; i <= kSaveCount; ++i) {
        project.touch_source(i * (kSourceCount / kSaveCount) - 1, i + 1);
        const double closed = now_ms();
        ASSERT_NE(hotrun.next("build_started"), nullptr);
        starts.push_back(now_ms() - closed);
        ASSERT_NE(hotrun.next("build_finished"), nullptr);
        EXPECT_EQ(hotrun.events().back().at("status").as_string(), "ok");
    }
    const std::string of = files(kSourceCount);
    tell_figure(of + "save → build started", "ms", starts, {"", 5});
    std::this_thread::sleep_for(std::chrono::seconds(1)); // what follows a build is over
    const pid_t pid = hotrun.child().pid();
    tell_figure(of + "wake-ups of the runner in 10 idle seconds", "", idle_wake_ups(pid),
                {"", kWakeUpBar});
    tell_figure(of + "most memory at a time", "MB", status_mb(pid, "VmHWM:"), {"", kPeakBarMb});
}

void measure_memory(int source_count) {
    const SourcesProject project(source_count);
    HotRun run(project, {"--interval", "1"});
    const pid_t pid = run.process().child().pid();
    tell_figure(files(source_count) + "resident (VmRSS)", "MB", status_mb(pid, "VmRSS:"));
    tell_figure(files(source_count) + "its share of it (PSS)", "MB", own_mb(pid));
}

TEST(Memory, OfTenFiles) {
    measure_memory(kFewSources);
}

TEST(Memory, OfTenThousandFiles) {
    measure_memory(kSourceCount);
}

TEST(Memory, GrowthOverReloads) {
    const SourcesProject project(kFewSources);
    HotRun run(project, {"--interval", "1", "--lane", "library"});
    const pid_t pid = run.process().child().pid();
    double settled = 0;
    for (int i = 0; i < kSettledCount + kReloadCount && !HasFailure(); ++i) {
        if (i == kSettledCount)
            settled = own_mb(pid);
        run.save(kFirstNumber + i);
    }
    tell_figure("10 files: PSS after 20 reloads", "MB", settled);
    tell_figure("10 files: growth of it by 200 more", "MB", own_mb(pid) - settled);
}

double median_spawn_ms() {
    boost::asio::io_context io;
    SpawnCommandRunner runner(io);
    const Command command{find_program({"ninja"}), {"--version"}, "/", {}};
    std::vector<double> times;
    for (int i = 0; i < kSpawnCount; ++i) {
        const double start = now_ms();
        const auto running = runner.start(
            command, [](std::string_view) {}, [](const Result<CommandEnd> &) {});
        EXPECT_TRUE(running.ok());
        io.restart();
        io.run();
        times.push_back(now_ms() - start);
    }
    return median(times);
}

// fork would copy the page tables of all that memory.
TEST(Spawn, FromALargeHost) {
    const double small = median_spawn_ms();
    const auto memory = std::make_unique_for_overwrite<char[]>(kLargeHostBytes);
    std::memset(memory.get(), 1, kLargeHostBytes);
    const double large = median_spawn_ms();
    EXPECT_EQ(memory[kLargeHostBytes - 1], 1);
    const std::string from_small = "`ninja --version` from a small host";
    tell_figure(from_small, "ms", small);
    tell_figure("the same from a host of 2 GB", "ms", large, {from_small, small + 5});
}

} // namespace
} // namespace hotrun::bench
