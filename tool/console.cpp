#include "console.hpp"

#include "control/diagnostics.hpp"
#include "counted.hpp"
#include "failure_text.hpp"
#include "hotrun/module.h"
#include "program_text.hpp"
#include "terminal.hpp"

#include <array>
#include <cstdlib>

namespace hotrun {

namespace {

constexpr const char *kRed = "\x1b[31;1m";
constexpr const char *kYellow = "\x1b[33;1m";
constexpr const char *kGreen = "\x1b[32m";
constexpr const char *kPlain = "\x1b[0m";
constexpr const char *kToLineStart = "\r\x1b[K";

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

std::string live_text(const ModuleStatus &module) {
    return module.generation == 0 ? "nothing runs yet"
                                  : "generation " + std::to_string(module.generation) + " is live";
}

bool is_set(const char *name) {
    const char *value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread
    return value != nullptr && *value != '\0';
}

} // namespace

bool wants_color(ColorChoice choice, std::FILE *stream) {
    if (choice != ColorChoice::kAuto)
        return choice == ColorChoice::kAlways;
    if (is_set("NO_COLOR"))
        return false;
    return is_set("CLICOLOR_FORCE") || is_terminal(stream);
}

void Console::say(const std::string &text) {
    const std::lock_guard lock(mutex_);
    if (!quiet())
        line(text);
}

void Console::event(const Event &event) {
    const std::lock_guard lock(mutex_);
    std::visit([this](const auto &body) { tell(body); }, event.body);
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
    if (!style_.status_line || quiet())
        return;
    status_ = "[" + std::to_string(done) + "/" + std::to_string(total) + "] building " + building_;
    draw_status();
}

// What a module prints would end up behind the status line.
void Console::before_steps() {
    if (!status_shown_.load(std::memory_order_relaxed))
        return;
    const std::lock_guard lock(mutex_);
    erase_status();
}

void Console::after_steps() {
    if (!style_.status_line)
        return;
    const std::lock_guard lock(mutex_);
    draw_status();
}

void Console::tell(const ReadyEvent &ready) {
    for (const ModuleStatus &module : ready.modules)
        live_ |= module.generation != 0;
    if (quiet())
        return;
    for (const ModuleStatus &module : ready.modules)
        line(painted(kGreen, module.name) + ": " + live_text(module));
    for (const ModuleStatus &module : ready.modules) {
        if (!module.heap.empty())
            line(painted(kGreen, module.name) + ": " + module.heap);
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
    building_ = join(started.targets, " ");
    if (verbose())
        line("building " + building_);
}

// The output of the command shows it, with the line of source; only what comes from us or from
// ninja itself is in no command's output.
void Console::tell(const DiagnosticEvent &diagnostic) {
    if (diagnostic.path.empty() && diagnostic.target.empty())
        unplaced_ += diagnostic.message + "\n";
}

void Console::tell(const BuildFinishedEvent &finished) {
    erase_status();
    status_.clear();
    const bool failed = finished.status == BuildStatus::kFailed;
    if (!finished.output.empty() && (failed || !quiet()))
        print(style_.color ? finished.output : strip_colors(finished.output));
    if (failed && finished.output.empty())
        print(unplaced_);
    unplaced_.clear();
    if (verbose()) {
        for (const BuiltEdge &edge : finished.edges)
            line("built " + edge.output + " in " + in_milliseconds(edge.duration) + " ms");
    }
    if (failed)
        problem(kRed, "error", "the build failed; " + what_runs() + ", save to build again");
    else if (verbose())
        line("build " + std::string(to_word(finished.status)) + " in " +
             in_milliseconds(finished.duration) + " ms");
}

void Console::tell(const ReloadedEvent &reloaded) {
    live_ = true;
    parked_.erase(reloaded.module);
    if (quiet())
        return;
    line(painted(kGreen, reloaded.module) + ": generation " + std::to_string(reloaded.generation) +
         " live in " + in_milliseconds(reloaded.total) + " ms (" +
         describe_phases(reloaded, verbose()) + "), state " + std::string(to_word(reloaded.state)) +
         (reloaded.detail.empty() ? "" : "; " + reloaded.detail));
}

void Console::tell(const RejectedEvent &rejected) {
    problem(kRed, "error",
            rejected.module + ": the new library is rejected (" +
                std::string(to_word(rejected.reason)) + "): " + rejected.detail + "; " +
                what_runs(rejected));
}

void Console::tell(const RolledBackEvent &rolled_back) {
    if (rolled_back.parked)
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

void Console::tell(const StoppedEvent &stopped) {
    erase_status();
    if (verbose())
        line("stopped after " + counted(stopped.steps, "step", "steps"));
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
        line(painted(kGreen, module.name) + ": " + live_text(module));
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

std::string Console::painted(const char *color, const std::string &text) const {
    return style_.color ? color + text + kPlain : text;
}

void Console::line(const std::string &text) {
    print("hotrun: " + text + "\n");
}

void Console::problem(const char *color, const char *word, const std::string &text) {
    line(painted(color, std::string(word) + ": ") + text);
}

std::string Console::backtrace(const std::vector<StackFrame> &frames) const {
    constexpr std::size_t kMost = 8;
    return backtrace_text(frames, verbose() ? frames.size() : kMost);
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
    erase_status();
    std::fwrite(text.data(), 1, text.size(), style_.stream);
    if (!text.empty() && text.back() != '\n')
        std::fputc('\n', style_.stream);
    std::fflush(style_.stream);
    draw_status();
}

void Console::draw_status() {
    if (status_.empty())
        return;
    const std::string shown = status_.substr(0, terminal_columns(style_.stream) - 1);
    std::fprintf(style_.stream, "%s%s", kToLineStart, shown.c_str());
    std::fflush(style_.stream);
    status_shown_ = true;
}

void Console::erase_status() {
    if (!status_shown_.exchange(false))
        return;
    std::fputs(kToLineStart, style_.stream);
    std::fflush(style_.stream);
}

void Console::after_status_line() {
    const std::lock_guard lock(mutex_);
    erase_status();
}

} // namespace hotrun
