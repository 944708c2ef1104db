// Runs the program that is wrapped, on our terminal if we have one.
#pragma once

#include "core/program_control.hpp"
#include "linux/group_keeper.hpp"
#include "linux/unique_fd.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <signal.h>
#include <termios.h>

namespace hotrun {

struct ForegroundProgramSetup {
    std::string path;
    std::vector<std::string> words; // its own name, and its arguments
    std::string socket;             // HOTRUN_SOCKET; empty: it is not set
    sigset_t signal_mask{};
};

// Bound to the main thread: the program is killed when the thread that has started it ends.
//
// The program leads a process group, so that all that it starts can be ended with it, and is in the
// terminal's foreground while it runs. When it is stopped there (Ctrl+Z), so are we, that the shell
// takes over; when we go on, it does. Only where standard input is the terminal and standard output
// is not it stays in our group: a pager behind us needs the terminal as well.
class ForegroundProgram : public ProgramControl {
  public:
    // `signal`: the name of the one that has ended it; empty: none.
    using OnEnd = std::function<void(const CommandEnd &end, const std::string &signal)>;

    ForegroundProgram(ForegroundProgramSetup setup, OnEnd on_end);
    ForegroundProgram(const ForegroundProgram &) = delete;
    ForegroundProgram &operator=(const ForegroundProgram &) = delete;
    ~ForegroundProgram() override;

    Result<std::int64_t> start() override;
    void terminate() override;
    void kill() override;

    // A signal has reached us.
    void pass(int signal, bool from_terminal);

    // A child has ended or stopped.
    void look();

  private:
    bool leads_group() const { return terminal_ >= 0 || !on_terminal_; }
    void send(int signal) const;
    [[noreturn]] void become(int report, pid_t parent);
    void give_terminal();
    void take_terminal();
    void stop_with_it();
    void reap();

    ForegroundProgramSetup setup_;
    OnEnd on_end_;
    bool on_terminal_ = false; // standard input is
    int terminal_ = -1;        // what the program is given; -1: none
    bool is_given_ = false;    // to the program
    termios modes_{};          // as we found them
    std::optional<termios> modes_of_stopped_;
    pid_t pid_ = 0;
    GroupKeeper keeper_;
};

} // namespace hotrun
