// hotmaths' own sources as a project in a temporary folder.
#pragma once

#include "support/temporary_folder.hpp"

#include <filesystem>
#include <string>

namespace hotrun::e2e {

// Set up, not built; the example host, which is built already, lies in the build folder.
class HotmathsProject {
  public:
    HotmathsProject();

    std::string path(const std::string &name = "") const { return (root_ / name).string(); }
    std::string read(const std::string &name) const;
    void write(const std::string &name, const std::string &text) const;

    // In hotmaths.cpp, and nowhere else twice.
    void replace(const std::string &old_text, const std::string &new_text) const;
    void multiply() const { replace("return a + b", "return a * b"); }

  private:
    TemporaryFolder folder_;
    std::filesystem::path root_;
};

} // namespace hotrun::e2e
