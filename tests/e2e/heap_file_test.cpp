// Programs that go on where another run of them has ended.
#include "e2e/fault_test.hpp"
#include "e2e/game_test.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/personality.h>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

// A state with all that leads into code.
std::string source_of(const std::string &new_member, int value) {
    return "#define NEW_MEMBER " + new_member + "\n#define VALUE " + std::to_string(value) + R"(
#include "hotrun/module.hpp"
#include <cstdio>
struct Shape { virtual ~Shape() = default; virtual int value() const { return VALUE; } };
int add_value(int to) { return to + VALUE; }
struct State {
    NEW_MEMBER
    long steps = 0;
    Shape *shape = nullptr;
    int (*function)(int) = nullptr;
    const char *text = nullptr;
};
extern "C" void hotrun_init(hotrun_context *ctx) {
    State &s = hotrun::state<State>(ctx);
    std::printf("<init %ld>\n", s.steps);
    if (s.shape == nullptr)
        s = State{.shape = hotrun::make<Shape>(), .function = add_value, .text = "a text"};
}
extern "C" void hotrun_step(hotrun_context *ctx) {
    State &s = hotrun::state<State>(ctx);
    std::printf("<step %ld: %d %d %s>\n", ++s.steps, s.shape->value(), s.function(100), s.text);
}
extern "C" void hotrun_shutdown(hotrun_context *ctx) {
    std::printf("<shutdown %ld>\n", hotrun::state<State>(ctx).steps);
}
)";
}

long number_behind(const std::string &output, const std::string &what) {
    const std::size_t at = output.rfind("<" + what + " ");
    return at == std::string::npos ? -1 : std::stol(output.substr(at + what.size() + 2));
}

class HeapFile : public GameTest {
  protected:
    HeapFile() { write_source("", 1); }

