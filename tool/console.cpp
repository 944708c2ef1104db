#include "console.hpp"

#include "control/diagnostics.hpp"
#include "counted.hpp"
#include "failure_text.hpp"
#include "hotrun/module.h"
#include "program_text.hpp"
#include "screen_text.hpp"

#include <array>
#include <utility>

namespace hotrun {

namespace {

std::string join(const std::vector<std::string> &texts, const char *between) {
    std::string joined;
    for (const std::string &text : texts)
        joined += (joined.empty() ? "" : between) + text;
    return joined;
}

std::string in_milliseconds(Microseconds time) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(time.count()) / 1000);
    return text.data();
}

// Phases that round to nothing are left out, unless everything is wanted.
std::string describe_phases(const ReloadedEvent &reloaded, bool all) {
    constexpr Microseconds kLeast{50};
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        if (all || reloaded.phases[i] >= kLeast)
            parts.push_back(std::string(kPhaseNames[i]) + " " +
                            in_milliseconds(reloaded.phases[i]));
    }
    return join(parts, ", ");
}

// The library is what is exchanged by default; why it was is for those who ask.
std::string lane_text(const ReloadedEvent &reloaded, bool tells_why) {
    if (reloaded.lane == Lane::kObject)
        return "object lane: ";
    return tells_why && !reloaded.why.empty() ? "library, since " + reloaded.why + ": " : "";
}

std::string live_text(const ModuleStatus &module) {
    return module.generation == 0 ? "nothing runs yet"
                                  : "generation " + std::to_string(module.generation) + " is live";
}

} // namespace

Console::Console(ConsoleStyle style)
    : style_(std::move(style)), status_(style_.glyphs, style_.color) {
    if (style_.screen != nullptr && (style_.parts.row || style_.parts.title))
        row_.emplace(*style_.screen, style_.parts);
}

void Console::say(const std::string &text) {
    const std::lock_guard lock(mutex_);
    if (!quiet())
        line(text);
}

void Console::answer(const std::string &text) {
    const std::lock_guard lock(mutex_);
    line(text);
}

void Console::show_status() {
    const std::lock_guard lock(mutex_);
    if (!row_)
        return;
    row_->show();
    draw_status();
}

void Console::hide_status() {
    const std::lock_guard lock(mutex_);
    if (row_)
        row_->hide();
}

void Console::renew_status(double steps_per_second) {
    const std::lock_guard lock(mutex_);
    status_.set_steps_per_second(steps_per_second);
    draw_status(StatusRow::Draw::kAnyway);
}

void Console::set_paused(bool paused) {
    const std::lock_guard lock(mutex_);
    status_.set_paused(paused);
    status_.set_steps_per_second(std::nullopt); // it is counted anew
    draw_status();
    if (!has_row())
        line(paused ? "paused: no module is stepped until p is pressed again" : "stepping again");
}

void Console::report_status() {
    const std::lock_guard lock(mutex_);
    for (const std::string &each : status_.report())
        line(each);
}

void Console::draw_status(StatusRow::Draw draw) {
    if (row_)
        row_->draw(status_.text(row_->columns()), status_.title(), draw);
}

void Console::event(const Event &event) {
    const std::lock_guard lock(mutex_);
    status_.event(event);
    std::visit([this](const auto &body) { tell(body); }, event.body);
    draw_status();
}

void Console::log(const std::string &module, int level, const char *text) {
    const std::lock_guard lock(mutex_);
    if (level <= HOTRUN_LOG_ERROR)
        print(painted(kRed, module + ": error: ") + text + "\n");
    else if (level == HOTRUN_LOG_WARNING)
        print(painted(kYellow, module + ": warning: ") + text + "\n");
    else if (verbose() || (level == HOTRUN_LOG_INFO && !quiet()))
        print(module + ": " + text + "\n");
}

void Console::build_progress(std::size_t done, std::size_t total) {
    const std::lock_guard lock(mutex_);
    status_.build_progress(done, total);
    draw_status();
}

void Console::tell(const ReadyEvent &ready) {
    for (const ModuleStatus &module : ready.modules)
        live_ |= module.generation != 0;
    if (quiet())
        return;
    for (const ModuleStatus &module : ready.modules)
        line(kGreen, module.name, ": " + live_text(module));
    for (const ModuleStatus &module : ready.modules) {
        if (!module.heap.empty())
            line(kGreen, module.name, ": " + module.heap);
    }
    if (ready.watched_files > 0)
        line("watching " + counted(ready.watched_files, "file", "files") + " for " +
             ready.builddir);
}

