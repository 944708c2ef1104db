#include "linux/inotify_watcher.hpp"

#include "linux/system_error.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <cstring>
#include <utility>

#include <sys/inotify.h>

namespace hotrun {

namespace {

// Not IN_MODIFY nor IN_CREATE: editors show an empty file before they write it.
constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kFolderGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;

struct Split {
    std::string folder;
    std::string name;
};

Split split(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

std::string join(const std::string &folder, const std::string &name) {
    return folder == "/" ? "/" + name : folder + "/" + name;
}

Error watch_error(const std::string &folder, int code) {
    if (code == ENOSPC)
        return Error{ErrorKind::kFailed,
                     "can't watch " + folder +
                         ": the limit of watched folders is reached; raise "
                         "fs.inotify.max_user_watches, or use --poll",
                     code};
    return system_error("can't watch " + folder, code);
}

} // namespace

Result<std::unique_ptr<InotifyWatcher>> InotifyWatcher::create(boost::asio::io_context &io,
                                                               OnChange on_change) {
    const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0 && errno == EMFILE)
        return Error{ErrorKind::kFailed,
                     "can't watch files: the limit of inotify instances is reached; raise "
                     "fs.inotify.max_user_instances, or use --poll",
                     EMFILE};
    if (fd < 0)
        return system_error("can't watch files");
    return std::unique_ptr<InotifyWatcher>(new InotifyWatcher(io, fd, std::move(on_change)));
}

InotifyWatcher::InotifyWatcher(boost::asio::io_context &io, int fd, OnChange on_change)
    : inotify_(io, fd), on_change_(std::move(on_change)) {
    read_when_ready();
}

void InotifyWatcher::read_when_ready() {
    inotify_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code &error) {
                            if (error)
                                return;
                            drain();
                            read_when_ready();
                        });
}

void InotifyWatcher::drain() {
    alignas(inotify_event) std::array<char, 64 * 1024> buffer;
    std::set<std::string> changed;
    while (true) {
        const ssize_t got = ::read(inotify_.native_handle(), buffer.data(), buffer.size());
        if (got <= 0 && !(got < 0 && errno == EINTR))
            break;
        if (got > 0)
            collect(buffer.data(), static_cast<std::size_t>(got), changed);
    }
    if (!changed.empty())
        on_change_({changed.begin(), changed.end()});
}

void InotifyWatcher::collect(const char *bytes, std::size_t count, std::set<std::string> &changed) {
    std::size_t at = 0;
    while (at + sizeof(inotify_event) <= count) {
        inotify_event event;
        std::memcpy(&event, bytes + at, sizeof event);
        const char *name = bytes + at + sizeof event;
        at += sizeof event + event.len;
        if ((event.mask & IN_Q_OVERFLOW) != 0) { // events were lost: any file may have changed
            for (const auto &[path, folder] : folders_)
                collect_folder(path, changed);
            continue;
        }
        const auto watched = paths_by_watch_.find(event.wd);
        if (watched == paths_by_watch_.end())
            continue;
        const bool is_gone = (event.mask & (kFolderGone | IN_IGNORED)) != 0;
        for (const std::string &path : std::set<std::string>(watched->second)) {
            if (is_gone) {
                collect_folder(path, changed);
                disarm(path, folders_.at(path));
            } else if (event.len > 0 && folders_.at(path).names.contains(name)) {
                changed.insert(join(path, name));
            }
        }
    }
}

void InotifyWatcher::collect_folder(const std::string &path, std::set<std::string> &changed) const {
    for (const std::string &name : folders_.at(path).names)
        changed.insert(join(path, name));
}

Status InotifyWatcher::watch(const std::set<std::string> &files) {
    std::map<std::string, std::set<std::string>> wanted;
    for (const std::string &file : files) {
        const Split parts = split(file);
        wanted[parts.folder].insert(parts.name);
    }
    for (auto folder = folders_.begin(); folder != folders_.end();) {
        if (wanted.contains(folder->first)) {
            ++folder;
            continue;
        }
        disarm(folder->first, folder->second);
        folder = folders_.erase(folder);
    }
    Status outcome = Done{};
    for (auto &[path, names] : wanted) {
        Folder &folder = folders_[path];
        folder.names = std::move(names);
        if (folder.watch_descriptor >= 0)
            continue;
        if (Status armed = arm(path, folder); !armed)
            outcome = std::move(armed);
    }
    return outcome;
}

Status InotifyWatcher::arm(const std::string &path, Folder &folder) {
    const int watch = ::inotify_add_watch(inotify_.native_handle(), path.c_str(), kMask);
    if (watch < 0 && (errno == ENOENT || errno == ENOTDIR))
        return Done{}; // tried again with the next set
    if (watch < 0)
        return watch_error(path, errno);
    folder.watch_descriptor = watch;
    paths_by_watch_[watch].insert(path);
    return Done{};
}

void InotifyWatcher::disarm(const std::string &path, Folder &folder) {
    const int watch = std::exchange(folder.watch_descriptor, -1);
    if (watch < 0)
        return;
    std::set<std::string> &paths = paths_by_watch_.at(watch);
    paths.erase(path);
    if (!paths.empty())
        return;
    paths_by_watch_.erase(watch);
    ::inotify_rm_watch(inotify_.native_handle(), watch);
}

} // namespace hotrun
