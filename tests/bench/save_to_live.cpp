// From the save to the first step of the new code, beside bare ninja on the same edit: two equal
// projects, one under hotrun, one built by hand, in turn. Times in milliseconds.
#include "bench/statistics.hpp"
#include "e2e/hotmaths_project.hpp"
#include "e2e/hotrun_process.hpp"
#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

namespace hotrun::bench {
namespace {

constexpr int kPairCount = 40;
constexpr int kWarmUpCount = 3;

double now_ms() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// A step that prints each result once, with the time of the step: at interval 0 the reader of
// anything more would be what is measured. What was printed last is kept across reloads.
const char *const kQuietStep =
    "timespec time{}; clock_gettime(CLOCK_MONOTONIC, &time);\n"
    "    static int told = 0;\n"
    "    const int result = hotmaths_operate(6, 7);\n"
    "    if (told != result) std::printf(\"first step of %d at %ld.%09ld\\n\", result, "
    "(long)time.tv_sec, (long)time.tv_nsec);\n"
    "    told = result;\n";

void prepare(const e2e::HotmathsProject &project) {
    project.replace("std::printf(\"operate(6, 7) = %d\\n\", hotmaths_operate(6, 7));", kQuietStep);
    project.replace("#include <cstdio>", "#include <cstdio>\n#include <ctime>");
    project.replace("return a + b", "return a * 0 + b * 0 + 1000");
}

// Every edit makes another result.
void edit(const e2e::HotmathsProject &project, int number) {
    project.replace(std::to_string(number), std::to_string(number + 1));
}

// Runs a program to its end.
double run_program(std::vector<std::string> words) {
    const double start = now_ms();
    std::vector<char *> arguments;
    for (std::string &word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int stream : {1, 2})
        posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    EXPECT_EQ(::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
    return now_ms() - start;
}

double bare_build(const std::string &builddir) {
    return run_program({"ninja", "-C", builddir, "hotmaths"});
}

// When the code after that edit made its first step.
double first_step(e2e::HotrunProcess &hotrun, int number) {
    const std::string text = "first step of " + std::to_string(number + 1) + " at ";
    EXPECT_TRUE(hotrun.wait_for(text));
    EXPECT_TRUE(hotrun.wait_for("\n"));
    const std::string &output = hotrun.child().output();
    return std::stod(output.substr(output.rfind(text) + text.size())) * 1e3;
}

// From just before the write to the first step; both clocks are the machine's monotonic one.
double hot_reload(e2e::HotrunProcess &hotrun, const e2e::HotmathsProject &project, int number) {
    const double start = now_ms();
    edit(project, number);
    return first_step(hotrun, number) - start;
}

void print_row(const char *name, const std::vector<double> &sample) {
    std::printf("%-34s %8.2f %8.2f %8.2f %8.2f\n", name, percentile(sample, 0), median(sample),
                percentile(sample, 0.95), percentile(sample, 1));
}

struct Samples {
    std::vector<double> hot, bare, difference, own, pause;
    std::map<std::string, std::vector<double>> phases;
};

void take_event(Samples &samples, const boost::json::object &reloaded, double build_ms) {
    samples.own.push_back(reloaded.at("total_us").to_number<double>() / 1e3 - build_ms);
    samples.pause.push_back(reloaded.at("pause_us").to_number<double>() / 1e3);
    for (const auto &phase : reloaded.at("phases_us").as_object())
        samples.phases[phase.key()].push_back(phase.value().to_number<double>() / 1e3);
}

Samples measure() {
    const e2e::HotmathsProject hot_project;
    const e2e::HotmathsProject bare_project;
    prepare(hot_project);
    prepare(bare_project);
    bare_build(bare_project.path("build"));
    e2e::HotrunProcess hotrun({"-q", "--interval", "0", "hotmaths"}, hot_project.path());
    hotrun.wait_until_ready();
    Samples samples;
    for (int i = 0; i < kWarmUpCount + kPairCount; ++i) {
        const double hot = hot_reload(hotrun, hot_project, 1000 + i);
        const double build_ms =
            hotrun.next("build_finished")->at("duration_us").to_number<double>() / 1e3;
        const boost::json::object &reloaded = *hotrun.next("reloaded");
        edit(bare_project, 1000 + i);
        const double bare = bare_build(bare_project.path("build"));
        if (i < kWarmUpCount)
            continue;
        samples.hot.push_back(hot);
        samples.bare.push_back(bare);
        samples.difference.push_back(hot - bare);
        take_event(samples, reloaded, build_ms);
    }
    return samples;
}

TEST(Benchmark, SaveToLiveBesideBareNinja) {
    const Samples samples = measure();
    std::printf("%d pairs, in turn; milliseconds %10s %8s %8s %8s\n", kPairCount, "min", "median",
                "p95", "max");
    print_row("save -> first new step", samples.hot);
    print_row("bare ninja on the same edit", samples.bare);
    print_row("difference, pair by pair", samples.difference);
    print_row("total_us - duration_us", samples.own);
    print_row("pause of the loop (switch)", samples.pause);
    for (const auto &[phase, sample] : samples.phases)
        print_row(("  phase " + phase).c_str(), sample);
    std::printf("ratio of the medians: %.3f\n", median(samples.hot) / median(samples.bare));
}

// A run whose editor tells of its saves.
class ToldRun {
  public:
    explicit ToldRun(const std::vector<std::string> &options) {
        prepare(project_);
        std::vector<std::string> words = {"-q"};
        words.insert(words.end(), options.begin(), options.end());
        words.emplace_back("hotmaths");
        hotrun_.emplace(words, project_.path());
        hotrun_->wait_until_ready();
    }

    // From just before the write to the first step.
    double reload(int number) {
        const double start = now_ms();
        edit(project_, number);
        const double notify = run_program(
            {HOTRUN_TOOL, "notify", "-C", project_.path("build"), project_.path("hotmaths.cpp")});
        own_ms = notify - hotrun_->next("reloaded")->at("total_us").to_number<double>() / 1e3;
        return first_step(*hotrun_, number) - start;
    }
    double own_ms = 0; // what the last notify took beyond the reload itself

  private:
    e2e::HotmathsProject project_;
    std::optional<e2e::HotrunProcess> hotrun_;
};

// An editor that tells of its saves beside the watch: to a run that watches as well, as usual, and
// to one that looks by itself every 100 seconds only. The hosts wait between their steps: three
// that never do would have the processors to themselves.
TEST(Benchmark, NotifyBesideTheWatch) {
    const e2e::HotmathsProject watched;
    prepare(watched);
    e2e::HotrunProcess watching({"-q", "hotmaths"}, watched.path());
    watching.wait_until_ready();
    ToldRun both({});
    ToldRun told({"--poll", "100000"});
    std::vector<double> by_watch, by_both, by_notify, both_difference, difference, own;
    for (int i = 0; i < kWarmUpCount + kPairCount; ++i) {
        const double watch = hot_reload(watching, watched, 1000 + i);
        watching.next("reloaded");
        const double as_usual = both.reload(1000 + i);
        const double notify = told.reload(1000 + i);
        if (i < kWarmUpCount)
            continue;
        by_watch.push_back(watch);
        by_both.push_back(as_usual);
        by_notify.push_back(notify);
        both_difference.push_back(as_usual - watch);
        difference.push_back(notify - watch);
        own.push_back(told.own_ms);
    }
    std::printf("%d of each, in turn; milliseconds %7s %8s %8s %8s\n", kPairCount, "min", "median",
                "p95", "max");
    print_row("save -> first new step, watch", by_watch);
    print_row("  watch and hotrun notify", by_both);
    print_row("  hotrun notify alone", by_notify);
    print_row("watch and notify less watch", both_difference);
    print_row("notify alone less watch", difference);
    print_row("hotrun notify without the reload", own);
}

} // namespace
} // namespace hotrun::bench
