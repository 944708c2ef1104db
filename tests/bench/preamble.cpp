// What a compiler gains by having the headers precompiled with which a source begins, and what it
// takes to precompile them.
#include "bench/figures.hpp"
#include "bench/rebuilt_runs.hpp"
#include "bench/statistics.hpp"
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

class PreambleBench : public testing::TestWithParam<const char *> {
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

TEST_P(PreambleBench, OfHeadersOfTheStandardLibrary) {
    if (std::system(("command -v " + compiler + " >/dev/null").c_str()) != 0)
        GTEST_SKIP() << "there is no " << compiler;
    for (const char *level : {"-O0", "-O2"}) {
        optimisation = level;
        for (const Source &source : sources())
            compare(source);
    }
}

INSTANTIATE_TEST_SUITE_P(Of, PreambleBench, testing::Values("g++", "clang++"));

} // namespace
} // namespace hotrun::bench
