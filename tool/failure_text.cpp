#include "failure_text.hpp"

#include "control/frame_text.hpp"
#include "counted.hpp"

#include <algorithm>

namespace hotrun {

namespace {

std::string generation_text(std::uint64_t generation) {
    return "generation " + std::to_string(generation);
}

// " (SIGSEGV at 0x0, detail)", or what of it there is.
std::string circumstances(const RolledBackEvent &event) {
    std::string text = event.signal;
    if (!text.empty() && event.address)
        text += " at " + to_hex(*event.address);
    if (!event.detail.empty())
        text += (text.empty() ? "" : ", ") + event.detail;
    return text.empty() ? "" : " (" + text + ")";
}

std::string age_of_state(std::uint64_t steps_lost) {
    return steps_lost == 0 ? "its last finished step"
                           : counted(steps_lost, "step", "steps") + " ago";
}

// What comes after a failure in a later step than the first.
std::string later_failure(const RolledBackEvent &event, OnCrash on_crash) {
    const std::string age = age_of_state(event.steps_lost);
    if (on_crash == OnCrash::kExit)
        return "the run ends";
    if (event.waits)
        return "its state is that of " + age + ", and it waits for the new code that is on its " +
               "way; if nothing comes of that, the process restarts";
    if (event.parked)
        return "its state is that of " + age + ", and it is parked until the next save";
    return "it goes on with the state of " + age;
}

} // namespace

std::string consequence_text(const RolledBackEvent &event, OnCrash on_crash) {
    if (event.to == 0)
        return "nothing runs until the next save";
    if (event.from == event.to)
        return later_failure(event, on_crash);
    if (event.waits)
        return generation_text(event.to) + " goes on when the process has restarted";
    if (event.parked)
        return generation_text(event.to) + " is back, and parked until the next save";
    return generation_text(event.to) + " runs on, " + counted(event.steps_lost, "step", "steps") +
           " lost";
}

// No default: the compiler names the enumerator that is missing.
const char *failure_verb(RollBackReason reason) {
    switch (reason) {
    case RollBackReason::kCrash:
        return "crashed";
    case RollBackReason::kException:
        return "threw an exception";
    case RollBackReason::kTimeout:
        return "did not return in time";
    case RollBackReason::kAbort:
        return "aborted";
    }
    return "";
}

std::string rolled_back_text(const RolledBackEvent &event, OnCrash on_crash) {
    return event.module + ": " + generation_text(event.from) + " " + failure_verb(event.reason) +
           circumstances(event) + "; " + consequence_text(event, on_crash);
}

std::string stalled_text(const StalledEvent &event) {
    return event.module + ": a call into " + generation_text(event.generation) +
           " does not return and can't be ended safely" +
           (event.detail.empty() ? "" : " (" + event.detail + ")") +
           "; the next save still builds, and switches when the call returns";
}

std::string restarted_text(const RestartedEvent &event) {
    return "the process has replaced itself" +
           (event.reason.empty() ? "" : " (" + event.reason + ")") + "; pid " +
           std::to_string(event.pid) + ", state of the last snapshot";
}

std::string backtrace_text(const std::vector<StackFrame> &backtrace, std::size_t most,
                           std::size_t source_at, const std::string &source) {
    constexpr const char *kIndent = "\n    ";
    const std::size_t shown = std::min(most, backtrace.size());
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) {
        text += kIndent + frame_text(backtrace[i]);
        if (i == source_at && !source.empty())
            text += "\n" + source;
    }
    if (shown < backtrace.size())
        text += kIndent + ("and " + std::to_string(backtrace.size() - shown) + " more (-v: all)");
    return text;
}

std::size_t call_to_look_at(const std::vector<StackFrame> &backtrace) {
    const auto found = std::ranges::find_if(backtrace, [](const StackFrame &frame) {
        return frame.line != 0 && !frame.file.starts_with("/usr/");
    });
    return static_cast<std::size_t>(found - backtrace.begin());
}

} // namespace hotrun
