// The ways in which an edit of a project comes to be built, and live.
#pragma once

#include "bench/edited_project.hpp"
#include "e2e/child.hpp"
#include "e2e/hotrun_process.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace hotrun::bench {

// Runs a program to its end: milliseconds.
double run_program(std::vector<std::string> words);

// From just before the save to the end of `ninja OUTPUT`, in milliseconds. None: the target.
double edit_and_build(const EditedProject &project, int number, const std::string &output = {});

// A project under hotrun.
class HotRun {
  public:
    // The host waits a millisecond between two steps: one that never does would have a processor
    // to itself, and new code ends the wait at once.
    explicit HotRun(const EditedProject &project,
                    const std::vector<std::string> &options = {"--interval", "1"});

    // From just before the save to the first step of the new code, in milliseconds. The build of
    // the library behind it has ended when this returns.
    double save(int number);

    // As save(), for an editor that tells of its saves; and what the command that tells takes
    // beyond the reload itself.
    double save_and_notify(int number);
    double notify_own_ms() const { return notify_own_ms_; }

    // Of the last save.
    const boost::json::object &build_finished() const { return *build_finished_; }
    const boost::json::object &reloaded() const { return *reloaded_; }

    e2e::HotrunProcess &process() { return process_; }

  private:
    void take_outcome();

    const EditedProject &project_;
    e2e::HotrunProcess process_;
    const boost::json::object *build_finished_ = nullptr;
    const boost::json::object *reloaded_ = nullptr;
    double notify_own_ms_ = 0;
};

// A project as people have it without hotrun: entr runs ninja, and a host loads the library anew
// when its timestamp changes. Built before.
class EntrRun {
  public:
    explicit EntrRun(const EditedProject &project);

    // As HotRun::save().
    double save(int number);

    std::size_t crash_count() const; // of the host

  private:
    const EditedProject &project_;
    TemporaryFolder folder_;
    std::unique_ptr<e2e::Child> host_;
    std::unique_ptr<e2e::Child> entr_;
};

// When the program printed "first step of NUMBER at SECONDS", in milliseconds.
double time_of_first_step(e2e::Child &program, int number);

} // namespace hotrun::bench
