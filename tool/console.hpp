// Tells a person what happens: whole lines, and on a terminal one that shows a build's progress.
#pragma once

#include "arguments.hpp"
#include "hotrun/runner.hpp"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace hotrun {

struct ConsoleStyle {
    std::FILE *stream = stdout; // our own text
    Verbosity verbosity = Verbosity::kNormal;
    bool color = false;
    bool status_line = false; // a terminal
    OnCrash on_crash = OnCrash::kPark;
};

// NO_COLOR and CLICOLOR_FORCE are honoured (no-color.org, bixense.com/clicolors).
bool wants_color(ColorChoice choice, std::FILE *stream);

// Thread-safe.
class Console : public Observer {
  public:
    explicit Console(ConsoleStyle style) : style_(style) {}
    ~Console() override { after_status_line(); }

    void say(const std::string &line); // not with -q

    void event(const Event &event) override;
    void build_progress(std::size_t done, std::size_t total) override;
    void log(const std::string &module, int level, const char *text) override;
    void before_steps() override;
    void after_steps() override;

  private:
    void tell(const ReadyEvent &ready);
    void tell(const ChangeEvent &change);
    void tell(const BuildStartedEvent &started);
    void tell(const DiagnosticEvent &diagnostic);
    void tell(const BuildFinishedEvent &finished);
    void tell(const ReloadedEvent &reloaded);
    void tell(const RejectedEvent &rejected);
    void tell(const RolledBackEvent &rolled_back);
    void tell(const StalledEvent &stalled);
    void tell(const RestartedEvent &restarted);
    void tell(const RetiredEvent &retired);
    void tell(const WarningEvent &warning);
    void tell(const StoppedEvent &stopped);
    void tell(const ProgramStartedEvent &started);
    void tell(const ProgramAttachedEvent &attached);
    void tell(const ProgramEndedEvent &ended);

    bool verbose() const { return style_.verbosity == Verbosity::kVerbose; }
    bool quiet() const { return style_.verbosity == Verbosity::kQuiet; }
    std::string painted(const char *color, const std::string &text) const;
    void print(const std::string &text);
    void line(const std::string &text);
    void problem(const char *color, const char *word, const std::string &text);
    std::string backtrace(const std::vector<StackFrame> &frames) const;
    std::string what_runs() const;
    std::string what_runs(const RejectedEvent &rejected) const;
    void draw_status();
    void erase_status();
    void after_status_line();

    const ConsoleStyle style_;
    std::mutex mutex_; // guards what follows, and the stream
    std::string status_;
    std::string building_;
    bool live_ = false;            // some module has run
    std::set<std::string> parked_; // modules that wait for a save that mends them
    std::string unplaced_;         // diagnostics that are part of no command's output
    std::atomic<bool> status_shown_{false};
};

} // namespace hotrun
