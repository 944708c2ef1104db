#include "desktop_notices.hpp"

#include "failure_text.hpp"
#include "program_text.hpp"

namespace hotrun {

void DesktopNotices::event(const Event &event) {
    std::visit([this](const auto &body) { tell(body); }, event.body);
}

void DesktopNotices::failed(const std::string &title, const std::string &text) {
    failed_ = true;
    send_(title, text);
}

void DesktopNotices::tell(const BuildStartedEvent &) {
    first_error_.clear();
}

void DesktopNotices::tell(const DiagnosticEvent &diagnostic) {
    if (diagnostic.severity != Severity::kError || !first_error_.empty())
        return;
    const std::string file = diagnostic.path.substr(diagnostic.path.rfind('/') + 1);
    first_error_ =
        (diagnostic.line == 0 ? "" : file + ":" + std::to_string(diagnostic.line) + ": ") +
        diagnostic.message;
}

void DesktopNotices::tell(const BuildFinishedEvent &finished) {
    if (finished.status == BuildStatus::kFailed)
        failed("the build failed", first_error_);
}

void DesktopNotices::tell(const ReloadedEvent &reloaded) {
    if (failed_)
        send_(reloaded.module + " is live again",
              "generation " + std::to_string(reloaded.generation));
    failed_ = false;
}

void DesktopNotices::tell(const RejectedEvent &rejected) {
    failed(rejected.module + ": the new code is rejected", rejected.detail);
}

void DesktopNotices::tell(const RolledBackEvent &rolled_back) {
    failed(rolled_back.module + ": generation " + std::to_string(rolled_back.from) + " " +
               failure_verb(rolled_back.reason),
           consequence_text(rolled_back, on_crash_));
}

// Of a run that ends as it should nobody needs to be told.
void DesktopNotices::tell(const ProgramEndedEvent &ended) {
    if (ended.next == AfterEnd::kWait)
        failed("the program has ended", program_ended_text(ended));
}

void DesktopNotices::tell(const ProgramStartedEvent &started) {
    if (failed_)
        send_("the program runs again", started.program.path);
    failed_ = false;
}

} // namespace hotrun
