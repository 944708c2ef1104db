// Keeps what a run tells.
#pragma once

#include "hotrun/runner.hpp"

namespace hotrun {

// An event in a few words: "change /p/a.cpp", "build_finished ok", "reloaded game 2 kept".
std::string in_words(const Event &event);

class RecordingObserver final : public Observer {
  public:
    void event(const Event &event) override { events.push_back(event); }
    void build_progress(std::size_t done, std::size_t total) override {
        progress.emplace_back(done, total);
    }

    // The words of the events since the last call.
    std::vector<std::string> take_words();

    template <typename Body>
    std::vector<Body> all() const {
        std::vector<Body> found;
        for (const Event &event : events) {
            if (const Body *body = std::get_if<Body>(&event.body))
                found.push_back(*body);
        }
        return found;
    }

    template <typename Body>
    Body last() const {
        return all<Body>().back();
    }

    std::vector<Event> events;
    std::vector<std::pair<std::size_t, std::size_t>> progress;

  private:
    std::size_t taken_count_ = 0;
};

} // namespace hotrun
