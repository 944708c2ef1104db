// Saves that go straight into the process by their object files, and what goes by the library.
#include "e2e/game_test.hpp"

#include <csignal>

namespace hotrun::e2e {
namespace {

// Two sources beside the module's own, with a struct that all of them know.
class LaneTest : public GameTest {
  protected:
    LaneTest() {
        project.write("meson.build",
                      "project('demo', 'cpp')\n"
                      "shared_module('game', 'game.cpp', 'rules.cpp', 'other.cpp', cpp_args: "
                      "meson.get_compiler('cpp').get_supported_arguments('-fno-gnu-unique'), "
                      "include_directories: include_directories(get_option('hotrun')))\n");
        write_state("long steps;");
        project.write("game.cpp", R"(#include "state.hpp"
#include <cstdio>
#include <stdexcept>
int value(long steps);
int other();
static int calls;
extern "C" void hotrun_step(hotrun_context *ctx) {
    if (ctx->state == nullptr)
        ctx->state = HOTRUN_NEW(ctx, State);
    State *state = static_cast<State *>(ctx->state);
    ++state->steps;
    ++calls;
    try {
        std::printf("value=%d other=%d %s\n", value(state->steps), other(),
                    calls == state->steps ? "kept" : "lost");
    } catch (const std::exception &error) {
        std::printf("caught %s %s\n", error.what(), calls == state->steps ? "kept" : "lost");
    }
}
)");
        write_value("return 1;");
        write_other("return 1;");
    }

    void write_state(const std::string &members) const {
        project.write("state.hpp", "#pragma once\n#include <hotrun/module.h>\nstruct State { " +
                                       members + " };\n");
    }
    void write_value(const std::string &body) const {
        project.write("rules.cpp",
                      "#include <stdexcept>\nstatic int seen;\nint value(long steps) { "
                      "seen += steps > 0; " +
                          body + " }\n");
    }
    void write_other(const std::string &body) const {
        project.write("other.cpp", "int other() { " + body + " }\n");
    }

    static std::string text(const boost::json::object *event, const char *field) {
        return event->at(field).as_string().c_str();
    }
    static std::uint64_t generation(const boost::json::object *event) {
        return event->at("generation").to_number<std::uint64_t>();
    }

    // The save is live by its objects, with the state kept.
    void expect_object(HotrunProcess &hotrun, const std::string &output) {
        const auto *reloaded = hotrun.next("reloaded");
        EXPECT_EQ(text(reloaded, "lane"), "object") << text(reloaded, "why");
        EXPECT_EQ(text(reloaded, "why"), "");
        EXPECT_EQ(text(reloaded, "state"), "kept");
        EXPECT_EQ(generation(reloaded), ++live);
        EXPECT_TRUE(hotrun.wait_for(output)) << hotrun.child().output();
    }
    void expect_library(HotrunProcess &hotrun, const std::string &why, const std::string &output) {
        const auto *reloaded = hotrun.next("reloaded");
        EXPECT_EQ(text(reloaded, "lane"), "library");
        EXPECT_NE(text(reloaded, "why").find(why), std::string::npos) << text(reloaded, "why");
        EXPECT_EQ(generation(reloaded), ++live);
        EXPECT_TRUE(hotrun.wait_for(output)) << hotrun.child().output();
    }
    // What the library on the disk lacks is built into it, and nothing comes of that.
    void expect_true_library(HotrunProcess &hotrun) {
        EXPECT_EQ(text(hotrun.next("link_finished"), "status"), "ok");
        Child ninja({"ninja", "-n", "libgame.so"}, project.builddir(), Child::Streams::kPipe);
        EXPECT_TRUE(ninja.wait_for("no work to do"));
        EXPECT_EQ(ninja.wait_for_exit(), 0);
    }

    std::uint64_t live = 1;
};

TEST_F(LaneTest, BodiesGoByTheirObjectsAndTheRestByTheLibrary) {
    HotrunProcess &hotrun = start();
    ASSERT_TRUE(hotrun.wait_for("value=1 other=1 kept"));

    write_value("return 2;");
    expect_object(hotrun, "value=2 other=1 kept");
    expect_true_library(hotrun);

    // The code of a save is that of the patches before it too. A save that comes while the library
    // is built takes its place.
    write_other("return 2;");
    expect_object(hotrun, "value=2 other=2 kept");
    hotrun.next("link_started");
    write_value("return 3;");
    expect_object(hotrun, "value=3 other=2 kept");
    expect_true_library(hotrun);

    // A function that is new, and one that throws through code that is older.
    write_value("if (steps > 0) throw std::runtime_error(\"thrown\"); return 0;");
    expect_object(hotrun, "caught thrown kept");
    expect_true_library(hotrun);
    write_value("return [](int n) { return 4 * n; }(1);");
    expect_object(hotrun, "value=4 other=2 kept");
    expect_true_library(hotrun);

    // What does not compile is mended by its object too.
    write_value("return oops;");
    EXPECT_EQ(text(hotrun.next("build_finished"), "status"), "failed");
    write_other("return 6;");
    EXPECT_EQ(text(hotrun.next("build_finished"), "status"), "failed");
    write_value("return 6;");
    expect_object(hotrun, "value=6 other=6 kept");
    expect_true_library(hotrun);

    // Another layout comes by the library, with the state of what was patched before.
    write_state("long more; long steps;");
    expect_library(hotrun, "game.cpp", "value=6 other=6 kept");
    write_value("return 7;");
    expect_object(hotrun, "value=7 other=6 kept");
    expect_true_library(hotrun);
    EXPECT_EQ(hotrun.count("rejected") + hotrun.count("rolled_back"), 0U);
    EXPECT_EQ(hotrun.end_with(SIGINT), 130);
}

TEST_F(LaneTest, PatchThatCrashesIsRolledBackAndItsLibraryNotLoaded) {
    HotrunProcess &hotrun = start({"--interval", "5", "--guard", "on"});
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        GTEST_SKIP() << "a sanitizer wants to see the crash itself";
    ASSERT_TRUE(hotrun.wait_for("value=1 other=1 kept"));
    write_value("return *reinterpret_cast<volatile int *>(seen - seen);");
    const auto *rolled_back = hotrun.next("rolled_back");
    EXPECT_EQ(rolled_back->at("from").to_number<int>(), 2);
    EXPECT_EQ(rolled_back->at("to").to_number<int>(), 1);
    live = 2;
    ASSERT_TRUE(hotrun.wait_for("value=1 other=1 kept"));
    expect_true_library(hotrun);
    ASSERT_TRUE(hotrun.wait_for("value=1 other=1 kept"));
    EXPECT_EQ(hotrun.count("reloaded"), 0U);
    write_value("return 3;");
    expect_library(hotrun, "", "value=3 other=1 kept");
    write_value("return 4;");
    expect_object(hotrun, "value=4 other=1 kept");
}

TEST_F(LaneTest, LibraryIsTakenWhereItIsAskedFor) {
    HotrunProcess &hotrun = start({"--interval", "5", "--lane", "library"});
    write_value("return 2;");
    expect_library(hotrun, "--lane library", "value=2 other=1 kept");
    EXPECT_EQ(text(hotrun.next_of({"link_started", "retired"}), "event"), "retired");
}

} // namespace
} // namespace hotrun::e2e
