#include "adaptation.hpp"

#include <gtest/gtest.h>

#include <map>

namespace hotrun {
namespace {

constexpr const char *kDefinition =
    "hotrun_module = declare_dependency(\n"
    "  dependencies: dependency('hotrun-module', fallback: 'hotrun'),\n"
    "  compile_args: meson.get_compiler('cpp').get_supported_arguments(\n"
    "    '-fno-gnu-unique', '-fstandalone-debug',\n"
    "  ),\n"
    ")\n";

class AdaptationTest : public testing::Test {
  protected:
    AdaptationTest() {
        files["/p/meson.build"] = "project('p', 'cpp')\nshared_library('game', 'game.cpp')\n";
        files["/p/game.cpp"] = "#include \"game.hpp\"\n\nint speed = 3;\n";
        libraries.push_back(library("game", "game.cpp"));
    }

    static ProjectLibrary library(const std::string &name, const std::string &source) {
        return {.name = name,
                .is_module = false,
                .defined_in = "/p/meson.build",
                .sources = {"/p/" + source},
                .arguments = {}};
    }

    // The file's text after the change; what it was, if it has not changed.
    std::string after(const std::string &path, const std::string &name = "") {
        const Result<Adaptation> adaptation = adapted(name);
        if (!adaptation)
            return adaptation.error().message;
        for (const ChangedFile &file : adaptation->changed) {
            EXPECT_EQ(file.before, files[file.path]);
            if (file.path == path)
                return file.after;
        }
        return files[path];
    }
    Result<Adaptation> adapted(const std::string &name = "") {
        return adapt(libraries, name,
                     [this](const std::string &path) -> std::optional<std::string> {
                         const auto file = files.find(path);
                         return file == files.end() ? std::nullopt : std::optional(file->second);
                     });
    }
    void write_all_changes() {
        const Result<Adaptation> adaptation = adapted();
        ASSERT_TRUE(adaptation) << adaptation.error().message;
        for (const ChangedFile &file : adaptation->changed)
            files[file.path] = file.after;
    }

    std::map<std::string, std::string> files;
    std::vector<ProjectLibrary> libraries;
};

TEST_F(AdaptationTest, ALibraryGetsAStepAndADependency) {
    EXPECT_EQ(after("/p/game.cpp"), "#include \"game.hpp\"\n"
                                    "#include <hotrun/module.h>\n"
                                    "\n"
                                    "int speed = 3;\n"
                                    "\n"
                                    "// Called by hotrun, again and again, while it runs.\n"
                                    "extern \"C\" void hotrun_step(hotrun_context *context) {\n"
                                    "    (void)context;\n"
                                    "}\n");
    EXPECT_EQ(after("/p/meson.build"),
              std::string("project('p', 'cpp')\n") + kDefinition +
                  "shared_library('game', 'game.cpp', dependencies: hotrun_module)\n");
    EXPECT_TRUE(adapted()->needs_dependency);
}

TEST_F(AdaptationTest, WhatHasBeenAdaptedNeedsNothing) {
    write_all_changes();
    EXPECT_TRUE(adapted()->changed.empty());
    EXPECT_EQ(adapted()->library, "game");
    libraries.front().arguments = {"-I.", "-O2"};
    write_all_changes();
    EXPECT_TRUE(adapted()->changed.empty()) << "before the build folder has been set up again";
}

TEST_F(AdaptationTest, CNeedsNoArgument) {
    files["/p/game.cpp"] = "";
    files["/p/game.c"] = "int speed = 3;"; // without a line break
    libraries = {library("game", "game.c")};
    EXPECT_EQ(after("/p/game.c"), "#include <hotrun/module.h>\n"
                                  "int speed = 3;\n"
                                  "\n"
                                  "/* Called by hotrun, again and again, while it runs. */\n"
                                  "void hotrun_step(hotrun_context *context) {\n"
                                  "    (void)context;\n"
                                  "}\n");
    EXPECT_NE(after("/p/meson.build")
                  .find("hotrun_module = dependency('hotrun-module', fallback: 'hotrun')\n"),
              std::string::npos);
}

TEST_F(AdaptationTest, TheIncludeStandsBehindTheOthersOutsideOfConditions) {
    files["/p/game.cpp"] = "#ifdef A\n#include \"a.h\"\n#endif\n#include \"b.h\"\nint b;\n"
                           "#if 1\n#include \"c.h\"\n#endif\n";
    EXPECT_NE(after("/p/game.cpp").find("#include \"b.h\"\n#include <hotrun/module.h>\nint b;\n"),
              std::string::npos);
}

TEST_F(AdaptationTest, OnlyWhatIsMissingIsAdded) {
    files["/p/game.cpp"] = "#include <hotrun/module.hpp>\n"
                           "extern \"C\" void hotrun_step(hotrun_context *) {}\n";
    EXPECT_EQ(after("/p/game.cpp"), files["/p/game.cpp"]);
    EXPECT_NE(after("/p/meson.build"), files["/p/meson.build"]) << "unique symbols";
    libraries.front().arguments = {"-g", "-fno-gnu-unique"};
    EXPECT_TRUE(adapted()->changed.empty());
}

TEST_F(AdaptationTest, DebugInformationIsAskedForWhereTheBuildFolderHasNone) {
    libraries.front().arguments = {"-O2"};
    EXPECT_NE(after("/p/meson.build").find("    '-g', '-fno-gnu-unique', '-fstandalone-debug',\n"),
              std::string::npos);
    for (const char *argument : {"-g", "-ggdb3", "-gdwarf-4", "-g2"}) {
        libraries.front().arguments = {"-g0", argument};
        EXPECT_EQ(after("/p/meson.build").find("'-g'"), std::string::npos) << argument;
    }
    libraries.front().arguments = {"-g", "-g1"};
    EXPECT_NE(after("/p/meson.build").find("'-g'"), std::string::npos);
}

TEST_F(AdaptationTest, OfSeveralLibrariesTheOnlyModuleIsIt) {
    libraries.push_back(library("other", "other.cpp"));
    EXPECT_EQ(after(""), "there are several libraries to choose from: game, other; name one with "
                         "--target");
    libraries.back().is_module = true;
    files["/p/other.cpp"] = "void hotrun_step(hotrun_context *);\n";
    EXPECT_EQ(adapted("game")->library, "game");
    EXPECT_EQ(after(""), "/p/meson.build does not name the library other in so many letters; add "
                         "dependency('hotrun-module') to its dependencies by hand, and "
                         "-fno-gnu-unique to its arguments");
}

TEST_F(AdaptationTest, WhatThereIsNotIsASentence) {
    EXPECT_EQ(after("", "gane"), "no library is called gane; there are game");
    files["/p/game.cpp"] = "";
    libraries.front().sources = {"/p/game.rs"};
    EXPECT_EQ(after(""), "the library game has no source in C or C++ that hotrun_step could be "
                         "added to");
    libraries.clear();
    EXPECT_EQ(after(""), "this project has no shared_module and no shared_library: make one of the "
                         "code that is to change");
}

} // namespace
} // namespace hotrun
