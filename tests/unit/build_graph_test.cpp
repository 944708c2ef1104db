#include "core/build_graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotrun {
namespace {

using Paths = std::vector<std::string>;

// What ninja 1.11 printed for an alias of a module with a generated header, a linked library, a
// link_depends file, and a folder with a blank in its name.
constexpr std::string_view kModule = R"(digraph ninja {
rankdir="LR"
node [fontsize=10, shape=box, height=0.25]
edge [fontsize=10]
"0x557cdab290b0" [label="hot"]
"0x557cdab28910" -> "0x557cdab290b0" [label=" phony"]
"0x557cdab28910" [label="libgame.so"]
"0x557cdab28b70" [label="cpp_LINKER", shape=ellipse]
"0x557cdab28b70" -> "0x557cdab28910"
"0x557cdab27eb0" -> "0x557cdab28b70" [arrowhead=none]
"0x557cdab28380" -> "0x557cdab28b70" [arrowhead=none]
"0x557cdab28ef0" -> "0x557cdab28b70" [arrowhead=none]
"0x557cdab277d0" -> "0x557cdab28b70" [arrowhead=none]
"0x557cdab27eb0" [label="libgame.so.p/src_game.cpp.o"]
"0x557cdab25210" [label="cpp_COMPILER", shape=ellipse]
"0x557cdab25210" -> "0x557cdab27eb0"
"0x557cdab28060" -> "0x557cdab25210" [arrowhead=none]
"0x557cdab27020" -> "0x557cdab25210" [arrowhead=none style=dotted]
"0x557cdab270a0" -> "0x557cdab25210" [arrowhead=none style=dotted]
"0x557cdab28060" [label="../src/game.cpp"]
"0x557cdab27020" [label="gen.h"]
"0x557cdab25450" [label="CUSTOM_COMMAND", shape=ellipse]
"0x557cdab25450" -> "0x557cdab27020"
"0x557cdab25450" -> "0x557cdab270a0"
"0x557cdab27140" -> "0x557cdab25450" [arrowhead=none]
"0x557cdab27210" -> "0x557cdab25450" [arrowhead=none]
"0x557cdab27140" [label="../gen.in"]
"0x557cdab27210" [label="/usr/bin/cp"]
"0x557cdab270a0" [label="second.h"]
"0x557cdab28380" [label="libgame.so.p/sub dir_more code.cpp.o"]
"0x557cdab25af0" [label="cpp_COMPILER", shape=ellipse]
"0x557cdab25af0" -> "0x557cdab28380"
"0x557cdab28530" -> "0x557cdab25af0" [arrowhead=none]
"0x557cdab27020" -> "0x557cdab25af0" [arrowhead=none style=dotted]
"0x557cdab270a0" -> "0x557cdab25af0" [arrowhead=none style=dotted]
"0x557cdab28530" [label="../sub dir/more code.cpp"]
"0x557cdab28ef0" [label="/p/src/game.map"]
"0x557cdab277d0" [label="libhelper.so.p/libhelper.so.symbols"]
"0x557cdab278d0" -> "0x557cdab277d0" [label=" SHSYM"]
"0x557cdab278d0" [label="libhelper.so"]
"0x557cdab274f0" -> "0x557cdab278d0" [label=" cpp_LINKER"]
"0x557cdab274f0" [label="libhelper.so.p/src_helper.cpp.o"]
"0x557cdab275f0" -> "0x557cdab274f0" [label=" cpp_COMPILER"]
"0x557cdab275f0" [label="../src/helper.cpp"]
"0x557cdab2dd50" [label="build.ninja"]
"0x557cdab2dcc0" [label="REGENERATE_BUILD", shape=ellipse]
"0x557cdab2dcc0" -> "0x557cdab2dd50"
"0x557cdab2ddd0" -> "0x557cdab2dcc0" [arrowhead=none]
"0x557cdab2dea0" -> "0x557cdab2dcc0" [arrowhead=none]
"0x557cdab2df90" -> "0x557cdab2dcc0" [arrowhead=none]
"0x557cdab2ddd0" [label="../meson.build"]
"0x557cdab2e2f0" [label="phony", shape=ellipse]
"0x557cdab2e2f0" -> "0x557cdab2ddd0"
"0x557cdab2e2f0" -> "0x557cdab2dea0"
"0x557cdab2e2f0" -> "0x557cdab2df90"
"0x557cdab2dea0" [label="../meson_options.txt"]
"0x557cdab2df90" [label="meson-private/coredata.dat"]
}
)";

