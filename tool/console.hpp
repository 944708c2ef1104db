// Tells a person what happens: whole lines, and on a terminal one that says how the run stands.
#pragma once

#include "arguments.hpp"
#include "build_errors.hpp"
#include "glyphs.hpp"
#include "hotrun/runner.hpp"
#include "status_line.hpp"
#include "status_row.hpp"

#include <cstdio>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hotrun {

struct ConsoleStyle {
    std::FILE *stream = stdout; // our own text
    Verbosity verbosity = Verbosity::kNormal;
    bool color = false;
    OnCrash on_crash = OnCrash::kPark;
    // Of a terminal, which outlives the Console; null: the stream leads to none.
    Screen *screen = nullptr;
    StatusRow::Parts parts = {.row = false};
    Glyphs glyphs = kAsciiGlyphs;
    std::string directory = {}; // which a person sees paths from
    ReadLine read_line = read_line_of_file;
};

// Thread-safe.
class Console : public Observer {
  public:
    explicit Console(ConsoleStyle style);

    void say(const std::string &line);    // not with -q
    void answer(const std::string &line); // to somebody who has asked

    // The status line: on the screen as it is now, and off it.
    void show_status();
    void hide_status();
    void renew_status(double steps_per_second);
    void set_paused(bool paused);
    void report_status(); // in whole lines

    void event(const Event &event) override;
    void build_progress(std::size_t done, std::size_t total) override;
    void log(const std::string &module, int level, const char *text) override;

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
    void tell(const ReplayedEvent &replayed);
    void tell(const RecordedEvent &recorded);
    void tell(const PreambleMadeEvent &made);
    void tell(const StoppedEvent &stopped);
    void tell(const ProgramStartedEvent &started);
    void tell(const ProgramAttachedEvent &attached);
    void tell(const ProgramEndedEvent &ended);

    bool verbose() const { return style_.verbosity == Verbosity::kVerbose; }
    bool quiet() const { return style_.verbosity == Verbosity::kQuiet; }
    bool has_row() const { return row_ && row_->has_row(); }
    std::string painted(std::string_view color, std::string_view text) const;
    std::string folded(const std::string &text) const;
    ExcerptStyle excerpt_style() const;
    void print(const std::string &text);
    void line(const std::string &text);
    void line(std::string_view color, std::string_view word, const std::string &text);
    void problem(std::string_view color, const char *word, const std::string &text);
    void tell_errors(const BuildFinishedEvent &finished);
    std::string backtrace(const std::vector<StackFrame> &frames) const;
    std::string what_runs() const;
    std::string what_runs(const RejectedEvent &rejected) const;
    void draw_status(StatusRow::Draw draw = StatusRow::Draw::kIfChanged);

    const ConsoleStyle style_;
    std::mutex mutex_; // guards what follows, and the stream
    StatusLine status_;
    std::optional<StatusRow> row_; // none: there is no terminal, or nothing is to be on it
    BuildErrors errors_;           // of the build that runs
    bool live_ = false;            // some module has run
    std::set<std::string> parked_; // modules that wait for a save that mends them
    std::string unplaced_;         // diagnostics that are part of no command's output
};

} // namespace hotrun
