// What a compiler gains by having the headers precompiled with which a source begins, and what it
// takes to precompile them; and what hotrun gains by it from the save to the first step.
#include "bench/edited_project.hpp"
#include "bench/figures.hpp"
#include "bench/rebuilt_runs.hpp"
#include "bench/statistics.hpp"
#include "e2e/test_project.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace hotrun::bench {
namespace {

constexpr double kLeastGain = 1.5;

struct Source {
    const char *name;
    const char *includes;
    const char *body; // N is another number in each round
    int round_count = 5;
};

constexpr const char *kVector =
    "int use_vector(int count) { std::vector<int> v; for (int i = 0; i < count; ++i) "
    "v.push_back(i * N); return (int)v.size(); }\n";
constexpr const char *kString =
    "int use_string(int count) { std::string s; for (int i = 0; i < count; ++i) "
    "s += std::to_string(i * N); return (int)s.size(); }\n";
constexpr const char *kMap =
    "int use_map(int count) { std::map<int, int> m; for (int i = 0; i < count; ++i) "
    "m[i] = i * N; return (int)m.size(); }\n";
constexpr const char *kStream = "void use_stream(int count) { std::cout << count * N << '\\n'; }\n";
constexpr const char *kRegex = "bool use_regex(const char *text) { return std::regex_match(text, "
                               "std::regex(\"a+\")) && N; }\n";

const std::vector<Source> &sources() {
    static const std::string kFourBodies = std::string(kVector) + kString + kMap + kStream;
    static const std::vector<Source> kSources = {
        {"`<vector>`", "#include <vector>\n", kVector},
        {"`<string>`", "#include <string>\n", kString},
        {"`<map>`", "#include <map>\n", kMap},
        {"`<iostream>`", "#include <iostream>\n", kStream},
        {"`<vector>`, `<string>`, `<map>`, `<iostream>`",
         "#include <vector>\n#include <string>\n#include <map>\n#include <iostream>\n",
         kFourBodies.c_str()},
        {"`<regex>`", "#include <regex>\n", kRegex, 3},
    };
    return kSources;
}

class PreambleBenchOfCompilers : public testing::TestWithParam<const char *> {
  protected:
    std::vector<std::string> command(const std::vector<std::string> &more) const {
        const bool is_gcc = compiler == "g++";
        std::vector<std::string> words = {compiler,
                                          optimisation,
                                          "-g",
                                          "-fPIC",
                                          "-ffunction-sections",
                                          "-fdata-sections",
                                          is_gcc ? "-fno-gnu-unique" : "-fstandalone-debug"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

    void compare(const Source &source) const {
        const std::string header = folder.write("preamble.hpp", source.includes);
        const std::string object = folder / "source.o";
        std::filesystem::remove(header + ".gch");
        const double made =
            run_program(command({"-x", "c++-header", header, "-o", header + ".gch"}));
        std::vector<double> without;
        std::vector<double> with;
        for (int i = 0; i < source.round_count; ++i) {
            const std::string path =
                folder.write("source.cpp", std::string(source.includes) + "#define N " +
                                               std::to_string(i + 2) + "\n" + source.body);
            without.push_back(run_program(command({"-c", path, "-o", object})));
            with.push_back(run_program(
                command({"-Werror=invalid-pch", "-include", header, "-c", path, "-o", object})));
        }
        const std::string name = compiler + " " + optimisation + ", " + source.name;
        tell_figure(name, "ms", without);
        tell_figure(name + ", precompiled", "ms", with, {name, median(without) / kLeastGain});
        tell_figure(name + ": to precompile them", "ms", made);
    }

    std::string compiler = GetParam();
    std::string optimisation;
    TemporaryFolder folder;
};

TEST_P(PreambleBenchOfCompilers, OfHeadersOfTheStandardLibrary) {
    if (std::system(("command -v " + compiler + " >/dev/null").c_str()) != 0)
        GTEST_SKIP() << "there is no " << compiler;
    for (const char *level : {"-O0", "-O2"}) {
        optimisation = level;
        for (const Source &source : sources())
            compare(source);
    }
}

// One source that includes and uses four headers of the standard library. Built.
class HeadersProject final : public EditedProject {
  public:
    HeadersProject() {
        project_.write("meson.build",
                       "project('demo', 'cpp', default_options: ['buildtype=debug'])\n"
                       "shared_module('game', 'game.cpp', cpp_args: '-fno-gnu-unique')\n");
        HeadersProject::edit(kFirstNumber);
        project_.set_up();
        project_.build();
    }

    static constexpr int kFirstNumber = 1000;

    std::string path() const override { return project_.path(); }
    std::string builddir() const override { return project_.builddir(); }
    std::string target() const override { return "game"; }
    std::string ninja_target() const override { return "libgame.so"; }
    std::string library() const override { return project_.library(); }
    std::vector<std::string> edited_files() const override {
        return {project_.path(project_.source_name())};
    }
    void edit(int number) const override {
        project_.set_source(std::string("#include <cstdio>\n#include <ctime>\n") +
                            sources()[4].includes + "#define N " + std::to_string(number) + "\n" +
                            sources()[4].body + "extern \"C\" void hotrun_step(void *) {\n    " +
                            telling_step("N + use_vector(0) + use_map(0) + use_string(0)") + "}\n");
    }

  private:
    e2e::TestProject project_;
};

TEST(PreambleBench, FromTheSaveToTheFirstStep) {
    constexpr int kPairCount = 15;
    const HeadersProject with_project;
    const HeadersProject without_project;
    HotRun with_preamble(with_project, {"--interval", "1", "--preamble", "on"});
    HotRun without_preamble(without_project);
    int number = HeadersProject::kFirstNumber;
    with_preamble.save(++number);
    with_preamble.process().next("preamble_made");
    without_preamble.save(number);
    std::vector<double> with;
    std::vector<double> without;
    for (int i = 0; i < kPairCount && !testing::Test::HasFailure(); ++i) {
        with.push_back(with_preamble.save(++number));
        without.push_back(without_preamble.save(number));
        EXPECT_TRUE(with_preamble.build_finished().contains("preamble"));
        EXPECT_FALSE(without_preamble.build_finished().contains("preamble"));
    }
    const std::string name = "four headers: save → live";
    tell_figure(name, "ms", without);
    tell_figure(name + ", `--preamble on`", "ms", with, {name, median(without) / kLeastGain});
}

INSTANTIATE_TEST_SUITE_P(Of, PreambleBenchOfCompilers, testing::Values("g++", "clang++"));

} // namespace
} // namespace hotrun::bench
