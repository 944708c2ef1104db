// A project of as many sources as are asked for, in a build folder as Meson leaves it.
#pragma once

#include "bench/edited_project.hpp"
#include "e2e/test_project.hpp"

namespace hotrun::bench {

// The sources of one module. The first of them, and those that include the header that can be
// edited, are compiled and linked for real; the others by a compiler that takes no time, since they
// are never edited: ninja and hotrun have to know them all the same. Built.
class SourcesProject final : public EditedProject {
  public:
    enum class Edited { kSource, kHeader };

    // `edited`: what edit() writes. That header is included by `includer_count` of the sources.
    explicit SourcesProject(int source_count = 100, Edited edited = Edited::kSource,
                            int includer_count = 1);

    std::string path() const override { return project_.path(); }
    std::string builddir() const override { return project_.builddir(); }
    std::string target() const override { return "game"; }
    std::string ninja_target() const override { return "libgame.so"; }
    std::string library() const override { return project_.library(); }
    std::vector<std::string> edited_files() const override;
    void edit(int number) const override;

    // Another one of the sources, and not for the first time if the value is another.
    void touch_source(int number, int value) const;

    void run_ninja() const { e2e::run_command({"ninja", ninja_target()}, builddir()); }

  private:
    std::string source(int number) const;
    void write_sources() const;
    std::string compile_edge(int number) const;
    void write_build_file() const;

    int source_count_;
    Edited edited_;
    int includer_count_;
    e2e::TestProject project_;
};

} // namespace hotrun::bench
