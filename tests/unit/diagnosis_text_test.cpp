#include "diagnosis_text.hpp"

#include "control/cost_text.hpp"
#include "screen_text.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <sstream>

namespace hotrun {
namespace {

using namespace std::chrono_literals;

Diagnosis diagnosis() {
    Diagnosis all;
    all.builddir = "/home/ada/game/build";
    all.targets = {"game"};
    all.idle_build = {4ms, 4ms};
    all.findings = {{.code = "slow_linker",
                     .module = "game",
                     .message = "the module game is linked by the compiler's own linker in 95 ms",
                     .cost = "95 ms now, 30 ms with mold",
                     .cost_time = 65ms,
                     .remedy = "CC_LD=mold CXX_LD=mold meson setup --wipe /home/ada/game/build"}};
    CompileTimes compile;
    compile.module = "game";
    compile.source = "../game.cpp";
    compile.whole = {200ms, 190ms};
    compile.headers = {{"<vector>", 900, 70ms}};
    all.compiles = {compile};
    all.links = {LinkTimes{.module = "game",
                           .linker = "",
                           .whole = {95ms, 90ms},
                           .others = {{"mold", true, RunTime{30ms, 29ms}}, {"lld", false, {}}},
                           .uncompressed = {}}};
    all.cache = CacheUse{.hit_count = 3, .miss_count = 1};
    return all;
}

TEST(DiagnosisText, APipeGetsAPartALine) {
    EXPECT_EQ(diagnosis_text(diagnosis(), 0),
              "slow_linker: the module game is linked by the compiler's own linker in 95 ms\n"
              "  cost: 95 ms now, 30 ms with mold\n"
              "  remedy: CC_LD=mold CXX_LD=mold meson setup --wipe /home/ada/game/build\n"
              "../game.cpp compiles in 200 ms\n"
              "game links in 95 ms (mold 30 ms)\n"
              "ccache had 3 of 4 compilations\n"
              "ninja with nothing to do takes 4 ms\n"
              "not installed, and so not tried: lld (apt-get install lld)\n"
              "1 finding\n");
    Diagnosis clean = diagnosis();
    clean.findings.clear();
    EXPECT_TRUE(diagnosis_text(clean, 0).ends_with("nothing found\n"));
}

TEST(DiagnosisText, WhatReadingAndCheckingTakesIsTold) {
    Diagnosis all = diagnosis();
    all.compiles[0].front_end = RunTime{150ms, 150ms};
    EXPECT_NE(diagnosis_text(all, 0).find(
                  "\n../game.cpp compiles in 200 ms (150 ms of it reading and checking)\n"),
              std::string::npos);
}

TEST(DiagnosisText, NoLineIsWiderThanTheTerminal) {
    Diagnosis all = diagnosis();
    all.findings[0].message += " of /home/ada/ä" + std::string(300, 'x');
    for (std::size_t columns = 1; columns < 140; ++columns) {
        std::istringstream lines(diagnosis_text(all, columns));
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(columns_of(line), std::max<std::size_t>(columns, 3)) << line;
    }
    EXPECT_TRUE(diagnosis_text(all, 80).starts_with("FINDING"));
}

TEST(DiagnosisText, JsonHasWhatWasMeasured) {
    const auto json = boost::json::parse(diagnosis_json(diagnosis()));
    const auto &finding = json.at("findings").at(0);
    EXPECT_EQ(finding.at("code"), "slow_linker");
    EXPECT_EQ(finding.at("module"), "game");
    EXPECT_EQ(finding.at("cost_us"), 65'000);
    EXPECT_EQ(json.at("idle_build_us"), 4'000);
    EXPECT_EQ(json.at("compiles").at(0).at("compile_us"), 200'000);
    EXPECT_TRUE(json.at("compiles").at(0).at("front_end_us").is_null());
    EXPECT_EQ(json.at("compiles").at(0).at("headers").at(0).at("alone_us"), 70'000);
    EXPECT_EQ(json.at("links").at(0).at("linkers").at(0).at("link_us"), 30'000);
    EXPECT_EQ(json.at("links").at(0).at("linkers").at(1).at("installed"), false);
    EXPECT_EQ(json.at("ccache").at("hits"), 3);
    EXPECT_EQ(json.at("ccache").at("misses"), 1);
    Diagnosis without = diagnosis();
    without.cache.reset();
    EXPECT_TRUE(boost::json::parse(diagnosis_json(without)).at("ccache").is_null());
}

TEST(CostText, HasThreeFiguresOrSo) {
    EXPECT_EQ(cost_text(35'600us), "36 ms");
    EXPECT_EQ(cost_text(1'249ms), "1.2 s");
    EXPECT_EQ(bytes_text(40 * 1024), "40 KB");
    EXPECT_EQ(bytes_text(3 << 20), "3.0 MB");
}

} // namespace
} // namespace hotrun
