// Saves by comparing timestamps, for files whose changes nobody tells of.
#pragma once

#include "core/event_loop.hpp"
#include "core/file_system.hpp"
#include "core/watcher.hpp"

#include <map>

namespace hotrun {

// Without files there is no alarm.
class PollingWatcher : public Watcher {
  public:
    PollingWatcher(EventLoop &loop, const Clock &clock, const FileSystem &files, int alarm,
                   std::chrono::milliseconds interval, OnChange on_change);

    Unwatched watch(const std::set<std::string> &files) override;
    void drain() override;

  private:
    void poll_again();

    EventLoop &loop_;
    const Clock &clock_;
    const FileSystem &files_;
    int alarm_;
    std::chrono::milliseconds interval_;
    OnChange on_change_;
    std::map<std::string, std::optional<Timestamp>> seen_;
};

} // namespace hotrun
