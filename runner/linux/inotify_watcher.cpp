#include "linux/inotify_watcher.hpp"

#include "linux/linux_file_system.hpp"
#include "linux/mount_points.hpp"
#include "linux/system_error.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace hotrun {

namespace {

// Not IN_MODIFY: editors show an empty file before they write it. IN_CREATE is for links alone.
constexpr std::uint32_t kOfFiles =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE;
constexpr std::uint32_t kOfItself = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kFolderGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr std::uint32_t kCame = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t kWent = IN_DELETE | IN_MOVED_FROM;

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

bool is_at_or_below(const std::string &path, const std::string &top) {
    return path == top || top == "/" ||
           (path.starts_with(top) && path.size() > top.size() && path[top.size()] == '/');
}

Error watch_error(const std::string &folder, int code) {
    if (code == ENOSPC)
        return Error{ErrorKind::kFailed,
                     "can't watch " + folder +
                         ": the limit of watched folders is reached; raise "
                         "fs.inotify.max_user_watches; until then its files are polled",
                     code};
    Error error = system_error("can't watch " + folder, code);
    error.message += "; its files are polled";
    return error;
}

// A file that was opened to be made tells of its end later; a link is whole when it appears.
bool is_whole(const std::string &path) {
    struct stat status;
    if (::lstat(path.c_str(), &status) != 0)
        return false;
    if (S_ISLNK(status.st_mode) || status.st_nlink > 1)
        return true;
    const auto file = status.st_size > 0 ? LinuxFileSystem().open(path)
                                         : Error{ErrorKind::kFailed, "it is empty", 0};
    return file && (*file)->lock_out_writers() == Writers::kNone;
}

} // namespace

Result<std::unique_ptr<InotifyWatcher>>
InotifyWatcher::create(boost::asio::io_context &io, OnChange on_change, SilentFileSystem silent) {
    const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0 && errno == EMFILE)
        return Error{ErrorKind::kFailed,
                     "can't watch files: the limit of inotify instances is reached; raise "
                     "fs.inotify.max_user_instances; until then files are polled",
                     EMFILE};
    if (fd < 0)
        return system_error("can't watch files");
    return std::unique_ptr<InotifyWatcher>(
        new InotifyWatcher(io, fd, std::move(on_change), std::move(silent)));
}

InotifyWatcher::InotifyWatcher(boost::asio::io_context &io, int fd, OnChange on_change,
                               SilentFileSystem silent)
    : inotify_(io, fd), on_change_(std::move(on_change)), silent_(std::move(silent)) {
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
    std::set<std::string> changed = std::exchange(found_, {});
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
        if ((event.mask & IN_Q_OVERFLOW) != 0) { // events were lost: anything may have changed
            renew("/", changed);
            continue;
        }
        const auto watch = watches_.find(event.wd);
        if (watch == watches_.end())
            continue;
        for (const std::string &path : std::set<std::string>(watch->second.paths))
            collect_event(path, event.mask, event.len > 0 ? name : "", changed);
    }
}

void InotifyWatcher::collect_event(const std::string &path, std::uint32_t mask,
                                   const std::string &name, std::set<std::string> &changed) {
    if ((mask & kFolderGone) != 0)
        return renew(path, changed);
    const Folder &folder = folders_.at(path);
    const std::string full = join(path, name);
    if (folder.names.contains(name) && ((mask & IN_CREATE) == 0 || is_whole(full)))
        changed.insert(full);
    if (!folder.subfolders.contains(name))
        return;
    if ((mask & (kCame | kWent)) != 0)
        renew(full, changed);
}

// The folder is another one now, or none, and so are those in it.
void InotifyWatcher::renew(const std::string &top, std::set<std::string> &changed) {
    for (auto folder = folders_.lower_bound(top);
         folder != folders_.end() && folder->first.starts_with(top); ++folder) {
        if (!is_at_or_below(folder->first, top))
            continue;
        for (const std::string &name : folder->second.names)
            changed.insert(join(folder->first, name));
        disarm(folder->first, folder->second);
    }
    arm_below(top);
}

// Where a folder is not there, the one above is told to wait for it; then it is looked for once
// more, as it may have come in between.
void InotifyWatcher::arm_below(const std::string &top) {
    std::vector<std::string> absent;
    for (auto folder = folders_.lower_bound(top);
         folder != folders_.end() && folder->first.starts_with(top); ++folder) {
        if (is_at_or_below(folder->first, top) && folder->second.watch_descriptor < 0 &&
            !arm(folder->first, folder->second) && is_absent(folder->second))
            absent.push_back(folder->first);
    }
    if (top != "/")
        refresh_mask(split(top).folder);
    for (const std::string &path : absent)
        refresh_mask(split(path).folder);
    for (const std::string &path : absent) {
        Folder &folder = folders_.at(path);
        if (is_absent(folder) && arm(path, folder))
            arm_below(path);
    }
}

