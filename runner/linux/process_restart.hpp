// Replaces this process by a new run of its executable, which goes on where this one was.
#pragma once

#include "core/run_record.hpp"
#include "hotrun/result.hpp"
#include "linux/unique_fd.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <signal.h>

namespace hotrun {

// Whether this process is such a new run (and its record has not been taken yet, or has).
bool process_was_replaced();

// The process keeps its pid, its terminal and its children; the record's memory and the heaps go
// over by their descriptors, every other one of ours is closed.
class ProcessRestart {
  public:
    // The record of the process before, or a new one for so many modules. `wake_host` gets the
    // host's thread to its safe point; it is called in a signal handler. The first call in a
    // process that was replaced takes what is there.
    static Result<std::unique_ptr<ProcessRestart>> create(std::size_t module_count,
                                                          std::function<void()> wake_host);
    ProcessRestart(const ProcessRestart &) = delete;
    ProcessRestart &operator=(const ProcessRestart &) = delete;
    ~ProcessRestart();

    RunRecord &record() { return *record_; }

    // Whether the record was taken over, with its failure told there.
    bool taken_over() const { return taken_over_; }

    // Called first when the process is replaced: in a signal handler too.
    void set_before_replacing(std::function<void()> act) { before_replacing_ = std::move(act); }

    // In a signal handler too; comes back only if it can't be done. Standard output is flushed
    // unless a thread is writing to it.
    void replace_process() noexcept;

    // In a signal handler on another thread than the host's, which is well: the host's thread is to
    // take a snapshot and replace the process. Comes back if it has not within `patience_ms`.
    void ask_host(int patience_ms) noexcept;
    bool host_is_asked() const { return host_is_asked_.load(std::memory_order_acquire); }

    // Commands of the process before that are still there are ended.
    void end_children();

  private:
    ProcessRestart(UniqueFd memory, RunRecord *record, bool taken_over,
                   std::function<void()> wake_host);

    void prepare_words();

    UniqueFd memory_;
    RunRecord *record_;
    const bool taken_over_;
    std::function<void()> wake_host_;
    std::function<void()> before_replacing_ = [] {};
    std::atomic<bool> host_is_asked_{false};
    std::atomic<bool> flushed_{false};

    // What execve needs, made while memory can be allocated.
    std::string program_;
    std::string command_line_; // the words, each with its NUL
    std::vector<char *> words_;
    std::string variable_;
    std::vector<char *> environment_; // with room for what may still join it
    sigset_t signal_mask_{};
};

} // namespace hotrun
