#include "meson_text.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

std::string changed(std::string_view text, std::string_view name = "x") {
    return with_dependency(text, name, "hot = 1\n", "hot").value_or("none");
}

TEST(MesonText, ACallOnOneLineGetsAKeyword) {
    EXPECT_EQ(changed("project('p', 'cpp')\nshared_module('x', 'a.cpp')\n"),
              "project('p', 'cpp')\nhot = 1\nshared_module('x', 'a.cpp', dependencies: hot)\n");
}

TEST(MesonText, ACallOnManyLinesGetsALine) {
    EXPECT_EQ(changed("shared_library(\n  'x',\n  'a.cpp', # the only one\n)\n"),
              "hot = 1\nshared_library(\n  'x',\n  'a.cpp', # the only one\n"
              "  dependencies: hot,\n)\n");
    EXPECT_EQ(changed("library(\n  'x',\n  'a.cpp'\n)\n"),
              "hot = 1\nlibrary(\n  'x',\n  'a.cpp',\n  dependencies: hot,\n)\n");
    EXPECT_EQ(changed("library('x',\n        'a.cpp')\n"),
              "hot = 1\nlibrary('x',\n        'a.cpp', dependencies: hot)\n");
    EXPECT_EQ(changed("library(\n  'x',\n  'a.cpp')\n"),
              "hot = 1\nlibrary(\n  'x',\n  'a.cpp',\n  dependencies: hot)\n");
}

TEST(MesonText, DependenciesThatAreThereAreKept) {
    EXPECT_EQ(changed("library('x', 'a.c', dependencies: [a, b])\n"),
              "hot = 1\nlibrary('x', 'a.c', dependencies: [hot, a, b])\n");
    EXPECT_EQ(changed("library('x', 'a.c', dependencies: [])\n"),
              "hot = 1\nlibrary('x', 'a.c', dependencies: [hot])\n");
    EXPECT_EQ(changed("library('x', dependencies: dependency('y', required: true), install: yes)"),
              "hot = 1\nlibrary('x', dependencies: [hot, dependency('y', required: true)], "
              "install: yes)");
    EXPECT_EQ(changed("library('x', dependencies: a + b)"),
              "hot = 1\nlibrary('x', dependencies: [hot, a + b])");
}

// A keyword of that name in another call is another one.
TEST(MesonText, OnlyTheCallsOwnDependenciesCount) {
    EXPECT_EQ(changed("library('x', s, link_with: static_library('y', dependencies: z))"),
              "hot = 1\nlibrary('x', s, link_with: static_library('y', dependencies: z), "
              "dependencies: hot)");
}

TEST(MesonText, TheDefinitionStandsBeforeTheWholeStatement) {
    EXPECT_EQ(changed("if yes\n  lib = foo(\n    library('x', 'a.c'),\n  )\nendif\n"),
              "if yes\n  hot = 1\n  lib = foo(\n    library('x', 'a.c', dependencies: hot),\n"
              "  )\nendif\n");
}

TEST(MesonText, ADefinitionThatIsThereIsNotMadeAgain) {
    const std::string text = "hot = 1\nlibrary('y', dependencies: hot)\nlibrary('x')\n";
    EXPECT_EQ(changed(text),
              "hot = 1\nlibrary('y', dependencies: hot)\nlibrary('x', dependencies: hot)\n");
    EXPECT_EQ(changed("library('x')\nhot = 1\n"),
              "hot = 1\nlibrary('x', dependencies: hot)\nhot = 1\n")
        << "below it comes too late";
}

TEST(MesonText, StringsAndCommentsAreNoCode) {
    const std::string text = "# library('x', 'old.c')\n"
                             "t = '''\nlibrary('x')\n'''\n"
                             "u = 'it\\'s ) library('\n"
                             "library('x', 'a(.c') # ) dependencies: old\n";
    EXPECT_EQ(changed(text), "# library('x', 'old.c')\n"
                             "t = '''\nlibrary('x')\n'''\n"
                             "u = 'it\\'s ) library('\n"
                             "hot = 1\n"
                             "library('x', 'a(.c', dependencies: hot) # ) dependencies: old\n");
}

TEST(MesonText, WhatIsNotNamedInSoManyLettersIsNotFound) {
    EXPECT_EQ(changed("library(name, 'a.c')"), "none");
    EXPECT_EQ(changed("executable('x', 'a.c')"), "none");
    EXPECT_EQ(changed("library('y', 'a.c')"), "none");
    EXPECT_EQ(changed("library('x', 'a.c'"), "none") << "it has no end";
    EXPECT_EQ(changed(""), "none");
}

TEST(MesonText, TheFolderOfSubprojectsIsTheProjects) {
    EXPECT_EQ(subproject_folder("project('p', 'c')\n"), "subprojects");
    EXPECT_EQ(subproject_folder("project('p', 'c', subproject_dir : 'external')\n"), "external");
    EXPECT_EQ(subproject_folder("# subproject_dir: 'no'\nproject('p')\n"), "subprojects");
}

} // namespace
} // namespace hotrun