    void write_source(const std::string &new_member, int value) const {
        project.set_source(source_of(new_member, value));
    }
    HotrunProcess &start_kept(const std::string &step) {
        HotrunProcess &hotrun = start({"--interval", "5", "--heap-file", "kept heap"});
        hotrun.wait_for(step);
        return hotrun;
    }
    static long end(HotrunProcess &hotrun) {
        EXPECT_EQ(hotrun.end_with(SIGTERM), 0) << hotrun.child().output();
        return number_behind(hotrun.child().output(), "shutdown");
    }
    std::string refused(const std::vector<std::string> &arguments) const {
        std::vector<std::string> words = {HOTRUN_TOOL, "--heap-file"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        Child child(words, project.path(), Child::Streams::kPipe);
        EXPECT_EQ(child.wait_for_exit(), 1) << child.output();
        return child.output();
    }
};

TEST_F(HeapFile, ARunGoesOnWhereTheLastOneHasEndedAlsoWithOtherCode) {
    const int persona = ::personality(0xffffffff);
    // As under a debugger: other code lies where the old one lay in the run before.
    ::personality(static_cast<unsigned long>(persona) | ADDR_NO_RANDOMIZE);
    project.set_up();
    HotrunProcess *hotrun = &start_kept("<step 3: 1 101 a text>");
    EXPECT_EQ(hotrun->child().output().find("its heap is that of"), std::string::npos);
    EXPECT_NE(refused({"kept heap", "--no-build", project.library()})
                  .find("error: another run (process " + std::to_string(hotrun->child().pid()) +
                        ") keeps its heap in "),
              std::string::npos);
    long steps = end(*hotrun);
    ASSERT_GE(steps, 3);

    hotrun = &start_kept("<init " + std::to_string(steps) + ">");
    hotrun->wait_for("<step " + std::to_string(steps + 1) + ": 1 101 a text>");
    EXPECT_NE(hotrun->child().output().find("game: its heap is that of " +
                                            project.path("kept heap") + "\n"),
              std::string::npos);
    write_source("", 2); // and the state goes on from run to run and from save to save
    const boost::json::object *reloaded = hotrun->next("reloaded");
    ASSERT_NE(reloaded, nullptr);
    EXPECT_EQ(reloaded->at("state").as_string(), "kept");
    EXPECT_EQ(reloaded->at("generation").to_number<int>(), 2);
    hotrun->wait_for(": 2 102 a text>");
    steps = end(*hotrun);

    write_source("int level = 9; double more[5] = {};", 3);
    hotrun = &start_kept("<init " + std::to_string(steps) + ">");
    hotrun->wait_for("<step " + std::to_string(steps + 1) + ": 3 103 a text>");
    EXPECT_NE(hotrun->child().output().find("; 1 object migrated; new: State.level, State.more\n"),
              std::string::npos)
        << hotrun->child().output();
    steps = end(*hotrun);
    ::personality(static_cast<unsigned long>(persona));

    const std::string before = content_of(project.path("kept heap"));
    write_source("long steps_before = 0; union { int a; float b; };", 4);
    std::string source = content_of(project.path(project.source_name()));
    source.replace(source.find("Shape *shape"), 5, "long ");
    project.set_source(source.replace(source.find("s.shape->value()"), 16, "0")
                           .replace(source.find("hotrun::make<Shape>()"), 21, "nullptr"));
    EXPECT_NE(refused({"kept heap"}).find("can't be carried over, since "), std::string::npos);
    EXPECT_EQ(content_of(project.path("kept heap")), before);

    hotrun = &start({"--interval", "5", "--heap-file", "kept heap", "--on-refuse", "fresh"});
    EXPECT_NE(hotrun->child().output().find("kept heap had is set aside beside it"),
              std::string::npos);
    EXPECT_LT(end(*hotrun), steps);
    EXPECT_EQ(content_of(project.path("kept heap.bak")), before);
    EXPECT_EQ(project.files_with("libgame.so", "kept heap.bak.d").size(), 1U);
}

TEST_F(HeapFile, WhatIsNoHeapOfThisModuleIsRefusedAndStaysAsItIs) {
    project.set_up();
    const std::string source = content_of(project.path("meson.build"));
    const auto expect_refused = [this](const std::vector<std::string> &arguments,
                                       const std::string &sentence) {
        const std::string output = refused(arguments);
        EXPECT_TRUE(output.starts_with("hotrun: error: ")) << output;
        EXPECT_NE(output.find(sentence), std::string::npos) << output;
        EXPECT_EQ(output.find('\n'), output.size() - 1) << output;
    };
    expect_refused({"meson.build"}, "meson.build is no heap file of hotrun, and stays as it is");
    EXPECT_EQ(content_of(project.path("meson.build")), source);
    EXPECT_FALSE(fs::exists(project.path("meson.build.d")));
    expect_refused({"build"}, "build: Is a directory");
    expect_refused({"/dev/null"}, "/dev/null: it is no regular file");
    expect_refused({"nowhere/heap"}, "nowhere/heap: No such file or directory");

    end(start_kept("<step 2: "));
    const std::string before = content_of(project.path("kept heap"));
    expect_refused({"kept heap", "--heap", "128M"}, "has a heap of 64M, and not of 128M: give "
                                                    "--heap 64M");
    std::string damaged = before;
    damaged[damaged.size() - 9] ^= 1;
    project.write("kept heap", damaged);
    expect_refused({"kept heap"}, "is damaged (its contents are not what was written)");
    EXPECT_EQ(content_of(project.path("kept heap")), damaged);
    project.write("kept heap", before);
    const std::string kept = project.files_with("libgame.so", "kept heap.d").at(0);
    fs::rename(project.path("kept heap.d/" + kept), project.path("gone"));
    expect_refused({"kept heap"}, "the code that made it is missing: can't open ");
    fs::rename(project.path("gone"), project.path("kept heap.d/" + kept));
    end(start_kept("<init "));
}

class KilledRun : public FaultTest {
  protected:
    KilledRun() {
        run_command({HOTRUN_CXX, "-std=c++17", "-shared", "-fPIC", "-g",
                     "-DFLAG=\"" + run.flag() + "\"", "-I", HOTRUN_INCLUDE,
                     HOTRUN_TEST_MODULES "/kept_module.cpp", "-o", run.folder() + "/lib.so"},
                    run.folder());
        run.put_bytes(content_of(run.folder() + "/lib.so"));
    }
    HotrunProcess &start() {
        HotrunProcess &hotrun = run.start(
            {"--heap-file", "kept", "--interval", "0", "--snapshot", "1", "--on-crash", "restart"});
        hotrun.wait_until_ready();
        return hotrun;
    }
    // As the file says it.
    std::uint64_t commit_count() const {
        constexpr std::size_t kCommitAt = 24;
        std::uint64_t count = 0;
        std::ifstream file(run.folder() + "/kept", std::ios::binary);
        file.seekg(kCommitAt).read(reinterpret_cast<char *>(&count), sizeof count);
        return count;
    }
    void expect_never_broken() {
        EXPECT_EQ(run.hotrun().child().output().find("BROKEN"), std::string::npos)
            << run.hotrun().child().output();
    }
};

// With commits all the time, a kill comes in the middle of one.
TEST_F(KilledRun, LeavesItsLastWholeState) {
    long last = -1;
    for (std::uint64_t kill = 0; kill < 4; ++kill) {
        HotrunProcess &hotrun = start();
        const long first = number_behind(hotrun.child().output(), "init");
        EXPECT_GT(first, last);
        last = first;
        if (kill == 2) { // it goes on with the same file, in its new folder and process
            std::ofstream(run.flag()) << "crash\n";
            ASSERT_NE(hotrun.next("restarted"), nullptr);
        }
        const std::uint64_t before = commit_count();
        hotrun.child().wait_until([&] { return commit_count() > before + kill; }, "commits");
        expect_never_broken();
        EXPECT_EQ(hotrun.end_with(SIGKILL), 128 + SIGKILL);
    }
    HotrunProcess &hotrun = start();
    EXPECT_GT(number_behind(hotrun.child().output(), "init"), last);
    run.expect_clean_end(SIGTERM, 0);
    const long steps = number_behind(hotrun.child().output(), "shutdown");
    start();
    EXPECT_EQ(number_behind(run.hotrun().child().output(), "init"), steps);
    expect_never_broken();
    run.expect_clean_end(SIGTERM, 0);
}

} // namespace
} // namespace hotrun::e2e
