#include "core/compared_runs.hpp"
#include "core/compile_trials.hpp"
#include "core/link_trials.hpp"
#include "support/fake_trials.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace hotrun {
namespace {

using namespace std::chrono_literals;

class TrialsTest : public testing::Test {
  protected:
    TrialsTest() {
        files.write("/p/game.cpp", "#include \"world.hpp\"\n#  include <cstdio>\n");
        files.write("/p/world.hpp", "#include <vector>\n");
        trials.answer = [this](const Command &command) { return answer(command); };
    }

    // What the preprocessor prints of game.cpp.
    static std::string preprocessed() {
        const std::string much(30'000, 'x');
        return "# 1 \"../game.cpp\"\n# 1 \"../world.hpp\" 1\n# 1 \"/usr/include/c++/12/vector\" 1 "
               "3\n"
               "# 1 \"/usr/include/c++/12/bits/stl.h\" 1 3\n" +
               much + "\n# 2 \"/usr/include/c++/12/vector\" 2 3\n# 2 \"../world.hpp\" 2\n" +
               "# 2 \"../game.cpp\" 2\n# 1 \"/usr/include/c++/12/cstdio\" 1 3\nint a;\n" +
               "# 3 \"../game.cpp\" 2\nint b;\n";
    }

    Trials::Outcome answer(const Command &command) {
        const auto has = [&](const char *word) { return FakeTrials::has(command, word); };
        if (has("-E"))
            files.write("/trials/preprocessed", preprocessed());
        for (const auto &[word, duration] : durations) {
            if (has(word.c_str()) || command.program == word)
                return {duration, failing.contains(word) ? 1 : 0, ""};
        }
        return {100ms, 0, ""};
    }

    BuildCommand compile(std::vector<std::string> more = {}) const {
        std::vector<std::string> words = {"c++", "-g"};
        words.insert(words.end(), more.begin(), more.end());
        words.insert(words.end(), {"-o", "game.o", "-c", "../game.cpp"});
        return {"/p/b", "../game.cpp", "game.o", words};
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    FakeTrials trials{files};
    std::vector<std::pair<std::string, std::chrono::milliseconds>> durations;
    std::set<std::string> failing;
};

TEST_F(TrialsTest, CommandsTakeTurnsAndOneThatFailsIsNotRepeated) {
    durations = {{"slow", 40ms}, {"broken", 5ms}};
    failing = {"broken"};
    const auto times = compare_runs(
        trials, {{"a", {}, "/", {}}, {"b", {"slow"}, "/", {}}, {"c", {"broken"}, "/", {}}});
    ASSERT_TRUE(times);
    EXPECT_EQ((*times)[1]->median, 40ms);
    EXPECT_FALSE((*times)[2]);
    ASSERT_EQ(trials.commands.size(), 3u + 4 * 2 + 5 * 2) << "what looks better is run again";
    EXPECT_EQ(trials.commands[3].program, "a");
    EXPECT_EQ(trials.commands[4].program, "b");
    trials.commands.clear();
    ASSERT_TRUE(compare_runs(trials, {{"a", {}, "/", {}}, {"b", {}, "/", {}}}));
    EXPECT_EQ(trials.commands.size(), 5u * 2) << "neither is better";
    trials.failure = Error{ErrorKind::kFailed, "interrupted", EINTR};
    EXPECT_FALSE(compare_runs(trials, {{"a", {}, "/", {}}}));
}

TEST_F(TrialsTest, AGainIsSeenInTheLeastRunsAndWorthATenth) {
    const RunTime now{100ms, 90ms};
    EXPECT_EQ(gain(now, RunTime{60ms, 55ms}, 200ms), 35ms);
    EXPECT_FALSE(gain(now, RunTime{95ms, 55ms}, 200ms)) << "most runs say the contrary";
    EXPECT_FALSE(gain(now, RunTime{60ms, 80ms}, 100ms)) << "less than anybody sees";
    EXPECT_FALSE(gain(now, RunTime{60ms, 55ms}, 400ms)) << "little of the whole";
    EXPECT_FALSE(gain(now, std::nullopt, 100ms));
}

TEST_F(TrialsTest, ASourceIsCompiledInEachWayThatIsAnother) {
    durations = {{"-fsyntax-only", 80ms}, {"-include", 30ms}, {"ccache", 140ms}, {"-O0", 60ms}};
    BuildCommand command = compile({"-O2"});
    command.words.insert(command.words.begin(), "ccache");
    const auto measured = CompileTrials(trials, files, {true, false}).measure(command);
    ASSERT_TRUE(measured && *measured);
    const CompileTimes &times = **measured;
    EXPECT_EQ(times.whole.median, 100ms);
    EXPECT_EQ(times.front_end->median, 80ms);
    EXPECT_EQ(times.precompiled->median, 30ms);
    EXPECT_EQ(times.preamble->median, 30ms);
    EXPECT_EQ(times.cached->median, 140ms);
    EXPECT_EQ(times.unoptimised->median, 60ms);
    EXPECT_EQ(times.optimisation, "-O2");
    EXPECT_FALSE(times.uncompressed) << "it is not compressed";
    EXPECT_FALSE(times.part) << "it is no unity source";
    EXPECT_EQ(files.content("/trials/precompiled.hpp"), "#include <vector>\n#include <cstdio>\n");
    EXPECT_EQ(files.content("/trials/preamble.hpp"), "#include \"world.hpp\"\n#include <cstdio>\n");
    for (const Command &run : trials.commands) {
        EXPECT_FALSE(FakeTrials::has(run, "game.o")) << "the build folder's own object";
        EXPECT_EQ(run.directory, "/p/b");
    }
}

TEST_F(TrialsTest, ACompilerThatIsALinkToCcacheIsOneThatGoesByWayOfIt) {
    durations = {{"-fsyntax-only", 80ms}};
    trials.programs = {{"c++", "/usr/bin/ccache"}};
    trials.answer = [this](const Command &command) {
        const bool is_off =
            std::ranges::count(command.environment,
                               std::pair<std::string, std::string>("CCACHE_DISABLE", "1")) > 0;
        return is_off ? answer(command) : Trials::Outcome{150ms, 0, ""};
    };
    auto measured = CompileTrials(trials, files, {true, false}).measure(compile());
    ASSERT_TRUE(measured && *measured);
    EXPECT_EQ((*measured)->whole.median, 100ms);
    ASSERT_TRUE((*measured)->cached);
    EXPECT_EQ((*measured)->cached->median, 150ms);
    measured = CompileTrials(trials, files, {false, false}).measure(compile());
    EXPECT_FALSE((*measured)->cached) << "it is off";
    trials.programs = {{"c++", "/usr/bin/g++-12"}};
    measured = CompileTrials(trials, files, {true, false}).measure(compile());
    EXPECT_FALSE((*measured)->cached) << "it is the compiler itself";
    BuildCommand other = compile();
    other.words.insert(other.words.begin(), "sccache");
    measured = CompileTrials(trials, files, {true, false}).measure(other);
    EXPECT_FALSE((*measured)->cached) << "another cache";
}

TEST(CacheUse, IsWhatCcacheHasHadAndWhatNot) {
    const CacheUse use = parse_cache_use("autoconf_test\t1\ncache_miss\t120\ndirect_cache_hit\t30\n"
                                         "direct_cache_miss\t7\npreprocessed_cache_hit\t10\n");
    EXPECT_EQ(use.hit_count, 40u);
    EXPECT_EQ(use.miss_count, 120u);
    EXPECT_EQ(parse_cache_use("no such option").miss_count, 0u);
}

TEST_F(TrialsTest, HeadersAreTimedAloneAgainstAnEmptySource) {
    durations = {
        {"/trials/alone0.cpp", 10ms}, {"/trials/alone1.cpp", 90ms}, {"/trials/alone2.cpp", 95ms}};
    const auto measured = CompileTrials(trials, files, {}).measure(compile());
    ASSERT_TRUE(measured && *measured);
    const std::vector<HeaderTime> &headers = (*measured)->headers;
    ASSERT_EQ(headers.size(), 2u) << "<cstdio> is small here";
    EXPECT_EQ(headers[0].name + headers[1].name, "<vector>\"world.hpp\"");
    EXPECT_EQ(headers[0].alone, 85ms);
    EXPECT_EQ(files.content("/trials/alone1.cpp"), "#include \"/p/world.hpp\"\n");
}

TEST_F(TrialsTest, AUnitySourceIsComparedWithItsLargestPart) {
    files.write("/p/b/game-unity0.cpp", "#include</p/a.cpp>\n#include</p/large.cpp>\n");
    files.write("/p/a.cpp", "int a;\n");
    files.write("/p/large.cpp", "int large = 1;\n");
    durations = {{"/p/large.cpp", 35ms}};
    BuildCommand unity{
        "/p/b", "game-unity0.cpp", "game.o", {"c++", "-o", "game.o", "-c", "game-unity0.cpp"}};
    const auto measured = CompileTrials(trials, files, {}).measure(unity);
    ASSERT_TRUE(measured && *measured);
    EXPECT_EQ((*measured)->part_count, 2u);
    EXPECT_EQ((*measured)->part->median, 35ms);
}

TEST_F(TrialsTest, APrecompiledHeaderThatIsThereIsLeftAlone) {
    const auto measured =
        CompileTrials(trials, files, {}).measure(compile({"-include", "game_pch.hpp"}));
    ASSERT_TRUE(measured && *measured);
    EXPECT_FALSE((*measured)->precompiled);
    failing = {"-c"};
    durations = {{"-c", 1ms}};
    EXPECT_FALSE(*CompileTrials(trials, files, {}).measure(compile())) << "it does not compile";
}

TEST_F(TrialsTest, LinkersThatAreThereAreTried) {
    trials.programs = {{"ld.mold", "/bin/ld.mold"}, {"ld.gold", "/bin/ld.gold"}};
    durations = {{"-fuse-ld=mold", 20ms}, {"-fuse-ld=gold", 30ms}, {"-gz=none", 50ms}};
    failing = {"-fuse-ld=gold"};
    const BuildCommand link{"/p/b",
                            "game.o",
                            "libgame.so",
                            {"c++", "-fuse-ld=bfd", "-o", "libgame.so", "game.o", "-shared"}};
    const auto measured = measure_link(trials, link, {true});
    ASSERT_TRUE(measured && *measured);
    const LinkTimes &times = **measured;
    EXPECT_EQ(times.linker, "bfd");
    EXPECT_EQ(times.uncompressed->median, 50ms);
    ASSERT_EQ(times.others.size(), 3u);
    EXPECT_EQ(times.others[0].time->median, 20ms);
    EXPECT_FALSE(times.others[1].installed) << "lld";
    EXPECT_TRUE(times.others[2].installed && !times.others[2].time) << "gold fails";
    for (const Command &run : trials.commands)
        EXPECT_TRUE(FakeTrials::has(run, "/trials/library.so"));
    BuildCommand optimised = link;
    optimised.words.emplace_back("-flto=auto");
    EXPECT_TRUE((*measure_link(trials, optimised, {}))->others.empty()) << "they have no plugin";
}

TEST_F(TrialsTest, ALinkWithLtoIsComparedWithOneOfObjectsThatHaveNone) {
    durations = {{"-flto=auto", 900ms}};
    const BuildCommand link{"/p/b",
                            "game.o",
                            "libgame.so",
                            {"c++", "-flto=auto", "-o", "libgame.so", "game.o", "-shared"}};
    auto measured = measure_link(trials, link, {.compiles = {compile({"-flto=auto"})}});
    ASSERT_TRUE(measured && *measured);
    EXPECT_EQ((*measured)->whole.median, 900ms);
    ASSERT_TRUE((*measured)->without_lto);
    EXPECT_EQ((*measured)->without_lto->median, 100ms);
    const Command &made = trials.commands.front();
    EXPECT_TRUE(FakeTrials::has(made, "../game.cpp") && !FakeTrials::has(made, "-flto=auto"));
    EXPECT_TRUE(FakeTrials::has(made, "/trials/without_lto0.o"));
    EXPECT_TRUE(FakeTrials::has(trials.commands[2], "/trials/without_lto0.o"));
    EXPECT_FALSE(FakeTrials::has(trials.commands[2], "game.o"));
    const auto source = CompileTrials(trials, files, {}).measure(compile({"-flto=auto"}));
    EXPECT_EQ((*source)->whole.median, 900ms);
    EXPECT_EQ((*source)->without_lto->median, 100ms);
    BuildCommand of_archive = link;
    of_archive.words[4] = "libbase.a";
    measured = measure_link(trials, of_archive, {.compiles = {compile({"-flto=auto"})}});
    EXPECT_FALSE((*measured)->without_lto) << "an archive's objects are LTO's still";
    failing = {"../game.cpp"};
    durations.insert(durations.begin(), {"../game.cpp", 1ms});
    measured = measure_link(trials, link, {.compiles = {compile({"-flto=auto"})}});
    EXPECT_TRUE(*measured && !(*measured)->without_lto) << "it does not compile so";
}

} // namespace
} // namespace hotrun
