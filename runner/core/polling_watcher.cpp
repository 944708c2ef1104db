#include "core/polling_watcher.hpp"

namespace hotrun {

PollingWatcher::PollingWatcher(EventLoop &loop, const Clock &clock, const FileSystem &files,
                               int alarm, std::chrono::milliseconds interval, OnChange on_change)
    : loop_(loop), clock_(clock), files_(files), alarm_(alarm), interval_(interval),
      on_change_(std::move(on_change)) {}

Watcher::Unwatched PollingWatcher::watch(const std::set<std::string> &files) {
    std::map<std::string, std::optional<Timestamp>> next;
    for (const std::string &file : files) {
        const auto known = seen_.find(file);
        next.emplace(file, known != seen_.end() ? known->second : files_.timestamp(file));
    }
    const bool was_idle = seen_.empty();
    seen_ = std::move(next);
    if (seen_.empty())
        loop_.clear_alarm(alarm_);
    else if (was_idle)
        poll_again();
    return {};
}

void PollingWatcher::drain() {
    std::vector<std::string> changed;
    for (auto &[file, seen] : seen_) {
        const std::optional<Timestamp> now = files_.timestamp(file);
        if (now == seen)
            continue;
        seen = now;
        changed.push_back(file);
    }
    if (!changed.empty())
        on_change_(std::move(changed));
}

void PollingWatcher::poll_again() {
    loop_.set_alarm(alarm_, clock_.now() + interval_, [this] {
        drain();
        poll_again();
    });
}

} // namespace hotrun
