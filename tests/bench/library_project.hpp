// A generated library of the size that is asked for, of which one source is edited.
#pragma once

#include "bench/edited_project.hpp"
#include "bench/generated_library.hpp"
#include "e2e/test_project.hpp"

namespace hotrun::bench {

// The other sources are compiled already, and only linked here.
class LibraryProject final : public EditedProject {
  public:
    LibraryProject(const GeneratedLibrary &library, const LibrarySize &size);

    std::string path() const override { return project_.path(); }
    std::string builddir() const override { return project_.builddir(); }
    std::string target() const override { return "game"; }
    std::string ninja_target() const override { return "libgame.so"; }
    std::string library() const override { return project_.library(); }
    std::vector<std::string> edited_files() const override { return {project_.path("game.cpp")}; }
    void edit(int number) const override;

  private:
    e2e::TestProject project_;
};

} // namespace hotrun::bench
