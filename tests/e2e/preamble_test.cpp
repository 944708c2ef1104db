// Saves that are compiled with the headers precompiled that their source begins with.
#include "e2e/game_test.hpp"

#include <csignal>

namespace hotrun::e2e {
namespace {

// A source beside the module's own, with a header of its own and one of the standard library.
class PreambleTest : public GameTest {
  protected:
    PreambleTest() {
        project.write("meson.build",
                      "project('demo', 'cpp', default_options: ['buildtype=debug'])\n"
                      "shared_module('game', 'game.cpp', 'src/rules.cpp', cpp_args: "
                      "meson.get_compiler('cpp').get_supported_arguments('-fno-gnu-unique'))\n");
        project.write("game.cpp", "#include <cstdio>\nint value();\n"
                                  "extern \"C\" void hotrun_step(void *) {\n"
                                  "    std::printf(\"value=%d\\n\", value());\n}\n");
        write_header("10");
        write_rules("1");
    }

    void write_header(const std::string &number) const {
        project.write("src/rules.hpp", "#pragma once\ninline int rule() { return " + number +
                                           "; }\nstruct Rules { int count = 0; };\n");
    }
    void write_rules(const std::string &number, const std::string &before = {}) const {
        project.write("src/rules.cpp",
                      "// The rules.\n#include \"rules.hpp\"\n#include <vector>\n" + before +
                          "static std::vector<Rules> rules;\n"
                          "int value() { rules.resize(3); return rule() * rules.size() + " +
                          number + "; }\n");
    }

    // The save is live by its object, and ninja has made the library of the same text.
    void expect_live(HotrunProcess &hotrun, const std::string &value, bool by_preamble) {
        const boost::json::object *finished = hotrun.next("build_finished");
        EXPECT_EQ(finished->at("status").as_string(), "ok");
        EXPECT_EQ(finished->contains("preamble"), by_preamble) << value;
        const boost::json::object *reloaded = hotrun.next("reloaded");
        EXPECT_EQ(reloaded->at("lane").as_string(), "object") << reloaded->at("why");
        EXPECT_EQ(reloaded->at("generation").to_number<int>(), ++live_);
        EXPECT_TRUE(hotrun.wait_for("value=" + value + "\n")) << hotrun.child().output();
        EXPECT_EQ(hotrun.next("link_finished")->at("status").as_string(), "ok");
        Child ninja({"ninja", "-n", "libgame.so"}, project.builddir(), Child::Streams::kPipe);
        EXPECT_TRUE(ninja.wait_for("no work to do"));
        EXPECT_EQ(ninja.wait_for_exit(), 0);
    }

    int live_ = 1;
};

TEST_F(PreambleTest, NextSaveIsCompiledWithItUntilAHeaderChanges) {
    HotrunProcess &hotrun = start({"--interval", "5", "--preamble", "on"});
    ASSERT_TRUE(hotrun.wait_for("value=31\n"));
    write_rules("2");
    expect_live(hotrun, "32", false);
    EXPECT_EQ(hotrun.next("preamble_made")->at("source").as_string(),
              project.path("src/rules.cpp"));
    write_rules("3");
    expect_live(hotrun, "33", true);
    write_rules("4");
    expect_live(hotrun, "34", true);
    write_header("20");
    expect_live(hotrun, "64", false);
    hotrun.next("preamble_made");
    write_rules("oops");
    EXPECT_EQ(hotrun.next("diagnostic")->at("path").as_string(), project.path("src/rules.cpp"));
    EXPECT_EQ(hotrun.next("build_finished")->at("status").as_string(), "failed");
    write_rules("5");
    expect_live(hotrun, "65", true);
    write_rules("6", "#include <utility>\n");
    expect_live(hotrun, "66", false);
    EXPECT_EQ(hotrun.count("warning") + hotrun.count("rejected") + hotrun.count("rolled_back"), 0U);
    EXPECT_FALSE(project.files_with(".hotrun_preambles").empty());
    EXPECT_EQ(hotrun.end_with(SIGINT), 130);
    EXPECT_TRUE(project.files_with(".hotrun_preambles").empty());
}

// It is another one when it is included again.
TEST_F(PreambleTest, HeaderThatTellsIsNotPrecompiled) {
    project.write("src/rules.hpp", "#ifndef EXTRA\n#define EXTRA 0\n#else\n#undef EXTRA\n"
                                   "#define EXTRA 1\n#endif\n");
    const auto write = [&](const std::string &number) {
        project.write("src/rules.cpp", "#include \"rules.hpp\"\nint value() { return 10 + "
                                       "EXTRA + " +
                                           number + "; }\n");
    };
    write("1");
    HotrunProcess &hotrun = start({"--interval", "5", "--preamble", "on"});
    ASSERT_TRUE(hotrun.wait_for("value=11\n"));
    write("2");
    expect_live(hotrun, "12", false);
    EXPECT_EQ(hotrun.next("warning")->at("code").as_string(), "preamble");
    write("3");
    expect_live(hotrun, "13", false);
}

} // namespace
} // namespace hotrun::e2e