InotifyWatcher::Unwatched InotifyWatcher::watch(const std::set<std::string> &files) {
    if (files == files_)
        return unwatched();
    files_ = files;
    Folders wanted;
    for (const std::string &file : files) {
        Split parts = split(file);
        wanted[parts.folder].names.insert(parts.name);
        while (parts.folder != "/") {
            parts = split(parts.folder);
            if (!wanted[parts.folder].subfolders.insert(parts.name).second)
                break; // and so are those above
        }
    }
    for (auto &[path, folder] : folders_) {
        if (!wanted.contains(path))
            disarm(path, folder);
    }
    std::erase_if(folders_, [&](const auto &entry) { return !wanted.contains(entry.first); });
    std::vector<std::string> absent;
    for (const auto &[path, folder] : folders_) {
        if (is_absent(folder))
            absent.push_back(path);
    }
    const std::set<std::string> points = mount_points();
    for (auto &[path, folder] : wanted) {
        Folder &known = folders_[path];
        std::erase_if(known.mounted, [&names = folder.names](const std::string &name) {
            return !names.contains(name);
        });
        for (const std::string &name : folder.names) {
            if (!known.names.contains(name) && points.contains(join(path, name)))
                known.mounted.insert(name);
        }
        const bool first_names = known.names.empty() && !folder.names.empty();
        known.names = std::move(folder.names);
        known.subfolders = std::move(folder.subfolders);
        if (first_names)
            check_file_system(path, known);
    }
    for (const auto &[path, folder] : folders_)
        refresh_mask(path);
    arm_below("/");
    // What was waited for may have come, and have been written to, before it was watched.
    for (const std::string &path : absent) {
        const Folder &folder = folders_.at(path);
        if (is_absent(folder))
            continue;
        for (const std::string &name : folder.names)
            found_.insert(join(path, name));
    }
    if (!found_.empty())
        boost::asio::post(inotify_.get_executor(), [this] { drain(); });
    return unwatched();
}

InotifyWatcher::Unwatched InotifyWatcher::unwatched() const {
    Unwatched left;
    for (const auto &[path, folder] : folders_) {
        const std::set<std::string> &names = folder.unreliable ? folder.names : folder.mounted;
        for (const std::string &name : names)
            left.files.insert(join(path, name));
        if (folder.unreliable && !folder.names.empty() && !left.why)
            left.why = folder.unreliable;
    }
    return left;
}

// False: it is not there, or it can't be watched. IN_MASK_ADD: the folder may be watched under
// another name.
bool InotifyWatcher::arm(const std::string &path, Folder &folder) {
    const std::uint32_t mask = kOfItself | (folder.names.empty() ? 0 : kOfFiles);
    const int watch =
        ::inotify_add_watch(inotify_.native_handle(), path.c_str(), mask | IN_MASK_ADD);
    if (watch >= 0) {
        folder.watch_descriptor = watch;
        watches_[watch].paths.insert(path);
        watches_[watch].mask |= mask;
        check_file_system(path, folder);
    } else if (errno != ENOENT && errno != ENOTDIR) {
        folder.unreliable = watch_error(path, errno);
    }
    return watch >= 0;
}

void InotifyWatcher::check_file_system(const std::string &path, Folder &folder) const {
    if (folder.names.empty() || folder.watch_descriptor < 0)
        return;
    if (const std::string silent = silent_(path); !silent.empty())
        folder.unreliable = Error{ErrorKind::kFailed,
                                  path + " lies on " + silent +
                                      ", which does not tell of every save; its files are polled",
                                  0};
}

bool InotifyWatcher::awaits_folder(const std::string &path, const Folder &folder) const {
    return std::ranges::any_of(folder.subfolders, [&](const std::string &name) {
        return is_absent(folders_.at(join(path, name)));
    });
}

// What a folder is watched for: its own end, changes of its files, and the coming of folders. The
// kernel keeps one mask for it, whatever names it has.
void InotifyWatcher::refresh_mask(const std::string &path) {
    const int descriptor = folders_.at(path).watch_descriptor;
    if (descriptor < 0)
        return;
    Watch &watch = watches_.at(descriptor);
    std::uint32_t mask = kOfItself;
    for (const std::string &name : watch.paths) {
        const Folder &folder = folders_.at(name);
        mask |= (folder.names.empty() ? 0 : kOfFiles) | (awaits_folder(name, folder) ? kCame : 0);
    }
    if (mask == watch.mask)
        return;
    watch.mask = mask;
    const int got = ::inotify_add_watch(inotify_.native_handle(), path.c_str(), mask);
    if (got >= 0 && !watches_.contains(got)) // another folder has its name now, as we'll be told
        ::inotify_rm_watch(inotify_.native_handle(), got);
}

void InotifyWatcher::disarm(const std::string &path, Folder &folder) {
    folder.unreliable.reset();
    const int descriptor = std::exchange(folder.watch_descriptor, -1);
    if (descriptor < 0)
        return;
    Watch &watch = watches_.at(descriptor);
    watch.paths.erase(path);
    if (!watch.paths.empty())
        return;
    watches_.erase(descriptor);
    ::inotify_rm_watch(inotify_.native_handle(), descriptor);
}

std::string silent_file_system(const std::string &path) {
    constexpr std::uint32_t k9p = 0x01021997, kNfs = 0x6969, kSmb = 0x517b, kCifs = 0xff534d42,
                            kSmb2 = 0xfe534d42, kCeph = 0x00c36400, kAfs = 0x5346414f,
                            kFuse = 0x65735546, kVboxShared = 0x786f4256, kCoda = 0x73757245,
                            kLustre = 0x0bd00bd0, kGfs2 = 0x01161970, kOcfs2 = 0x7461636f;
    struct statfs status;
    if (::statfs(path.c_str(), &status) != 0)
        return "";
    switch (static_cast<std::uint32_t>(status.f_type)) {
    case kNfs:
    case kSmb:
    case kCifs:
    case kSmb2:
    case kCeph:
    case kAfs:
    case kCoda:
    case kLustre:
    case kGfs2:
    case kOcfs2:
        return "a network file system";
    case k9p:
        return "a 9p file system";
    case kVboxShared:
        return "a shared folder of a virtual machine";
    case kFuse:
        return "a FUSE file system";
    default:
        return "";
    }
}

} // namespace hotrun
