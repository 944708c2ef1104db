// From the save to the first step of the new code, beside bare ninja on the same edit, and beside
// what people do without hotrun: equal projects, in turn.
#include "bench/edited_hotmaths.hpp"
#include "bench/figures.hpp"
#include "bench/library_project.hpp"
#include "bench/rebuilt_runs.hpp"
#include "bench/sources_project.hpp"
#include "bench/statistics.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace hotrun::bench {
namespace {

constexpr int kPairCount = 40;
constexpr int kFewPairs = 15; // where an edit takes seconds
constexpr int kWarmUpCount = 3;
constexpr int kFirstNumber = 1001;
constexpr double kBarMs = 5;

double ms_of(const boost::json::object &event, const char *field) {
    return event.at(field).to_number<double>() / 1e3;
}

struct Samples {
    std::vector<double> hot, bare, difference, own, pause;
    std::map<std::string, std::vector<double>> phases;

    void take(const HotRun &run) {
        own.push_back(ms_of(run.reloaded(), "total_us") -
                      ms_of(run.build_finished(), "duration_us"));
        pause.push_back(ms_of(run.reloaded(), "pause_us"));
        for (const auto &phase : run.reloaded().at("phases_us").as_object())
            phases[phase.key()].push_back(phase.value().to_number<double>() / 1e3);
    }
};

Samples measure(const EditedProject &hot, const EditedProject &bare, int pair_count) {
    HotRun run(hot, {"--interval", "1", "--lane", "library"});
    Samples samples;
    for (int i = 0; i < kWarmUpCount + pair_count; ++i) {
        const double live = run.save(kFirstNumber + i);
        const double built = edit_and_build(bare, kFirstNumber + i);
        if (i < kWarmUpCount || testing::Test::HasFailure())
            continue;
        samples.hot.push_back(live);
        samples.bare.push_back(built);
        samples.difference.push_back(live - built);
        samples.take(run);
    }
    return samples;
}

// `has_bar`: a library of usual size, of which one file was edited.
void tell(const std::string &name, const Samples &samples, bool has_bar) {
    Comparison difference{"0: as fast as ninja alone"};
    Comparison own{"0: nothing but the build"};
    if (has_bar) {
        difference.bar = own.bar = kBarMs;
        own.bar_of_p95 = true;
    }
    const std::string ninja = name + ": `ninja TARGET` alone";
    tell_figure(ninja, "ms", samples.bare);
    tell_figure(name + ": save → live", "ms", samples.hot, {ninja});
    tell_figure(name + ": save → live less ninja", "ms", samples.difference, difference);
    tell_figure(name + ": all but the build", "ms", samples.own, own);
    tell_figure(name + ": pause of the loop", "ms", samples.pause);
}

void tell_phases(const std::string &name, const Samples &samples) {
    for (const auto &[phase, sample] : samples.phases) {
        if (median(sample) > 0)
            tell_figure(name + ": phase `" + phase + "`", "ms", sample, {name + ": save → live"});
    }
}

TEST(SaveToLive, Hotmaths) {
    const Samples samples = measure(EditedHotmaths(), EditedHotmaths(), kPairCount);
    tell("hotmaths", samples, true);
    tell_phases("hotmaths", samples);
}

void measure_sources(int count) {
    const Samples samples = measure(SourcesProject(count), SourcesProject(count), kPairCount);
    tell(std::to_string(count) + " files", samples, true);
}

TEST(Files, AHundred) {
    measure_sources(100);
}

TEST(Files, AThousand) {
    measure_sources(1000);
}

TEST(Files, TenThousand) {
    measure_sources(10'000);
}

TEST(Files, AHeaderInFifty) {
    constexpr int kIncluderCount = 50;
    constexpr int kSourceCount = 100;
    const auto edited = SourcesProject::Edited::kHeader;
    const Samples samples =
        measure(SourcesProject(kSourceCount, edited, kIncluderCount),
                SourcesProject(kSourceCount, edited, kIncluderCount), kFewPairs);
    tell("a header in 50 files", samples, false);
}

void measure_library(const std::string &title, const LibrarySize &size) {
    const GeneratedLibrary library(library_cache(), size);
    const Samples samples =
        measure(LibraryProject(library, size), LibraryProject(library, size), kFewPairs);
    tell(title, samples, false);
    tell_phases(title, samples);
}

TEST(Library, Small) {
    measure_library("50 KB", {"50KB", 0});
}

TEST(Library, Medium) {
    measure_library("6 MB", {"6MB", 38});
}

TEST(Library, Large) {
    measure_library("85 MB", {"85MB", 530});
}

// An editor that tells of its saves beside the watch: to a run that watches as well, as usual, and
// to one that looks by itself every 100 seconds only.
TEST(Notify, BesideTheWatch) {
    const EditedHotmaths watched;
    const EditedHotmaths both_project;
    const EditedHotmaths told_project;
    HotRun watching(watched);
    HotRun both(both_project);
    HotRun told(told_project, {"--interval", "1", "--poll", "100000"});
    std::vector<double> by_watch, by_both, by_notify, both_difference, difference, own;
    for (int i = 0; i < kWarmUpCount + kPairCount; ++i) {
        const double watch = watching.save(kFirstNumber + i);
        const double as_usual = both.save_and_notify(kFirstNumber + i);
        const double notify = told.save_and_notify(kFirstNumber + i);
        if (i < kWarmUpCount)
            continue;
        by_watch.push_back(watch);
        by_both.push_back(as_usual);
        by_notify.push_back(notify);
        both_difference.push_back(as_usual - watch);
        difference.push_back(notify - watch);
        own.push_back(told.notify_own_ms());
    }
    const std::string watch = "save → live by the watch";
    tell_figure(watch, "ms", by_watch);
    tell_figure("save → live by the watch and `hotrun notify`", "ms", by_both, {watch});
    tell_figure("save → live by `hotrun notify` alone", "ms", by_notify, {watch});
    tell_figure("watch and notify less watch", "ms", both_difference);
    tell_figure("notify alone less watch", "ms", difference);
    tell_figure("`hotrun notify` beyond the reload", "ms", own);
}

// Of the project of a hundred files, since the host without hotrun gives a module no context.
TEST(Entr, AndAHostThatLooksAtTheTimestamp) {
    if (!e2e::program_exists("entr"))
        GTEST_SKIP() << "entr is not installed";
    const SourcesProject hot;
    const SourcesProject by_hand;
    const SourcesProject bare;
    HotRun run(hot);
    EntrRun entr(by_hand);
    std::vector<double> by_hotrun, by_entr, by_ninja, difference;
    for (int i = 0; i < kWarmUpCount + kPairCount && !HasFailure(); ++i) {
        const double live = run.save(kFirstNumber + i);
        const double entr_live = entr.save(kFirstNumber + i);
        const double built = edit_and_build(bare, kFirstNumber + i);
        if (i < kWarmUpCount)
            continue;
        by_hotrun.push_back(live);
        by_entr.push_back(entr_live);
        by_ninja.push_back(built);
        difference.push_back(live - entr_live);
    }
    const std::string usual = "entr, and a host that looks at the timestamp";
    tell_figure("`ninja TARGET` alone", "ms", by_ninja);
    tell_figure(usual, "ms", by_entr, {"`ninja TARGET` alone"});
    tell_figure("hotrun", "ms", by_hotrun, {usual});
    tell_figure("hotrun less entr", "ms", difference);
    tell_figure("crashes of that host, at libraries that were not whole", "",
                static_cast<double>(entr.crash_count()));
}

} // namespace
} // namespace hotrun::bench
