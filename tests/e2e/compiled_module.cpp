#include "e2e/compiled_module.hpp"

#include "e2e/test_project.hpp"

#include <string_view>

namespace hotrun::e2e {

std::string compiled(const std::string &source, const std::vector<std::string> &more) {
    const TemporaryFolder folder;
    const bool is_text = source.find('\n') != std::string::npos;
    const std::string path =
        is_text ? folder.write("module.cpp", source) : HOTRUN_TEST_MODULES "/" + source;
    const bool is_c = path.ends_with(".c");
    const std::string compiler = is_c ? HOTRUN_CC : HOTRUN_CXX;
    std::vector<std::string> words = {
        compiler, is_c ? "-std=c11" : "-std=c++17", "-shared", "-fPIC", "-g", "-Wall"};
    const bool is_clang = compiler.find("clang") != std::string::npos;
    // That old code can leave the process, and that all types are told of.
    words.emplace_back(is_clang ? "-fstandalone-debug" : "-fno-gnu-unique");
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"-I", HOTRUN_INCLUDE, path, "-o", "lib.so"});
    run_command(words, folder.path());
    return content_of(folder / "lib.so");
}

} // namespace hotrun::e2e
