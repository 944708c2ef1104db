// Saves of function bodies, by their object files: beside ninja, and a thousand of them at random.
#include "bench/edited_hotmaths.hpp"
#include "bench/figures.hpp"
#include "bench/library_project.hpp"
#include "bench/rebuilt_runs.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace hotrun::bench {
namespace {

constexpr int kPairCount = 40;
constexpr int kWarmUpCount = 3;
constexpr int kFirstNumber = 1001;
constexpr double kMostOfNinja = 0.75;
constexpr double kPauseBarMs = 0.5;

// `output`: what the bare ninja makes.
void measure(const std::string &name, const EditedProject &hot, const EditedProject &bare,
             const std::string &output, const Comparison &of_ninja, const Comparison &less_ninja,
             const Comparison &own_bar) {
    HotRun run(hot);
    std::vector<double> live, built, ratio, difference, own, pause;
    for (int i = 0; i < kWarmUpCount + kPairCount && !testing::Test::HasFailure(); ++i) {
        const double hot_ms = run.save(kFirstNumber + i);
        const double bare_ms = edit_and_build(bare, kFirstNumber + i, output);
        const boost::json::object &reloaded = run.reloaded();
        EXPECT_EQ(reloaded.at("lane").as_string(), "object") << reloaded.at("why");
        if (i < kWarmUpCount)
            continue;
        live.push_back(hot_ms);
        built.push_back(bare_ms);
        ratio.push_back(hot_ms / bare_ms);
        difference.push_back(hot_ms - bare_ms);
        own.push_back((reloaded.at("total_us").to_number<double>() -
                       run.build_finished().at("duration_us").to_number<double>()) /
                      1e3);
        pause.push_back(reloaded.at("pause_us").to_number<double>() / 1e3);
    }
    const std::string ninja = name + ": `ninja " + output + "` alone";
    tell_figure(ninja, "ms", built);
    tell_figure(name + ": save → live", "ms", live, {.with = ninja});
    tell_figure(name + ": save → live, of ninja's time", "", ratio, of_ninja);
    tell_figure(name + ": save → live less ninja", "ms", difference, less_ninja);
    tell_figure(name + ": all but the build", "ms", own, own_bar);
    tell_figure(name + ": pause of the loop", "ms", pause, {.with = {}, .bar = kPauseBarMs});
}

TEST(Lane, Hotmaths) {
    measure("hotmaths", EditedHotmaths(), EditedHotmaths(), "hotmaths",
            {.with = {}, .bar = kMostOfNinja}, {}, {});
}

TEST(Lane, Large) {
    const LibrarySize size{"85MB", 530};
    const GeneratedLibrary library(library_cache(), size);
    measure("85 MB", LibraryProject(library, size), LibraryProject(library, size), "game.o", {},
            {.with = {}, .bar = 15}, {.with = {}, .bar = 8});
}

// Of functions in several files, each of which returns its number; the module adds them up.
class RandomSaves {
  public:
    RandomSaves() {
        std::string sources;
        std::string declared;
        std::string sum;
        for (int file = 0; file < kFileCount; ++file) {
            sources += ", 'part" + std::to_string(file) + ".cpp'";
            for (int n = 0; n < kFunctionCount; ++n) {
                declared += "int " + name_of(file, n) + "();\n";
                sum += " + " + name_of(file, n) + "()";
            }
            write(file);
        }
        project_.write("meson.build",
                       "project('demo', 'cpp')\nshared_module('game', 'game.cpp'" + sources +
                           ", include_directories: include_directories(get_option('hotrun')))\n");
        project_.write("game.cpp", "#include \"hotrun/module.h\"\n#include <cstdio>\n" + declared +
                                       R"(struct State { long steps; };
static long steps;
static long told = -1;
extern "C" void hotrun_step(hotrun_context *ctx) {
    if (ctx->state == nullptr)
        ctx->state = HOTRUN_NEW(ctx, State);
    ++steps;
    const bool kept = ++static_cast<State *>(ctx->state)->steps == steps;
    const long sum = 0)" + sum + R"(;
    if (sum != told)
        std::printf("sum=%ld %s\n", sum, kept ? "kept" : "lost");
    std::fflush(stdout);
    told = sum;
}
)");
        project_.set_up();
    }

    const e2e::TestProject &project() const { return project_; }

    // Gives what the module prints then.
    std::string save(int number) {
        const int file = static_cast<int>(random_() % kFileCount);
        int &value = values_[{file, static_cast<int>(random_() % kFunctionCount)}];
        sum_ += number - value;
        value = number;
        write(file);
        return "sum=" + std::to_string(sum_) + " kept\n";
    }

  private:
    static constexpr int kFileCount = 20;
    static constexpr int kFunctionCount = 10;

    static std::string name_of(int file, int n) {
        return "part" + std::to_string(file) + "_" + std::to_string(n);
    }
    void write(int file) {
        std::string text = "static int calls;\n";
        for (int n = 0; n < kFunctionCount; ++n)
            text += "int " + name_of(file, n) + "() { ++calls; return " +
                    std::to_string(values_[{file, n}]) + "; }\n";
        project_.write("part" + std::to_string(file) + ".cpp", text);
    }

    e2e::TestProject project_;
    std::mt19937 random_{1}; // the same saves in each run
    std::map<std::pair<int, int>, int> values_;
    long sum_ = 0;
};

double resident_mb(int pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:"))
            return std::stod(line.substr(6)) / 1024;
    }
    return 0;
}

TEST(Lane, ThousandRandomSaves) {
    constexpr int kSaveCount = 1000;
    constexpr int kWholeEach = 50;
    RandomSaves saves;
    e2e::HotrunProcess hotrun({"-q", "--interval", "1"}, saves.project().path());
    hotrun.wait_until_ready();
    std::map<std::string, int> lanes;
    std::vector<double> object_ms;
    double before_mb = 0;
    for (int i = 1; i <= kSaveCount && !HasFailure(); ++i) {
        const std::string live = saves.save(i);
        ASSERT_TRUE(hotrun.wait_for(live)) << i << ": " << live;
        const boost::json::object &reloaded = *hotrun.next("reloaded");
        const std::string lane(reloaded.at("lane").as_string());
        ++lanes[lane];
        if (lane == "object")
            object_ms.push_back(reloaded.at("total_us").to_number<double>() / 1e3);
        if (i % kWholeEach == 0) {
            run_program({HOTRUN_TOOL, "reload", "-C", saves.project().builddir()});
            EXPECT_EQ(hotrun.next("reloaded")->at("lane").as_string(), "library");
        }
        if (i == kWholeEach)
            before_mb = resident_mb(hotrun.child().pid());
    }
    EXPECT_EQ(hotrun.count("rejected") + hotrun.count("rolled_back"), 0U);
    tell_figure("of a thousand saves at random, by their objects", "", lanes["object"]);
    tell_figure("each of them: save → live", "ms", object_ms);
    tell_figure("memory after the first fifty", "MB", before_mb);
    tell_figure("memory after all", "MB", resident_mb(hotrun.child().pid()));
}

} // namespace
} // namespace hotrun::bench
