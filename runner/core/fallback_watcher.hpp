// Events where there are any, polling where there are none.
#pragma once

#include "core/watcher.hpp"

#include <memory>

namespace hotrun {

class FallbackWatcher : public Watcher {
  public:
    FallbackWatcher(std::unique_ptr<Watcher> events, std::unique_ptr<Watcher> polling)
        : events_(std::move(events)), polling_(std::move(polling)) {}

    // What the events leave is polled; the reason is told, with no files to go with it.
    Unwatched watch(const std::set<std::string> &files) override {
        Unwatched left = events_->watch(files);
        polling_->watch(left.files);
        return {.files = {}, .why = std::move(left.why)};
    }

    void drain() override {
        events_->drain();
        polling_->drain();
    }

  private:
    std::unique_ptr<Watcher> events_;
    std::unique_ptr<Watcher> polling_;
};

} // namespace hotrun
