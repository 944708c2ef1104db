// A watcher that a test tells what was saved.
#pragma once

#include "core/watcher.hpp"

#include <optional>
#include <utility>

namespace hotrun {

class FakeWatcher final : public Watcher {
  public:
    explicit FakeWatcher(OnChange on_change) : on_change_(std::move(on_change)) {}

    Unwatched watch(const std::set<std::string> &files) override {
        watched = files;
        return unwatched;
    }

    void drain() override {
        if (!unread_.empty())
            on_change_(std::exchange(unread_, {}));
    }

    // A save that nobody has read of yet; of files that are not watched nobody ever does.
    void saw(const std::string &path) {
        if (watched.contains(path))
            unread_.push_back(path);
    }

    std::set<std::string> watched;
    Unwatched unwatched;

  private:
    OnChange on_change_;
    std::vector<std::string> unread_;
};

} // namespace hotrun
