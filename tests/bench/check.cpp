// What a loop pays for an iteration in which nothing has changed, and for the guard around a step
// that does nothing.
#include "bench/figures.hpp"
#include "bench/statistics.hpp"
#include "e2e/test_project.hpp"
#include "hotrun/module.h"
#include "hotrun/runner.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

namespace {

using namespace hotrun;

class Project {
  public:
    Project() {
        project_.set_source("#include \"hotrun/module.h\"\n"
                            "extern \"C\" void hotrun_step(hotrun_context *) {}\n");
        project_.set_up();
        project_.build();
    }
    static const Project &get() {
        static const Project kProject;
        return kProject;
    }
    static const Project &other() { // a build folder serves one run
        static const Project kProject;
        return kProject;
    }
    std::string library() const { return project_.library(); }
    std::string builddir() const { return project_.builddir(); }

  private:
    e2e::TestProject project_;
};

Runner start(bool build, GuardChoice guard = GuardChoice::kOff,
             std::function<void(const LiveModule &)> on_switch = {},
             const Project &project = Project::get()) {
    Options options;
    options.build = build;
    options.guard = guard;
    options.on_switch = std::move(on_switch);
    options.builddir = project.builddir();
    options.targets = {"game"};
    options.handle_signals = false;
    auto runner = Runner::create(std::move(options));
    while (!runner->step()) {
        runner->wait(std::chrono::seconds(1));
        runner->poll();
    }
    return std::move(*runner);
}

void BareStat(benchmark::State &state) {
    const std::string library = Project::get().library();
    for (auto _ : state) {
        struct stat status;
        benchmark::DoNotOptimize(::fstatat(AT_FDCWD, library.c_str(), &status, 0));
        benchmark::DoNotOptimize(status);
    }
}
BENCHMARK(BareStat);

void CheckWithoutTheRunner(benchmark::State &state) {
    Runner runner = start(false);
    for (auto _ : state)
        benchmark::DoNotOptimize(runner.poll());
}
BENCHMARK(CheckWithoutTheRunner);

void CheckWithTheRunner(benchmark::State &state) {
    Runner runner = start(true);
    for (auto _ : state)
        benchmark::DoNotOptimize(runner.poll());
}
BENCHMARK(CheckWithTheRunner);

void CheckAndStepWithoutGuard(benchmark::State &state) {
    Runner runner = start(true);
    for (auto _ : state) {
        benchmark::DoNotOptimize(runner.poll());
        benchmark::DoNotOptimize(runner.step());
    }
}
BENCHMARK(CheckAndStepWithoutGuard);

void CheckAndStepWithGuard(benchmark::State &state) {
    Runner runner = start(true, GuardChoice::kOn);
    for (auto _ : state) {
        benchmark::DoNotOptimize(runner.poll());
        benchmark::DoNotOptimize(runner.step());
    }
}
BENCHMARK(CheckAndStepWithGuard);

constexpr int kRoundCount = 101;
constexpr int kStepCount = 20'000;
constexpr double kBarNs = 50;

template <typename Step>
double nanoseconds_of(Step step) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kStepCount; ++i)
        step();
    const std::chrono::duration<double, std::nano> all = std::chrono::steady_clock::now() - start;
    return all.count() / kStepCount;
}

// In turn, so that what else the machine does meets all of them.
void compare_steps() {
    void (*bare_step)(hotrun_context *) = nullptr;
    Runner unguarded = start(true, GuardChoice::kOff, [&](const LiveModule &module) {
        bare_step = reinterpret_cast<void (*)(hotrun_context *)>(
            module.get_proc(module.library, "hotrun_step"));
    });
    Runner guarded = start(true, GuardChoice::kOn, {}, Project::other());
    std::vector<double> bare;
    std::vector<double> without;
    std::vector<double> with;
    const auto iterate = [](Runner &runner) {
        benchmark::DoNotOptimize(runner.poll());
        benchmark::DoNotOptimize(runner.step());
    };
    for (int i = 0; i < kRoundCount; ++i) {
        bare.push_back(nanoseconds_of([&] {
            benchmark::DoNotOptimize(bare_step);
            bare_step(nullptr);
        }));
        without.push_back(nanoseconds_of([&] { iterate(unguarded); }));
        with.push_back(nanoseconds_of([&] { iterate(guarded); }));
    }
    const std::string call = "a bare call of an empty step";
    bench::tell_figure(call, "ns", bare);
    bench::tell_figure("check and step, no guard", "ns", without, {call});
    bench::tell_figure("check and step, guarded", "ns", with, {call, bench::median(bare) + kBarNs});
}

} // namespace

int main(int argc, char **argv) {
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    compare_steps();
}
