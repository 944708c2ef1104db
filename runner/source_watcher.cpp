#include "source_watcher.hpp"

#include "core/fallback_watcher.hpp"
#include "core/polling_watcher.hpp"
#include "linux/inotify_watcher.hpp"

namespace hotrun {

namespace {

constexpr int kPollAlarm = 100;
constexpr std::chrono::milliseconds kFallback{250};

} // namespace

std::unique_ptr<Watcher> make_source_watcher(
    WatcherServices services, std::chrono::milliseconds poll_interval,
    std::function<void(const std::vector<std::string> &paths, ChangeSource source)> on_changed) {
    const auto report = [&on_changed](ChangeSource source) {
        return [on_changed, source](const std::vector<std::string> &paths) {
            on_changed(paths, source);
        };
    };
    const bool only_polls = poll_interval.count() > 0;
    std::unique_ptr<Watcher> watcher = std::make_unique<PollingWatcher>(
        services.loop, services.clock, services.files, kPollAlarm,
        only_polls ? poll_interval : kFallback, report(ChangeSource::kPoll));
    if (only_polls)
        return watcher;
    auto by_events =
        InotifyWatcher::create(services.io, report(ChangeSource::kWatch), silent_file_system);
    if (by_events)
        return std::make_unique<FallbackWatcher>(std::move(*by_events), std::move(watcher));
    services.loop.post([&events = services.events, message = by_events.error().message] {
        events.tell(WarningEvent{"watch", message});
    });
    return watcher;
}

} // namespace hotrun
