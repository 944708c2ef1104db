// What the loop is paused for at a switch, by how much of the heap is used and how much of that the
// module writes in each step; and what the snapshots between switches take of the time.
#include "bench/figures.hpp"
#include "bench/pause_host.hpp"
#include "bench/statistics.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

namespace hotrun::bench {
namespace {

constexpr int kReloadCount = 15;
constexpr double kBarUs = 100;
constexpr std::size_t kLargestWithBar = 256 << 10;

// Small heaps have fewer of the objects that the rebinding has to do with.
Work work_of(std::size_t heap_bytes, int dirty_percent) {
    return {heap_bytes, heap_bytes < (1 << 20) ? 200u : 1000u, dirty_percent};
}

// The pause, and of what is in it that which depends on the heap.
void tell_switch(const std::string &of, const std::vector<ReloadedEvent> &reloads, bool has_bar) {
    Comparison comparison;
    if (has_bar)
        comparison.bar = kBarUs;
    tell_figure(of + ": pause", "µs", pause_us(reloads), comparison);
    tell_figure(of + ": phase `snapshot`", "µs", phase_us(reloads, Phase::kSnapshot));
    tell_figure(of + ": phase `rebind`", "µs", phase_us(reloads, Phase::kRebind));
}

std::vector<ReloadedEvent> reload_often(GeneratedLibrary &library, const Work &work) {
    PauseHost host(library, work);
    std::vector<PauseHost::Iteration> between;
    const int count = reload_count(kReloadCount);
    for (int i = 0; i < count && host.reload(library); ++i)
        host.iterate(10, between);
    return host.notes().reloads();
}

TEST(Switch, ByUsedAndDirtiedHeap) {
    GeneratedLibrary library(library_cache(), {"50KB", 0});
    for (const std::size_t bytes : {std::size_t{64} << 10, kLargestWithBar, std::size_t{1} << 20,
                                    std::size_t{16} << 20, std::size_t{64} << 20}) {
        for (const int dirty : {0, 10, 100}) {
            const std::string of =
                std::to_string(bytes >> 10) + " KB, " + std::to_string(dirty) + " % dirty";
            tell_switch(of, reload_often(library, work_of(bytes, dirty)), bytes <= kLargestWithBar);
        }
    }
}

TEST(Switch, WithTenMegabytesOfStatics) {
    GeneratedLibrary library(library_cache(), {"statics", 0, std::size_t{10} << 20});
    tell_switch("256 KB, 10 % dirty, and 10 MB of statics",
                reload_often(library, work_of(kLargestWithBar, 10)), false);
}

// Four pointers into the library in each object.
TEST(Switch, RebindingAMillionPointers) {
    constexpr std::size_t kBytes = std::size_t{56} << 20;
    constexpr double kBarOfCopies = 3;
    GeneratedLibrary library(library_cache(), {"50KB", 0});
    const std::vector<ReloadedEvent> reloads = reload_often(library, {kBytes, 250'000, 1});
    const std::vector<char> from(kBytes, 1);
    std::vector<char> to(kBytes, 2);
    std::vector<double> copies_us;
    for (int i = 0; i < kReloadCount; ++i) {
        const auto start = std::chrono::steady_clock::now();
        std::memcpy(to.data(), from.data(), kBytes);
        const std::chrono::duration<double, std::micro> taken =
            std::chrono::steady_clock::now() - start;
        copies_us.push_back(taken.count());
        to.front() = static_cast<char>(to.back() + i); // the copies are needed
    }
    const std::string copy = "56 MB: memcpy";
    tell_figure(copy, "µs", copies_us);
    tell_figure("56 MB with a million pointers into the library: phase `rebind`", "µs",
                phase_us(reloads, Phase::kRebind), {copy, kBarOfCopies * median(copies_us)});
}

struct Share {
    double percent = 0;
    double longest_us = 0;
};

// What poll() takes beyond its usual time, as part of the time of the loop.
Share snapshot_share(const GeneratedLibrary &library, const Work &work, int milliseconds) {
    PauseHost host(library, work);
    std::vector<PauseHost::Iteration> iterations;
    const auto start = std::chrono::steady_clock::now();
    host.iterate(milliseconds, iterations);
    const std::chrono::duration<double, std::micro> all = std::chrono::steady_clock::now() - start;
    std::vector<double> polls;
    for (const PauseHost::Iteration &iteration : iterations)
        polls.push_back(iteration.poll_us);
    const double usual = median(polls);
    double beyond = 0;
    for (const double poll : polls)
        beyond += std::max(0.0, poll - 2 * usual);
    return {100 * beyond / all.count(), percentile(polls, 1)};
}

TEST(Snapshot, ShareOfTheTime) {
    for (const LibrarySize &size :
         {LibrarySize{"50KB", 0}, LibrarySize{"statics", 0, std::size_t{10} << 20}}) {
        const GeneratedLibrary library(library_cache(), size);
        for (const std::size_t bytes : {kLargestWithBar, std::size_t{64} << 20}) {
            const Share share = snapshot_share(library, work_of(bytes, 10), 10'000);
            const std::string of = "snapshots, " + size.name + ", " + std::to_string(bytes >> 10) +
                                   " KB used, 10 % dirty: ";
            tell_figure(of + "share of the time", "%", share.percent, {"", 1});
            tell_figure(of + "longest poll", "µs", share.longest_us);
        }
    }
}

} // namespace
} // namespace hotrun::bench
