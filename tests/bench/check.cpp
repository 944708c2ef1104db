// What a loop pays for an iteration in which nothing has changed.
#include "e2e/test_project.hpp"
#include "hotrun/runner.hpp"

#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <sys/stat.h>

namespace {

using namespace hotrun;

class Project {
  public:
    Project() {
        project_.set_up();
        project_.build();
    }
    static const Project &get() {
        static const Project kProject;
        return kProject;
    }
    std::string library() const { return project_.library(); }
    std::string builddir() const { return project_.builddir(); }

  private:
    e2e::TestProject project_;
};

Runner start(bool build) {
    Options options;
    options.build = build;
    options.builddir = Project::get().builddir();
    options.targets = {"game"};
    options.handle_signals = false;
    auto runner = Runner::create(std::move(options));
    while (!runner->step()) { // prints a line: the module is live
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

} // namespace

BENCHMARK_MAIN();
