#include "core/targets.hpp"

#include <gtest/gtest.h>

#include <set>

namespace hotrun {
namespace {

using Names = std::vector<std::string>;

MesonTarget target(const std::string &name, const std::string &type, const std::string &output) {
    return {.name = name,
            .type = type,
            .outputs = {"/p/b/" + output},
            .sources = {},
            .in_subproject = false};
}

MesonTarget module(const std::string &name) {
    return target(name, "shared module", "lib" + name + ".so");
}

MesonTarget library(const std::string &name) {
    return target(name, "shared library", "lib" + name + ".so");
}

MesonTarget of_subproject(MesonTarget target) {
    target.in_subproject = true;
    return target;
}

MesonTarget alias(const std::string &name) {
    return target(name, "run", name);
}

// The rules of a project in /p with its build folder /p/b.
struct Rules {
    std::vector<MesonTarget> targets;
    std::string build_ninja = "";
    std::set<std::string> stepping = {}; // the libraries that export hotrun_step

    Result<ResolvedTargets> resolve(const Names &names) const {
        return TargetResolver(
                   targets, "/p/b", build_ninja,
                   [this](const MesonTarget &target) { return stepping.contains(target.name); })
            .resolve(names);
    }
};

void expect_resolved(const Rules &rules, const Names &names, const Names &ninja_targets,
                     const Names &modules) {
    const Result<ResolvedTargets> resolved = rules.resolve(names);
    ASSERT_TRUE(resolved.ok()) << resolved.error().message;
    EXPECT_EQ(resolved->ninja_targets, ninja_targets);
    Names found;
    for (const ModuleTarget &module : resolved->modules)
        found.push_back(module.name + " " + module.library);
    EXPECT_EQ(found, modules);
}

void expect_misuse(const Rules &rules, const Names &names, const std::string &message) {
    const Result<ResolvedTargets> resolved = rules.resolve(names);
    ASSERT_FALSE(resolved.ok());
    EXPECT_EQ(resolved.error().kind, ErrorKind::kMisuse);
    EXPECT_EQ(resolved.error().message, message);
}

TEST(Targets, ModuleIsBuiltByItsFile) {
    expect_resolved({{module("game"), module("music")}}, {"music"}, {"libmusic.so"},
                    {"music /p/b/libmusic.so"});
}

TEST(Targets, LibraryThatIsNamedNeedsNoStep) {
    expect_resolved({{library("game")}}, {"game"}, {"libgame.so"}, {"game /p/b/libgame.so"});
}

TEST(Targets, FileInAFolderIsNamedFromTheBuildFolder) {
    expect_resolved({{target("game", "shared module", "src/deep/libgame.so")}}, {"game"},
                    {"src/deep/libgame.so"}, {"game /p/b/src/deep/libgame.so"});
}

TEST(Targets, SeveralNamesAreSeveralModules) {
    expect_resolved({{module("game"), module("music")}}, {"music", "game"},
                    {"libmusic.so", "libgame.so"},
                    {"music /p/b/libmusic.so", "game /p/b/libgame.so"});
}

TEST(Targets, LibraryThatIsNamedTwiceIsOneModule) {
    expect_resolved({{module("game")}}, {"game", "libgame.so"}, {"libgame.so", "libgame.so"},
                    {"game /p/b/libgame.so"});
}

TEST(Targets, NameOfAnAliasAndALibraryBuildsTheAlias) {
    expect_resolved({{module("game"), alias("game"), module("music")},
                     "build game: phony  | libgame.so libmusic.so\n"},
                    {"game"}, {"game"}, {"game /p/b/libgame.so"});
}

TEST(Targets, ModulesOfAnAliasAreReloaded) {
    expect_resolved({{module("game"), module("music"), library("helper"), alias("hot"),
                      target("host", "executable", "host")},
                     "build hot: phony libgame.so | libhelper.so libmusic.so host\n"},
                    {"hot"}, {"hot"}, {"game /p/b/libgame.so", "music /p/b/libmusic.so"});
}

TEST(Targets, LibrariesOfAnAliasWithoutModulesAreReloaded) {
    expect_resolved({{library("game"), alias("hot")}, "build hot: phony libgame.so\n"}, {"hot"},
                    {"hot"}, {"game /p/b/libgame.so"});
}

TEST(Targets, NinjaKnowsAliasesThatMesonDoesNotList) {
    expect_resolved({{module("game")}, "build all: phony meson-test-prereq libgame.so\n"}, {"all"},
                    {"all"}, {"game /p/b/libgame.so"});
}

TEST(Targets, AliasWithoutALibraryIsRefused) {
    expect_misuse({{module("game"), alias("docs")}, "build docs: phony manual.html\n"}, {"docs"},
                  "the target docs builds no library that can be reloaded");
}

TEST(Targets, PathOfALibraryIsATarget) {
    const Rules rules = {{target("game", "shared module", "src/libgame.so")}};
    expect_resolved(rules, {"src/libgame.so"}, {"src/libgame.so"}, {"game /p/b/src/libgame.so"});
    expect_resolved(rules, {"./src/libgame.so"}, {"src/libgame.so"}, {"game /p/b/src/libgame.so"});
}

// Ninja knows its targets by relative names only.
TEST(Targets, AbsolutePathOfALibraryIsATarget) {
    expect_resolved({{module("game")}}, {"/p/b/libgame.so"}, {"libgame.so"},
                    {"game /p/b/libgame.so"});
}

TEST(Targets, ExecutableIsRefused) {
    expect_misuse({{target("host", "executable", "host")}}, {"host"},
                  "the target host is of type executable, which can't be reloaded; name a "
                  "shared_module or a shared_library");
}

TEST(Targets, StaticTwinOfALibraryDoesNotMatter) {
    expect_resolved({{target("game", "static library", "libgame.a"), library("game")}}, {"game"},
                    {"libgame.so"}, {"game /p/b/libgame.so"});
}

TEST(Targets, SeveralLibrariesOfOneNameAreListed) {
    expect_misuse({{target("game", "shared module", "a/libgame.so"),
                    target("game", "shared module", "b/libgame.so")}},
                  {"game"},
                  "there are several libraries to choose from: game (a/libgame.so), game "
                  "(b/libgame.so); name one");
}

TEST(Targets, OwnLibraryHidesThatOfASubproject) {
    expect_resolved(
        {{of_subproject(target("game", "shared library", "sub/libgame.so")), library("game")}},
        {"game"}, {"libgame.so"}, {"game /p/b/libgame.so"});
}

TEST(Targets, LibraryOfASubprojectCanBeNamed) {
    expect_resolved({{of_subproject(library("physics")), module("game")}}, {"physics"},
                    {"libphysics.so"}, {"physics /p/b/libphysics.so"});
}

TEST(Targets, WithoutANameTheOnlyModuleIsMeant) {
    expect_resolved({{module("game"), library("helper"), target("host", "executable", "host"),
                      of_subproject(module("plugin"))},
                     "",
                     {"helper"}},
                    {}, {"libgame.so"}, {"game /p/b/libgame.so"});
}

TEST(Targets, WithoutANameTheAliasOfTheModulesNameIsBuilt) {
    expect_resolved({{module("game"), alias("game")}, "build game: phony libgame.so\n"}, {},
                    {"game"}, {"game /p/b/libgame.so"});
}

TEST(Targets, WithoutAModuleTheOnlyLibraryWithStepIsMeant) {
    expect_resolved({{library("helper"), library("game"), of_subproject(library("other"))},
                     "",
                     {"game", "other"}},
                    {}, {"libgame.so"}, {"game /p/b/libgame.so"});
}

TEST(Targets, SeveralCandidatesAreListed) {
    expect_misuse({{module("game"), module("music")}}, {},
                  "there are several libraries to choose from: game (libgame.so), music "
                  "(libmusic.so); name one");
    expect_misuse({{library("game"), library("music")}, "", {"game", "music"}}, {},
                  "there are several libraries to choose from: game (libgame.so), music "
                  "(libmusic.so); name one");
}

TEST(Targets, WithoutACandidateATargetHasToBeNamed) {
    expect_misuse({{library("helper"), of_subproject(module("plugin"))}}, {},
                  "this project has no hot module: no shared_module, and no shared_library that "
                  "exports hotrun_step; name a target");
}

TEST(Targets, ModuleWithoutAnOutputIsNoCandidate) {
    MesonTarget odd = module("odd");
    odd.outputs.clear();
    expect_resolved({{odd, module("game")}}, {}, {"libgame.so"}, {"game /p/b/libgame.so"});
}

TEST(Targets, UnknownNameBringsTheNearest) {
    expect_misuse({{module("hotmaths"), module("music"), alias("hotmap")}}, {"hotmath"},
                  "no target is called hotmath; did you mean hotmaths, hotmap?");
}

TEST(Targets, NameFarFromAllBringsAll) {
    expect_misuse(
        {{module("music"), module("game"), alias("game"), target("host", "executable", "host")}},
        {"spreadsheet"}, "no target is called spreadsheet; there are game, music");
    expect_misuse({{}}, {"game"}, "no target is called game");
}

TEST(Targets, OneUnknownNameSpoilsTheRest) {
    EXPECT_FALSE((Rules{{module("game")}}.resolve({"game", "nothing_like_it"}).ok()));
}

TEST(NearNames, AreTheNearestThreeInTheirOrder) {
    EXPECT_EQ(near_names("game", {"gam", "games", "same", "game2", "unrelated"}),
              (Names{"gam", "game2", "games"}));
    EXPECT_EQ(near_names("ga", {"game_of_life", "music"}), Names{"game_of_life"});
    EXPECT_EQ(near_names("zzzz", {"game"}), Names{});
}

TEST(PhonyMembers, AreTheInputsOfThePhonyTarget) {
    const std::string text = "# build hot: phony no.so\n"
                             "build hot.o: cc hot.c\n"
                             "build hot: phony  liba.so | libb.so || libc.so\n"
                             "build test: phony meson-internal__test\n";
    EXPECT_EQ(phony_members(text, "hot"), (Names{"liba.so", "libb.so", "libc.so"}));
    EXPECT_EQ(phony_members(text, "hot.o"), Names{});
    EXPECT_EQ(phony_members(text, "ho"), Names{});
    EXPECT_EQ(phony_members("", "hot"), Names{});
}

TEST(PhonyMembers, AreUnescaped) {
    EXPECT_EQ(phony_members("build my$ hot$:one: phony sub$ dir/lib$$a.so b$", "my hot:one"),
              (Names{"sub dir/lib$a.so", "b$"}));
}

TEST(IntroTargets, AreReadAsMesonWritesThem) {
    const Result<std::vector<MesonTarget>> targets = parse_intro_targets(R"([
      {"name": "game", "type": "shared module", "filename": ["/p/b/libgame.so"],
       "defined_in": "/p/meson.build",
       "target_sources": [{"language": "cpp", "sources": ["/p/a.cpp", "/p/b.cpp"],
                           "parameters": ["-g", "-O2"]},
                          {"linker": ["c++"], "parameters": ["-shared"]},
                          {"language": "c", "sources": ["/p/c.c"], "parameters": ["-g0"]}],
       "subproject": null},
      {"name": "hot", "type": "run", "filename": ["/p/b/hot"], "target_sources": [],
       "subproject": "sub"}
    ])");
    ASSERT_TRUE(targets.ok());
    ASSERT_EQ(targets->size(), 2u);
    const MesonTarget &game = targets->front();
    EXPECT_EQ(game.name, "game");
    EXPECT_TRUE(game.is_module());
    EXPECT_TRUE(game.is_library());
    EXPECT_EQ(game.outputs, Names{"/p/b/libgame.so"});
    EXPECT_EQ(game.sources, (Names{"/p/a.cpp", "/p/b.cpp", "/p/c.c"}));
    EXPECT_EQ(game.arguments, (Names{"-g", "-O2", "-g0"})) << "the compilers', not the linker's";
    EXPECT_EQ(game.defined_in, "/p/meson.build");
    EXPECT_FALSE(game.in_subproject);
    EXPECT_TRUE(targets->back().is_alias());
    EXPECT_TRUE(targets->back().in_subproject);
}

TEST(IntroTargets, OddEntriesDoNoHarm) {
    const auto targets = parse_intro_targets(
        R"([1, {"name": 2, "filename": "x", "target_sources": [3, {"sources": 4}]}])");
    ASSERT_TRUE(targets.ok());
    ASSERT_EQ(targets->size(), 1u);
    EXPECT_EQ(targets->front().name, "");
    EXPECT_EQ(targets->front().outputs, Names{});
}

TEST(IntroTargets, WhatMesonDoesNotWriteIsAnError) {
    for (const char *text : {"", "{", "{}", "[{\"name\": ", "null"}) {
        const auto targets = parse_intro_targets(text);
        ASSERT_FALSE(targets.ok()) << text;
        EXPECT_NE(targets.error().message.find("meson setup --reconfigure"), std::string::npos);
    }
}

} // namespace
} // namespace hotrun
