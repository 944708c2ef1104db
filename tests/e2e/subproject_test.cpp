// All of hotrun as a subproject that Meson fetches, by the file that docs/meson.md shows.
#include "e2e/test_project.hpp"

#include "e2e/child.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

// The first block of that language in a document, without its indentation.
std::string block_in(const std::string &document, const std::string &language) {
    std::istringstream lines(document);
    std::string block;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        line.erase(0, line.find_first_not_of(' '));
        if (inside && line == "```")
            break;
        if (inside)
            block += line + "\n";
        inside |= line == "```" + language;
    }
    return block;
}

void replace(std::string &text, const std::string &word, const std::string &by) {
    const std::size_t at = text.find(word);
    ASSERT_NE(at, std::string::npos) << text << "has no " << word;
    text.replace(at, word.size(), by);
}

// Where Meson may clone it from.
void make_repository(const std::string &path) {
    for (const char *name :
         {"LICENSE", "docs", "meson.build", "meson_options.txt", "runner", "scripts", "tool"})
        fs::copy(fs::path(HOTRUN_ROOT) / name, fs::path(path) / name, fs::copy_options::recursive);
    const auto git = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"env", "-u", "GIT_DIR", "-u", "GIT_INDEX_FILE", "-u",
                                     "GIT_WORK_TREE", "GIT_CONFIG_GLOBAL=/dev/null", "git"});
        run_command(words, path);
    };
    git({"init", "-q", "-b", "main"});
    git({"add", "."});
    git({"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all"});
}

TEST(Subproject, OfHotrunIsWhatTheWrapFileInTheDocumentsMakes) {
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        GTEST_SKIP() << "a sanitizer has nothing to see in other programs";
    if (!program_exists("git"))
        GTEST_SKIP() << "git is not installed";
    const TemporaryFolder folder;
    make_repository(folder.make_folder("repository"));
    std::string wrap = block_in(content_of(HOTRUN_ROOT "/docs/meson.md"), "ini");
    replace(wrap, "ADDRESS", "file://" + folder / "repository");
    replace(wrap, "REVISION", "main");
    folder.make_folder("project/subprojects");
    folder.write("project/subprojects/hotrun.wrap", wrap);
    folder.write("project/game.cpp", "#include <hotrun/module.hpp>\n"
                                     "extern \"C\" void hotrun_step(hotrun_context *) {}\n");
    folder.write("project/meson.build",
                 "project('p', 'cpp', default_options: 'cpp_std=c++20')\n"
                 "hotrun_module = dependency('hotrun-module', fallback: 'hotrun')\n"
                 "shared_module('game', 'game.cpp', dependencies: hotrun_module)\n"
                 "executable('host', 'game.cpp', dependencies: dependency('hotrun'))\n"
                 "message('the program is ' + find_program('hotrun').full_path())\n");
    Child meson({"meson", "setup", "build", "--force-fallback-for=hotrun"}, folder / "project",
                Child::Streams::kPipe);
    ASSERT_EQ(meson.wait_for_exit(), 0) << meson.output();
    EXPECT_NE(meson.output().find("the program is " + folder / "project/build/subprojects/hotrun/" +
                                  "tool/hotrun"),
              std::string::npos)
        << meson.output();
    run_command({"ninja", "libgame.so"}, folder / "project/build");
}

} // namespace
} // namespace hotrun::e2e