void Console::tell(const ChangeEvent &change) {
    if (verbose())
        line("changed: " + join(change.paths, ", "));
}

void Console::tell(const BuildStartedEvent &started) {
    errors_.clear();
    if (verbose())
        line("building " + join(started.targets, " ") +
             (started.background ? " in the background" : ""));
}

// The output of the command has it, with the line of source; only what comes from us or from ninja
// itself is in no command's output.
void Console::tell(const DiagnosticEvent &diagnostic) {
    errors_.add(diagnostic);
    if (diagnostic.path.empty() && diagnostic.target.empty())
        unplaced_ += diagnostic.message + "\n";
}

void Console::tell(const BuildFinishedEvent &finished) {
    const bool failed = finished.status == BuildStatus::kFailed;
    if (failed)
        tell_errors(finished);
    else if (!finished.output.empty() && !quiet())
        print(style_.color ? finished.output : strip_colors(finished.output));
    unplaced_.clear();
    if (verbose()) {
        for (const BuiltEdge &edge : finished.edges)
            line("built " + edge.output + " in " + in_milliseconds(edge.duration) + " ms");
    }
    if (failed && finished.background)
        problem(kRed, "error",
                "the library behind the live code can't be built; " + what_runs() +
                    ", save to build again");
    else if (failed)
        problem(kRed, "error", "the build failed; " + what_runs() + ", save to build again");
    else if (verbose())
        line("build " + std::string(to_word(finished.status)) + " in " +
             in_milliseconds(finished.duration) + " ms" +
             (finished.preamble ? " with its preamble" : ""));
}

// On a terminal somebody sees the first error, and can have the others; elsewhere programs read
// them all.
void Console::tell_errors(const BuildFinishedEvent &finished) {
    if (style_.screen == nullptr || verbose() || !errors_.has_place()) {
        print(finished.output.empty() ? unplaced_
              : style_.color          ? finished.output
                                      : strip_colors(finished.output));
        return;
    }
    std::string text = folded(errors_.first_text(style_.directory));
    constexpr std::string_view kWord = "error:";
    if (const std::size_t at = text.find(kWord); at != std::string::npos)
        text.replace(at, kWord.size(), painted(kRed, kWord));
    text += "\n" + errors_.first_excerpt(style_.read_line, excerpt_style());
    if (const std::string rest = errors_.rest_text(); !rest.empty())
        text += folded(rest + " (-v: all)");
    print(text);
}

// The status line says it too.
void Console::tell(const ReloadedEvent &reloaded) {
    live_ = true;
    parked_.erase(reloaded.module);
    if (quiet() || (has_row() && !verbose() && reloaded.detail.empty()))
        return;
    line(kGreen, reloaded.module,
         ": generation " + std::to_string(reloaded.generation) + " live in " +
             in_milliseconds(reloaded.total) + " ms (" + lane_text(reloaded, verbose()) +
             describe_phases(reloaded, verbose()) + "), state " +
             std::string(to_word(reloaded.state)) +
             (reloaded.detail.empty() ? "" : "; " + reloaded.detail));
}

void Console::tell(const RejectedEvent &rejected) {
    problem(kRed, "error",
            rejected.module + ": the new library is rejected (" +
                std::string(to_word(rejected.reason)) + "): " + rejected.detail + "; " +
                what_runs(rejected));
}

void Console::tell(const RolledBackEvent &rolled_back) {
    if (rolled_back.parked && !rolled_back.waits)
        parked_.insert(rolled_back.module);
    else
        parked_.erase(rolled_back.module);
    problem(kRed, "error",
            rolled_back_text(rolled_back, style_.on_crash) + backtrace(rolled_back.backtrace));
}

void Console::tell(const StalledEvent &stalled) {
    problem(kRed, "error", stalled_text(stalled) + backtrace(stalled.backtrace));
}

// The run that goes on in this process had something that ran.
void Console::tell(const RestartedEvent &restarted) {
    live_ = true;
    problem(kYellow, "warning", restarted_text(restarted));
}

void Console::tell(const RetiredEvent &retired) {
    if (verbose())
        line(retired.module + ": generation " + std::to_string(retired.generation) +
             (retired.unmapped ? " has left the process" : " stays mapped: " + retired.why));
}

void Console::tell(const WarningEvent &warning) {
    problem(kYellow, "warning", warning.message);
}

