// A run's events as a trace of the Trace Event Format, which Perfetto and chrome://tracing open:
// one track for each module's reloads with their phases, one for builds, one for each job of ninja.
#pragma once

#include "hotrun/events.hpp"

#include <map>
#include <string>
#include <vector>

namespace hotrun {

// Thread-compatible.
class Trace {
  public:
    // Before the first event. The format lets an array stay open: a run that is killed leaves a
    // trace that can be read.
    static constexpr const char *kHead = "[\n";

    // What the event adds, whole lines; empty: nothing.
    std::string text_of(const Event &event);

  private:
    std::string lines(Microseconds end, const BuildFinishedEvent &build);
    std::string lines(Microseconds end, const ReloadedEvent &reloaded);
    template <typename Other>
    std::string lines(Microseconds at, const Other &event);
    std::string on_track(const std::string &name, int &track);

    std::map<std::string, int> tracks_; // by name
};

} // namespace hotrun
