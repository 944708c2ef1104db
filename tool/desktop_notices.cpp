#include "desktop_notices.hpp"

#include "failure_text.hpp"

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
           rolled_back.from == rolled_back.to || rolled_back.to == 0
               ? "it waits for the next save"
               : "generation " + std::to_string(rolled_back.to) + " runs on");
}

} // namespace hotrun
