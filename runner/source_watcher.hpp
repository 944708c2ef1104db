// The watcher of sources, with what it falls back on.
#pragma once

#include "core/event_stream.hpp"
#include "core/file_system.hpp"
#include "core/watcher.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

struct WatcherServices {
    EventLoop &loop;
    boost::asio::io_context &io;
    const Clock &clock;
    const FileSystem &files;
    EventStream &events;
};

// Where there are no events, files are polled, and that is told. `poll_interval` above 0: they are
// polled anyway.
std::unique_ptr<Watcher> make_source_watcher(
    WatcherServices services, std::chrono::milliseconds poll_interval,
    std::function<void(const std::vector<std::string> &paths, ChangeSource source)> on_changed);

} // namespace hotrun
