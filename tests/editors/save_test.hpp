// The fixture of most tests here: files that are saved in some way while hotrun is at work.
#pragma once

#include "e2e/hotrun_process.hpp"
#include "editors/values_project.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hotrun::editors {

// The project lies in the build folder of hotrun itself, which has modules of its own.
inline const std::vector<std::string> kArguments = {"--interval", "4"};

// What a save did to the file that was there.
enum class Inode {
    kKept,
    kReplaced,
    kAny, // the number of a file that was deleted is often given to the next one
};

// How many builds came to their end, whatever that was; those that were cancelled did not.
std::size_t finished_builds(const e2e::HotrunProcess &hotrun);

// Each line of the output counts one step more than the one before: the state was always kept.
void expect_that_steps_go_on(const std::string &output);

// Runs a command that finds in $FILE, $OLD and $NEW what it needs.
void run_script(const std::string &script, const std::string &directory, const std::string &file,
                int old_value, int new_value);

// One project for all tests of a suite, since setting it up takes longest.
class SaveTest : public testing::Test {
  protected:
    static void SetUpTestSuite() { project_ = std::make_unique<ValuesProject>(); }
    static void TearDownTestSuite() { project_.reset(); }

    // Writes the project's files anew and waits until hotrun runs what is built from them.
    void SetUp() override;

    // Checks what holds after every test here.
    void TearDown() override;

    static ValuesProject &project() { return *project_; }
    e2e::HotrunProcess &hotrun() { return *hotrun_; }

    // Waits until the module prints the values that the files were said to have.
    bool wait_until_live();

    // Waits until so many builds came to their end.
    void wait_for_builds(std::size_t count);

    // Waits until whatever hotrun might still do because of a save would have begun: the steps of
    // the module are the clock.
    void settle();

    // `save` changes one value for another in `file`. That is live after `builds` finished builds,
    // or a few more where it depends on the moment.
    using Save = std::function<void(const std::string &file, int old_value, int new_value)>;
    void expect_live(const std::string &file, const Save &save, Inode inode = Inode::kAny,
                     std::size_t builds = 1, std::size_t more = 0);

  private:
    static inline std::unique_ptr<ValuesProject> project_;
    std::optional<e2e::HotrunProcess> hotrun_;
};

} // namespace hotrun::editors
