// A project of 10,000 sources: how long hotrun takes to be ready and to start a build, what memory
// it needs, and what it does while nothing happens. One JSON object, with the bar of each figure.
#include "bench/statistics.hpp"
#include "e2e/child.hpp"
#include "e2e/hotrun_process.hpp"
#include "e2e/test_project.hpp"
#include "linux/spawn_command_runner.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <thread>

namespace hotrun::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr int kSourceCount = 10'000;
constexpr int kSourcesInAFolder = 100;
constexpr int kHeaderCount = 400;
constexpr int kHeadersOfASource = 20;
constexpr int kStartCount = 5;
constexpr int kSaveCount = 20;
constexpr std::chrono::seconds kIdle{10};
constexpr std::size_t kLargeHostBytes = std::size_t{2} << 30;
constexpr int kSpawnCount = 30;

double now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(now).count();
}

// What was measured, as JSON; a figure with a bar is not to be above it.
class Figures {
  public:
    void add(const char *name, double value) { print("%s\n  \"%s\": %.2f", name, value); }
    void add(const char *name, double value, double bar) {
        print("%s\n  \"%s\": {\"value\": %.2f, \"bar\": %.2f}", name, value, bar);
    }
    std::string text() const { return text_ + "\n}"; }

  private:
    template <typename... Values>
    void print(const char *format, const char *name, Values... values) {
        std::array<char, 200> line{};
        std::snprintf(line.data(), line.size(), format, text_.size() > 1 ? "," : "", name,
                      values...);
        text_ += line.data();
    }
    std::string text_ = "{";
};

// A build folder as Meson leaves it, but for a compiler that takes no time. The library is real.
class LargeProject {
  public:
    LargeProject() {
        fs::create_directories(project_.path("include"));
        for (int header = 0; header < kHeaderCount; ++header)
            project_.write(std::string("include/h").append(std::to_string(header)).append(".h"),
                           "");
        for (int source = 0; source < kSourceCount; ++source)
            write_source(source, 0);
        write_build_file();
        write_targets();
        run_ninja();
    }

    std::string path() const { return project_.path(); }
    std::string builddir() const { return project_.builddir(); }

    void write_source(int number, int value) const {
        project_.write(source(number), "int f" + std::to_string(number) + "(void) { return " +
                                           std::to_string(value) + "; }\n");
    }

    void run_ninja() const { e2e::run_command({"ninja", "libgame.so"}, builddir()); }

  private:
    static std::string source(int number) {
        return "src/folder" + std::to_string(number / kSourcesInAFolder) + "/source" +
               std::to_string(number) + ".c";
    }

    void write_build_file() const {
        const std::string args =
            "-Ilibgame.so.p -I. -I.. -I../include -I/usr/include/one -I/usr/include/two "
            "-fdiagnostics-color=always -D_FILE_OFFSET_BITS=64 -Wall -Winvalid-pch -Wextra -O0 -g "
            "-fPIC -DG_LOG_DOMAIN=\"game\" -pthread";
        std::string text = "ninja_required_version = 1.8.2\n"
                           "rule c_COMPILER\n"
                           " command = '" FAKE_COMPILER "' $in $out $HEADERS # $ARGS\n"
                           " deps = gcc\n"
                           " depfile = $DEPFILE_UNQUOTED\n"
                           "rule c_LINKER\n"
                           " command = cp '" +
                           project_.other_library(1) +
                           "' $out\n"
                           "rule REGENERATE_BUILD\n"
                           " command = touch $out\n"
                           " generator = 1\n"
                           "build build.ninja: REGENERATE_BUILD ../meson.build "
                           "../meson_options.txt\n";
        std::string objects;
        for (int number = 0; number < kSourceCount; ++number) {
            const std::string object = "libgame.so.p/source" + std::to_string(number) + ".c.o";
            text.append("build ").append(object).append(": c_COMPILER ../").append(source(number));
            text +=
                "\n DEPFILE = " + object + ".d\n DEPFILE_UNQUOTED = " + object + ".d\n HEADERS =";
            for (int i = 0; i < kHeadersOfASource; ++i)
                text.append(" ").append(std::to_string((number * 7 + i * 13) % kHeaderCount));
            text.append("\n ARGS = ").append(args).append("\n\n");
            objects.append(" ").append(object);
        }
        text += "build libgame.so: c_LINKER" + objects + "\n LINK_ARGS = -shared\n";
        project_.write("build/build.ninja", text);
    }

