#include "new_project.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace hotrun {
namespace {

TEST(NewProject, IsNamedAfterItsFolder) {
    EXPECT_EQ(project_name("demo"), "demo");
    EXPECT_EQ(project_name("My Game_2"), "My-Game_2");
    EXPECT_EQ(project_name(" a g\u00e4me. "), "a-g-me");
    EXPECT_EQ(project_name("..."), "demo");
    EXPECT_EQ(project_name("test"), "my-test") << "Meson has that for itself";
    EXPECT_EQ(project_name("meson-x"), "my-meson-x");
    EXPECT_EQ(project_name("dev"), "my-dev") << "a target of the new project";
}

TEST(NewProject, ItsReadmeNamesThePrecompiledHeaderWhereThereIsOne) {
    for (const Language language : {Language::kC, Language::kCpp}) {
        for (const NewFile &file : new_project("demo", language)) {
            if (file.path == "README.md") {
                EXPECT_EQ(file.text.find("| `pch/module_pch.hpp` | what the module includes, "
                                         "compiled once and not at each save |\n") !=
                              std::string::npos,
                          language == Language::kCpp);
            }
        }
    }
}

TEST(NewProject, HasNoWordLeftToBeFilledIn) {
    const std::regex word("\\{\\{[a-z]+\\}\\}");
    for (const Language language : {Language::kC, Language::kCpp}) {
        std::set<std::string> paths;
        for (const NewFile &file : new_project("demo", language)) {
            EXPECT_TRUE(paths.insert(file.path).second) << file.path;
            EXPECT_FALSE(std::regex_search(file.text, word)) << file.path;
            EXPECT_TRUE(file.text.ends_with('\n')) << file.path;
        }
        const char *module = language == Language::kC ? "src/module.c" : "src/module.cpp";
        for (const char *path : {"meson.build", module, "README.md", ".gitignore",
                                 "subprojects/hotrun/include/hotrun/module.h"})
            EXPECT_TRUE(paths.contains(path)) << path;
        EXPECT_EQ(paths.contains("pch/module_pch.hpp"), language == Language::kCpp);
    }
}

} // namespace
} // namespace hotrun
