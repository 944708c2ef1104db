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
    explicit DesktopNotices(Send send) : send_(std::move(send)) {}

    void event(const Event &event) override;

  private:
    void tell(const DiagnosticEvent &diagnostic);
    void tell(const BuildStartedEvent &started);
    void tell(const BuildFinishedEvent &finished);
    void tell(const ReloadedEvent &reloaded);
    void tell(const RejectedEvent &rejected);
    void tell(const RolledBackEvent &rolled_back);
    template <typename Other>
    void tell(const Other &) {}

    void failed(const std::string &title, const std::string &text);

    const Send send_;
    std::string first_error_; // of the build that runs
    bool failed_ = false;     // and that was told
};

// By notify-send(1), where there is one and a desktop that listens. False: there is not.
bool notify_desktop(const std::string &title, const std::string &text);

} // namespace hotrun