// A custom target that is always out of date, and one of two outputs of which ninja does not name
// the one that nobody asks for.
constexpr std::string_view kAlwaysStale = R"(digraph ninja {
"0x55d8e2a41030" [label="version.h"]
"0x55d8e2a40df0" [label="CUSTOM_COMMAND", shape=ellipse]
"0x55d8e2a40df0" -> "0x55d8e2a41030"
"0x55d8e2a40df0" -> "0x55d8e2a41999"
"0x55d8e2a410b0" -> "0x55d8e2a40df0" [arrowhead=none]
"0x55d8e2a41130" -> "0x55d8e2a40df0" [arrowhead=none]
"0x55d8e2a410b0" [label="../version.h.in"]
"0x55d8e2a41130" [label="PHONY"]
"0x55d8e2a3f570" [label="phony", shape=ellipse]
"0x55d8e2a3f570" -> "0x55d8e2a41130"
}
)";

Paths sorted(Paths paths) {
    std::sort(paths.begin(), paths.end());
    return paths;
}

TEST(BuildGraph, LeavesAreWhatNoCommandMakes) {
    EXPECT_EQ(sorted(BuildGraph::parse(kModule).leaves()),
              (Paths{"../gen.in", "../meson.build", "../meson_options.txt", "../src/game.cpp",
                     "../src/helper.cpp", "../sub dir/more code.cpp", "/p/src/game.map",
                     "/usr/bin/cp", "meson-private/coredata.dat"}));
}

TEST(BuildGraph, OutputsAreWhatCommandsAndAliasesMake) {
    const BuildGraph graph = BuildGraph::parse(kModule);
    EXPECT_EQ(sorted(graph.outputs()),
              (Paths{"build.ninja", "gen.h", "hot", "libgame.so", "libgame.so.p/src_game.cpp.o",
                     "libgame.so.p/sub dir_more code.cpp.o", "libhelper.so",
                     "libhelper.so.p/libhelper.so.symbols", "libhelper.so.p/src_helper.cpp.o",
                     "second.h"}));
    EXPECT_TRUE(graph.is_output("gen.h"));
    EXPECT_FALSE(graph.is_output("../meson.build"));
    EXPECT_FALSE(graph.is_output("../src/game.cpp"));
}

TEST(BuildGraph, OneInputLeadsToAllOutputsOfItsCommand) {
    EXPECT_EQ(sorted(BuildGraph::parse(kModule).outputs_of("../gen.in")),
              (Paths{"gen.h", "second.h"}));
}

TEST(BuildGraph, StepIsDirectAndNotTheWholeWay) {
    const BuildGraph graph = BuildGraph::parse(kModule);
    EXPECT_EQ(graph.outputs_of("../src/game.cpp"), Paths{"libgame.so.p/src_game.cpp.o"});
    EXPECT_EQ(graph.outputs_of("../src/helper.cpp"), Paths{"libhelper.so.p/src_helper.cpp.o"});
    EXPECT_EQ(graph.outputs_of("libgame.so"), Paths{"hot"});
    EXPECT_EQ(graph.outputs_of("../meson.build"), Paths{"build.ninja"});
    EXPECT_EQ(graph.outputs_of("../unknown"), Paths{});
}

TEST(BuildGraph, PathsKeepTheirBlanks) {
    EXPECT_EQ(BuildGraph::parse(kModule).outputs_of("../sub dir/more code.cpp"),
              Paths{"libgame.so.p/sub dir_more code.cpp.o"});
}

