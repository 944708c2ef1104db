// What a loop of one millisecond sees of reloads: its longest iterations while libraries of three
// sizes are reloaded, beside as many iterations without reloads, in turn. The largest library takes
// minutes to build, once.
#include "bench/figures.hpp"
#include "bench/library_project.hpp"
#include "bench/pause_host.hpp"
#include "bench/rebuilt_runs.hpp"
#include "bench/statistics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace hotrun::bench {
namespace {

constexpr int kRunCount = 3;
constexpr int kReloadCount = 30;
constexpr int kFewReloads = 10; // where each takes seconds
// After a reload: what is behind it is closed by then.
constexpr int kIterationsAfter = 60;
constexpr double kBarMs = 0.5;

using Iterations = std::vector<PauseHost::Iteration>;

double longest_ms(const Iterations &iterations, double fraction, bool with_preempted = true) {
    std::vector<double> sample;
    for (const PauseHost::Iteration &iteration : iterations) {
        if (with_preempted || !iteration.preempted)
            sample.push_back(iteration.total_us() / 1e3);
    }
    return sample.empty() ? 0 : percentile(sample, fraction);
}

struct Sample {
    Iterations with;
    Iterations without;
    std::vector<ReloadedEvent> reloads;
    std::vector<double> close_ms;
};

Sample run(GeneratedLibrary &library) {
    PauseHost host(library, Work{});
    Sample result;
    const int count = reload_count(kReloadCount);
    for (int i = 0; i < count; ++i) {
        const std::size_t before = result.with.size();
        if (!host.reload(library, &result.with))
            break;
        host.iterate(kIterationsAfter, result.with);
        host.iterate(static_cast<int>(result.with.size() - before), result.without);
    }
    result.reloads = host.notes().reloads();
    result.close_ms = host.notes().close_ms();
    return result;
}

class LongestIterations {
  public:
    void add(const Sample &run) {
        const std::array<double, 6> row = {
            longest_ms(run.with, 1),        longest_ms(run.without, 1),
            longest_ms(run.with, 0.995),    longest_ms(run.without, 0.995),
            longest_ms(run.with, 1, false), longest_ms(run.without, 1, false),
        };
        for (std::size_t i = 0; i < row.size(); ++i)
            columns_[i].push_back(row[i]);
    }
    void tell(const std::string &of) const {
        tell_rows(of + "longest iteration", 0);
        tell_rows(of + "99.5th percentile of the iterations", 2);
        tell_rows(of + "longest iteration that had its processor", 4);
    }

  private:
    void tell_rows(const std::string &name, std::size_t column) const {
        const std::vector<double> &with = columns_[column];
        const std::vector<double> &without = columns_[column + 1];
        tell_figure(name + ", without reloads", "ms", without);
        tell_figure(name + ", with reloads", "ms", with,
                    {name + ", without reloads", median(without) + kBarMs});
    }
    std::array<std::vector<double>, 6> columns_;
};

void tell_phases(const std::string &of, const std::vector<ReloadedEvent> &reloads) {
    constexpr std::array kShown = {Phase::kVerify,  Phase::kCopy,     Phase::kLoad,
                                   Phase::kPrepare, Phase::kWait,     Phase::kSnapshot,
                                   Phase::kUnload,  Phase::kRebind,   Phase::kSwitch,
                                   Phase::kReload,  Phase::kFirstStep};
    for (const Phase phase : kShown)
        tell_figure(of + "phase `" + std::string(kPhaseNames[static_cast<std::size_t>(phase)]) +
                        "`",
                    "µs", phase_us(reloads, phase));
    tell_figure(of + "pause", "µs", pause_us(reloads));
}

void measure(const LibrarySize &size) {
    GeneratedLibrary library(library_cache(), size);
    LongestIterations longest;
    std::vector<ReloadedEvent> reloads;
    std::vector<double> close_ms;
    for (int i = 0; i < kRunCount; ++i) {
        const Sample one = run(library);
        longest.add(one);
        reloads.insert(reloads.end(), one.reloads.begin(), one.reloads.end());
        close_ms.insert(close_ms.end(), one.close_ms.begin(), one.close_ms.end());
    }
    const std::string of = size.name + ": ";
    longest.tell(of);
    tell_phases(of, reloads);
    tell_figure(of + "close of an old generation, on the runner's thread", "ms", close_ms);
}

TEST(Pause, Small) {
    measure({"50KB", 0});
}

TEST(Pause, Medium) {
    measure({"6MB", 38});
}

TEST(Pause, Large) {
    measure({"85MB", 530});
}

// Each save is compiled and then linked, of which the other processor is full. So it is in the
// iterations without reloads: an equal project is built then.
TEST(Pause, OfObjects) {
    const LibrarySize size{"85MB", 530};
    const GeneratedLibrary library(library_cache(), size);
    const LibraryProject project(library, size);
    const LibraryProject other(library, size);
    PauseHost host(project, Work{});
    const EventNotes &notes = host.notes();
    LongestIterations longest;
    int number = 1000;
    const int count = reload_count(kFewReloads);
    for (int i = 0; i < kRunCount; ++i) {
        Sample sample;
        for (int j = 0; j < count; ++j) {
            ++number;
            const std::size_t linked = notes.linked_count();
            project.edit(number);
            ASSERT_TRUE(
                host.iterate_until([&] { return notes.linked_count() > linked; }, &sample.with));
            auto built = std::async(std::launch::async, [&] { edit_and_build(other, number); });
            host.iterate_until([&] { return built.wait_for(0s) == std::future_status::ready; },
                               &sample.without);
        }
        longest.add(sample);
    }
    for (const ReloadedEvent &reload : notes.reloads())
        EXPECT_EQ(reload.lane, Lane::kObject) << reload.why;
    longest.tell("objects of 85MB: ");
    tell_figure("objects of 85MB: pause", "µs", pause_us(notes.reloads()));
}

} // namespace
} // namespace hotrun::bench