    void write_targets() const {
        json::array sources;
        for (int number = 0; number < kSourceCount; ++number)
            sources.emplace_back(project_.path(source(number)));
        const json::object target = {
            {"name", "game"},
            {"type", "shared module"},
            {"filename", json::array{project_.library()}},
            {"subproject", nullptr},
            {"target_sources", json::array{json::object{{"sources", std::move(sources)}}}}};
        project_.write("build/meson-info/meson-info.json", "{}");
        project_.write("build/meson-info/intro-targets.json", json::serialize(json::array{target}));
    }

    e2e::TestProject project_;
};

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

double peak_mb(pid_t pid) {
    return field_of("/proc/" + std::to_string(pid) + "/status", "VmHWM:") / 1024;
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

const std::vector<std::string> kArguments = {"-C", "build", "--interval", "1000", "game"};

// A no-op of ninja and a start of hotrun, in turn.
void measure_start(const LargeProject &project, Figures &figures) {
    std::vector<double> no_op;
    std::vector<double> ready;
    double peak = 0;
    for (int i = 0; i < kStartCount; ++i) {
        double start = now_ms();
        project.run_ninja();
        no_op.push_back(now_ms() - start);
        start = now_ms();
        e2e::HotrunProcess hotrun(kArguments, project.path());
        hotrun.wait_until_ready();
        ready.push_back(now_ms() - start);
        peak = std::max(peak, peak_mb(hotrun.child().pid()));
    }
    figures.add("ninja_no_op_ms", median(no_op));
    figures.add("start_to_ready_ms", median(ready), median(no_op) + 1000);
    figures.add("peak_memory_at_ready_mb", peak, 150);
}

// From the end of the write to the event's arrival.
void measure_saves(const LargeProject &project, Figures &figures) {
    e2e::HotrunProcess hotrun(kArguments, project.path());
    hotrun.wait_until_ready();
    std::vector<double> starts;
    for (int i = 0; i < kSaveCount; ++i) {
        project.write_source(i * (kSourceCount / kSaveCount), i + 1);
        const double closed = now_ms();
        ASSERT_NE(hotrun.next("build_started"), nullptr);
        starts.push_back(now_ms() - closed);
        ASSERT_NE(hotrun.next("build_finished"), nullptr);
        EXPECT_EQ(hotrun.events().back().at("status").as_string(), "ok");
    }
    figures.add("save_to_build_started_ms", median(starts), 5);
    figures.add("save_to_build_started_max_ms", percentile(starts, 1));
    std::this_thread::sleep_for(std::chrono::seconds(1)); // what follows a build is over
    figures.add("idle_wake_ups_of_the_runner", idle_wake_ups(hotrun.child().pid()), 0);
    figures.add("peak_memory_after_saves_mb", peak_mb(hotrun.child().pid()), 150);
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
void measure_spawn(Figures &figures) {
    const double small = median_spawn_ms();
    const auto memory = std::make_unique_for_overwrite<char[]>(kLargeHostBytes);
    std::memset(memory.get(), 1, kLargeHostBytes);
    const double large = median_spawn_ms();
    EXPECT_EQ(memory[kLargeHostBytes - 1], 1);
    figures.add("ninja_from_a_small_host_ms", small);
    figures.add("ninja_from_a_2_gb_host_ms", large, small + 5);
}

TEST(Benchmark, TenThousandSources) {
    Figures figures;
    measure_spawn(figures);
    const LargeProject project;
    measure_start(project, figures);
    measure_saves(project, figures);
    std::puts(figures.text().c_str());
}

} // namespace
} // namespace hotrun::bench