TEST(BuildGraph, OrderOnlyInputsDoNotCount) {
    const BuildGraph graph = BuildGraph::parse(kModule);
    EXPECT_EQ(graph.outputs_of("gen.h"), Paths{});
}

TEST(BuildGraph, AlwaysOutOfDateIsNoFile) {
    EXPECT_EQ(BuildGraph::parse(kAlwaysStale).leaves(), Paths{"../version.h.in"});
}

TEST(BuildGraph, OutputThatNinjaDoesNotNameIsLeftOut) {
    const BuildGraph graph = BuildGraph::parse(kAlwaysStale);
    EXPECT_EQ(graph.outputs(), Paths{"version.h"});
    EXPECT_EQ(graph.outputs_of("../version.h.in"), Paths{"version.h"});
    EXPECT_FALSE(graph.is_output(""));
}

// One leaf that has to be there and one that counts, for a command and for an alias.
constexpr std::string_view kOrderOnly = R"(digraph ninja {
"0x1010" [label="out"]
"0x2010" [label="copy", shape=ellipse]
"0x2010" -> "0x1010"
"0x1020" -> "0x2010" [arrowhead=none]
"0x1030" -> "0x2010" [arrowhead=none style=dotted]
"0x1040" -> "0x2010" [arrowhead=none style=dotted]
"0x1020" [label="counts"]
"0x1030" [label="is only there"]
"0x1040" [label="alias"]
"0x2020" [label="phony", shape=ellipse]
"0x2020" -> "0x1040"
"0x1050" -> "0x2020" [arrowhead=none style=dotted]
"0x1060" -> "0x2020" [arrowhead=none style=dotted]
"0x1050" [label="made.h"]
"0x2030" -> "0x1050" [label=" copy"]
"0x2030" [label="made.in"]
"0x1060" [label="is only there too"]
"0x1070" [label="nobody's input"]
}
)";

TEST(BuildGraph, LeafThatOnlyHasToBeThereIsNone) {
    const BuildGraph graph = BuildGraph::parse(kOrderOnly);
    EXPECT_EQ(sorted(graph.leaves()), (Paths{"counts", "made.in"}));
    EXPECT_EQ(sorted(graph.outputs()), (Paths{"alias", "made.h", "out"}));
}

TEST(BuildGraph, OutputHasARule) {
    const BuildGraph graph = BuildGraph::parse(kModule);
    EXPECT_EQ(graph.rule_of("libgame.so.p/src_game.cpp.o"), "cpp_COMPILER");
    EXPECT_EQ(graph.rule_of("libhelper.so.p/src_helper.cpp.o"), "cpp_COMPILER");
    EXPECT_EQ(graph.rule_of("second.h"), "CUSTOM_COMMAND");
    EXPECT_EQ(graph.rule_of("hot"), "phony");
}

TEST(BuildGraph, TextThatIsNoGraphIsEmpty) {
    const BuildGraph graph = BuildGraph::parse("ninja: warning: something\n\"0x1\n\"0x1\" -> \n");
    EXPECT_EQ(graph.leaves(), Paths{});
    EXPECT_EQ(graph.outputs(), Paths{});
}

TEST(BuildGraph, KnowsWhatIsMadeOfWhat) {
    const BuildGraph graph = BuildGraph::parse(kModule);
    EXPECT_TRUE(graph.leads_to("../src/helper.cpp", "libgame.so"));
    EXPECT_TRUE(graph.leads_to("libhelper.so", "hot"));
    EXPECT_TRUE(graph.leads_to("hot", "hot"));
    EXPECT_FALSE(graph.leads_to("libgame.so", "libhelper.so"));
    EXPECT_FALSE(graph.leads_to("gen.h", "libgame.so")) << "it only has to be there";
    EXPECT_FALSE(graph.leads_to("unknown", "hot"));
}

} // namespace
} // namespace hotrun
