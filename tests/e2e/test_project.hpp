// A real Meson project in a temporary folder.
#pragma once

#include "support/temporary_folder.hpp"

#include <string>
#include <vector>

namespace hotrun::e2e {

enum class Language { kC, kCpp };

struct Toolchain {
    Language language = Language::kCpp;
    std::string compiler; // empty: Meson's choice
    std::string linker;   // empty: the compiler's choice
};

// One module, "game": each step prints "value=V steps=N" and counts N in the permanent heap. The
// folder's name has a space and a letter beyond ASCII.
class TestProject {
  public:
    explicit TestProject(const Toolchain &toolchain = {});

    std::string path(const std::string &name = "") const;
    std::string builddir() const { return path("build"); }
    std::string library() const { return path("build/libgame.so"); }
    std::string source_name() const;

    void write(const std::string &name, const std::string &content) const;
    void set_value(int value) const; // rewrites the module's source
    void set_source(const std::string &text) const { write(source_name(), text); }
    std::string source(const std::string &value) const;

    void set_up(const std::vector<std::string> &options = {}) const; // meson setup
    void build() const;                                              // ninja, by hand

    // A library built from the module's source with that value, outside of the build folder.
    std::string other_library(int value) const;

    // The files in `folder` whose names contain `part`.
    std::vector<std::string> files_with(const std::string &part,
                                        const std::string &folder = "build") const;

  private:
    Toolchain toolchain_;
    TemporaryFolder folder_;
};

// Runs a command to its end; a failure is one of the test, with the output.
void run_command(const std::vector<std::string> &words, const std::string &directory);

bool program_exists(const std::string &name);

} // namespace hotrun::e2e
