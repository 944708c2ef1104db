#include "e2e/test_project.hpp"

#include "e2e/child.hpp"
#include "e2e/set_up_project.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

namespace hotrun::e2e {

TestProject::TestProject(const Toolchain &toolchain) : toolchain_(toolchain) {
    fs::create_directories(path());
    const char *language = toolchain_.language == Language::kC ? "c" : "cpp";
    write("meson.build",
          std::string("project('demo', '") + language +
              "')\n"
              "shared_module('game', '" +
              source_name() +
              "', include_directories: include_directories(get_option('hotrun')))\n");
    write("meson_options.txt", "option('hotrun', type: 'string', value: '" HOTRUN_INCLUDE "')\n");
    set_value(1);
}

std::string TestProject::path(const std::string &name) const {
    return (fs::path(folder_.path()) / "a gäme" / name).string();
}

std::string TestProject::source_name() const {
    return toolchain_.language == Language::kC ? "game.c" : "game.cpp";
}

void TestProject::write(const std::string &name, const std::string &content) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name)) << content;
}

std::string TestProject::source(const std::string &value) const {
    const bool c = toolchain_.language == Language::kC;
    return "#include \"hotrun/module.h\"\n"
           "#include <stdio.h>\n"
           "struct state { long steps; };\n" +
           std::string(c ? "" : "extern \"C\" ") +
           "void hotrun_step(hotrun_context *ctx) {\n"
           "    if (!ctx->state)\n"
           "        ctx->state = HOTRUN_NEW(ctx, struct state);\n"
           "    struct state *s = (struct state *)ctx->state;\n"
           "    printf(\"value=%d steps=%ld\\n\", " +
           value +
           ", ++s->steps);\n"
           "}\n";
}

void TestProject::set_value(int value) const {
    set_source(source(std::to_string(value)));
}

void TestProject::set_up(const std::vector<std::string> &options) const {
    std::vector<std::string> words = {"env"};
    const bool c = toolchain_.language == Language::kC;
    if (!toolchain_.compiler.empty())
        words.push_back((c ? "CC=" : "CXX=") + toolchain_.compiler);
    if (!toolchain_.linker.empty())
        words.push_back((c ? "CC_LD=" : "CXX_LD=") + toolchain_.linker);
    words.insert(words.end(), {"meson", "setup", "build"});
    words.insert(words.end(), options.begin(), options.end());
    set_up_project(words, path(), folder_.path());
}

void TestProject::build() const {
    run_command({"ninja"}, builddir());
}

std::string TestProject::other_library(int value) const {
    const std::string name = "other" + std::to_string(value);
    write(name + "/" + source_name(), source(std::to_string(value)));
    const bool c = toolchain_.language == Language::kC;
    std::string compiler = toolchain_.compiler;
    if (compiler.empty())
        compiler = c ? "cc" : "c++";
    run_command({compiler, "-shared", "-fPIC", "-I", HOTRUN_INCLUDE, source_name(), "-o", "lib.so"},
                path(name));
    return path(name + "/lib.so");
}

std::vector<std::string> TestProject::files_with(const std::string &part,
                                                 const std::string &folder) const {
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(path(folder))) {
        const std::string name = entry.path().filename().string();
        if (name.find(part) != std::string::npos)
            names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

void run_command(const std::vector<std::string> &words, const std::string &directory) {
    Child child(words, directory, Child::Streams::kPipe);
    const int status = child.wait_for_exit();
    ASSERT_EQ(status, 0) << words.front() << ": " << child.output();
}

bool program_exists(const std::string &name) {
    std::istringstream folders(std::getenv("PATH"));
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (fs::exists(fs::path(folder) / name))
            return true;
    }
    return false;
}

} // namespace hotrun::e2e
