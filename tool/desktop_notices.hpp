// Tells a person who looks elsewhere that a change has failed, and that it is live again.
#pragma once

#include "hotrun/runner.hpp"

#include <functional>
#include <string>

namespace hotrun {

// Bound to the runner's thread. A change that is live is only told after a failure.
class DesktopNotices : public Observer {
  public:
    using Send = std::function<void(const std::string &title, const std::string &text)>;
    DesktopNotices(Send send, OnCrash on_crash) : send_(std::move(send)), on_crash_(on_crash) {}

    void event(const Event &event) override;

  private:
    void tell(const DiagnosticEvent &diagnostic);
    void tell(const BuildStartedEvent &started);
    void tell(const BuildFinishedEvent &finished);
    void tell(const ReloadedEvent &reloaded);
    void tell(const RejectedEvent &rejected);
    void tell(const RolledBackEvent &rolled_back);
    void tell(const ProgramStartedEvent &started);
    void tell(const ProgramEndedEvent &ended);
    template <typename Other>
    void tell(const Other &) {}

    void failed(const std::string &title, const std::string &text);

    const Send send_;
    const OnCrash on_crash_;
    std::string first_error_; // of the build that runs
    bool failed_ = false;     // and that was told
};

// By notify-send(1), where there is one and a desktop that listens. False: there is not.
bool notify_desktop(const std::string &title, const std::string &text);

} // namespace hotrun
