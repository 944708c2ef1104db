// The example, as Meson sets it up.
#pragma once

#include "bench/edited_project.hpp"
#include "e2e/hotmaths_project.hpp"

namespace hotrun::bench {

class EditedHotmaths final : public EditedProject {
  public:
    EditedHotmaths() {
        project_.replace("std::printf(\"operate(6, 7) = %d\\n\", hotmaths_operate(6, 7));",
                         telling_step("hotmaths_operate(6, 7)"));
        project_.replace("#include <cstdio>", "#include <cstdio>\n#include <ctime>");
        project_.replace("return a + b", "return a * 0 + b * 0 + " + std::to_string(number_));
    }

    std::string path() const override { return project_.path(); }
    std::string builddir() const override { return project_.path("build"); }
    std::string target() const override { return "hotmaths"; }
    std::string ninja_target() const override { return "hotmaths"; }
    std::string library() const override { return project_.path("build/libhotmaths.so"); }
    std::vector<std::string> edited_files() const override {
        return {project_.path("hotmaths.cpp")};
    }

    void edit(int number) const override {
        project_.replace(std::to_string(number_), std::to_string(number));
        number_ = number;
    }

  private:
    e2e::HotmathsProject project_;
    mutable int number_ = 1000;
};

} // namespace hotrun::bench
