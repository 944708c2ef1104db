// What comes from a terminal while a run is on it: keys, a new size, the way to the background and
// back.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string_view>

namespace hotrun {

// The terminal is taken only while this process has it in the foreground, and given back, with the
// mode that it had, whenever the process stops, ends, dies or replaces itself. Made on the host's
// thread before any other is there; then its descriptor is watched, and serve() called, by one
// thread, which is the one that calls back.
class TerminalSession {
  public:
    struct Calls {
        std::function<void(std::string_view keys)> typed; // null: keys are left to others
        std::function<void()> taken;                      // also when its size has changed
        std::function<void()> given_back;
        std::function<void()> each_second;
    };

    // `output` leads to the terminal that is drawn on; null: nothing is drawn.
    TerminalSession(std::FILE *output, Calls calls);
    TerminalSession(const TerminalSession &) = delete;
    TerminalSession &operator=(const TerminalSession &) = delete;
    ~TerminalSession();

    int descriptor() const;
    void serve(); // all that there is to do
    void end();   // gives the terminal back, for good

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace hotrun
