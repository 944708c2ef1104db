// The fixture of most tests here: a project, and hotrun at work on it.
#pragma once

#include "e2e/hotrun_process.hpp"
#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

namespace hotrun::e2e {

inline const std::vector<std::string> kFast = {"--interval", "5"};
inline const std::vector<std::string> kNoBuild = {"--interval", "5", "--no-build"};

class GameTest : public testing::Test {
  protected:
    // Sets the project up, where the test has not done so, and waits until hotrun is ready.
    HotrunProcess &start(const std::vector<std::string> &arguments = kFast,
                         Child::Streams streams = Child::Streams::kPipe) {
        if (!std::filesystem::exists(project.builddir()))
            project.set_up();
        hotrun_.emplace(arguments, project.path(), streams);
        hotrun_->wait_until_ready();
        return *hotrun_;
    }

    // As start(), with a library that is there already and never built again.
    HotrunProcess &start_without_build() {
        project.set_up();
        project.build();
        return start(kNoBuild);
    }

    TestProject project;

  private:
    std::optional<HotrunProcess> hotrun_;
};

} // namespace hotrun::e2e
