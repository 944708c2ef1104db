// hotrun at work on a library that fails as it is told to, without a project and without a build.
#pragma once

#include "e2e/hotrun_process.hpp"
#include "support/temporary_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace hotrun::e2e {

// How one copy of the library behaves: tests/e2e/modules/fault_module.cpp reads it.
struct FaultPlan {
    int value = 1;       // printed, and what tells one copy from another
    std::string fault{}; // a name of modules/faults.cpp; empty: none
    std::string place = "none";
    int at = 1; // which step, if the place is one
    int threads = 1;
};

// The library with that plan in it. It is compiled on first use, once for all tests.
std::string fault_library(const FaultPlan &plan, const std::string &flag = "-");

// Whether this build of hotrun, and so the library too, has that sanitizer.
bool has_sanitizer(const char *name);

// What the module printed: <WHAT value=V steps=N sum=S pid=P>.
struct ModuleLine {
    std::string what;
    int value = 0;
    long steps = 0;
    std::string sum;
    int pid = 0;
};

class FaultRun {
  public:
    FaultRun() = default;
    FaultRun(const FaultRun &) = delete;
    FaultRun &operator=(const FaultRun &) = delete;
    ~FaultRun() = default;

    std::string folder() const { return folder_.path(); }
    std::string library() const { return folder_ / "libgame.so"; }
    std::string flag() const { return folder_ / "flag"; } // ends what sleeps

    // Moves a library with that plan over what is there, as a linker does.
    void put(const FaultPlan &plan) const { put_bytes(fault_library(plan, flag())); }
    void put_bytes(const std::string &bytes) const;

    // Starts hotrun; it is ready only when the test has waited for that.
    HotrunProcess &start(const std::vector<std::string> &more = {});
    HotrunProcess &hotrun() { return *hotrun_; }
    bool started() const { return hotrun_ != nullptr; }

    // Whatever was waited for before.
    void wait_until_ready();

    // The next event of those that say what became of code.
    const boost::json::object *next_outcome();

    // Waits for the outcome of that name, and that it is the next one. Null, and a failure, if not.
    const boost::json::object *expect_outcome(const std::string &name);

    // Waits until a step with that value has been printed after what earlier calls found.
    bool wait_for_step(int value);

    std::vector<ModuleLine> lines() const;
    std::size_t count_lines(const std::string &what) const;

    // Checks what holds after any fault: one process all along, a whole heap at each step.
    void expect_whole() const;

    // Ends the run, which is to leave nothing behind, and checks the same.
    void expect_clean_end(int signal, int exit_status);

    std::vector<std::string> live_copies() const;

  private:
    void expect_whole(pid_t pid) const;

    TemporaryFolder folder_;
    std::unique_ptr<HotrunProcess> hotrun_;
};

} // namespace hotrun::e2e
