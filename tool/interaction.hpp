// A person at a terminal, and the run there: keys go to it, its status to the screen.
#pragma once

#include "console.hpp"
#include "hotrun/runner.hpp"
#include "terminal_session.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace hotrun {

struct InteractionStyle {
    bool keys = false;
    std::FILE *drawn_on = nullptr; // null: nothing is drawn
};

// Made before the Runner, and outlives it; from attach() on it works on the runner's thread.
class Interaction : public Observer {
  public:
    Interaction(Console &console, InteractionStyle style);

    void attach(Runner &runner);
    void event(const Event &event) override;

  private:
    void typed(std::string_view bytes);
    void each_second();

    Console &console_;
    Runner *runner_ = nullptr;
    std::unique_ptr<TerminalSession> session_; // null: there is nothing to do at a terminal
    std::uint64_t steps_ = 0;
    std::chrono::steady_clock::time_point counted_{};
};

} // namespace hotrun