// A short one comes often.
void Console::tell(const ReplayedEvent &replayed) {
    if (verbose())
        line("played " + replayed.file + ", pass " + std::to_string(replayed.pass) + ": " +
             counted(replayed.steps, "step", "steps") + " in " +
             in_milliseconds(replayed.duration) + " ms");
}

void Console::tell(const RecordedEvent &recorded) {
    if (!quiet())
        line("recorded " + counted(recorded.steps, "step", "steps") + " in " + recorded.file +
             " (" + counted(recorded.bytes, "byte", "bytes") + ")");
}

void Console::tell(const PreambleMadeEvent &made) {
    if (verbose())
        line("made the preamble of " + made.source + " in " + in_milliseconds(made.duration) +
             " ms, for its next save");
}

void Console::tell(const StoppedEvent &stopped) {
    if (row_)
        row_->hide();
    if (verbose())
        line("stopped after " + counted(stopped.steps, "step", "steps"));
}

std::string Console::painted(std::string_view color, std::string_view text) const {
    return style_.color ? in_color(color, text) : std::string(text);
}

std::string Console::folded(const std::string &text) const {
    constexpr std::size_t kIndent = 4;
    return style_.screen == nullptr ? text : fold(text, style_.screen->size().columns, kIndent);
}

ExcerptStyle Console::excerpt_style() const {
    ExcerptStyle style;
    if (style_.screen != nullptr)
        style.columns = style_.screen->size().columns;
    style.cut_mark = style_.glyphs.cut;
    if (style_.color) {
        style.caret_before = kRed;
        style.caret_after = kPlain;
    }
    return style;
}

void Console::tell(const ProgramStartedEvent &started) {
    live_ = true;
    if (!quiet())
        line(program_started_text(started));
}

void Console::tell(const ProgramAttachedEvent &attached) {
    if (quiet())
        return;
    for (const ModuleStatus &module : attached.modules)
        line(kGreen, module.name, ": " + live_text(module));
}

void Console::tell(const ProgramEndedEvent &ended) {
    live_ &= ended.next != AfterEnd::kWait;
    if (ended.next == AfterEnd::kWait)
        problem(kRed, "error", program_ended_text(ended));
    else if (!ended.detail.empty())
        problem(kYellow, "warning", program_ended_text(ended));
    else if (verbose())
        line(program_ended_text(ended));
}

void Console::line(const std::string &text) {
    print(folded("hotrun: " + text) + "\n");
}

// Painted when it is folded: colours take no room.
void Console::line(std::string_view color, std::string_view word, const std::string &text) {
    const std::string whole = "hotrun: " + std::string(word);
    std::string shown = folded(whole + text);
    if (shown.starts_with(whole))
        shown.replace(whole.size() - word.size(), word.size(), painted(color, word));
    print(shown + "\n");
}

void Console::problem(std::string_view color, const char *word, const std::string &text) {
    line(color, std::string(word) + ":", " " + text);
}

std::string Console::backtrace(const std::vector<StackFrame> &frames) const {
    constexpr std::size_t kMost = 8;
    const std::size_t at = call_to_look_at(frames);
    std::string source;
    if (at < frames.size()) {
        if (const auto line = style_.read_line(frames[at].file, frames[at].line))
            source = source_excerpt(*line, frames[at].line, 0, excerpt_style());
    }
    if (!source.empty())
        source.pop_back(); // the end of the line
    return backtrace_text(frames, verbose() ? frames.size() : kMost, at, source);
}

// While no new code comes.
std::string Console::what_runs() const {
    if (!live_)
        return "nothing runs yet";
    if (parked_.empty())
        return "the code that runs goes on";
    return join({parked_.begin(), parked_.end()}, ", ") +
           (parked_.size() == 1 ? " stays parked" : " stay parked");
}

std::string Console::what_runs(const RejectedEvent &rejected) const {
    if (rejected.generation == 0)
        return "nothing runs yet";
    return "generation " + std::to_string(rejected.generation) +
           (parked_.contains(rejected.module) ? " stays parked" : " runs on");
}

void Console::print(const std::string &text) {
    ::flockfile(style_.stream); // what a module prints meanwhile comes before or after
    std::fwrite(text.data(), 1, text.size(), style_.stream);
    if (!text.empty() && text.back() != '\n')
        std::fputc('\n', style_.stream);
    std::fflush(style_.stream);
    ::funlockfile(style_.stream);
}

} // namespace hotrun
