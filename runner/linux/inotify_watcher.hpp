// Saves by way of inotify on folders.
#pragma once

#include "core/watcher.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <map>

namespace hotrun {

// Folders are watched, not files: most editors save by moving a new file over the old one, and a
// watch on the file would stay with the old one. With each folder those above it are watched as
// well, for being moved or removed; one that is not there is waited for.
class InotifyWatcher : public Watcher {
  public:
    // The name of the file system of `path` if it does not tell of all changes; else empty.
    using SilentFileSystem = std::function<std::string(const std::string &path)>;

    static Result<std::unique_ptr<InotifyWatcher>>
    create(boost::asio::io_context &io, OnChange on_change, SilentFileSystem silent);

    // Unwatched are files in folders that the kernel refuses to watch, and files that are mounted
    // themselves, as their folder does not tell of them. Files on a silent file system are watched,
    // and count as unwatched all the same.
    Unwatched watch(const std::set<std::string> &files) override;
    void drain() override;

  private:
    struct Folder {
        int watch_descriptor = -1; // -1: not there, or it could not be watched
        std::set<std::string> names;
        std::set<std::string> subfolders; // those of them that are in folders_
        std::set<std::string> mounted;    // those of names that are mount points
        std::optional<Error> unreliable;  // why its files are not told of, or not always
    };
    struct Watch {
        std::set<std::string> paths; // one folder may have several names
        std::uint32_t mask = 0;
    };
    using Folders = std::map<std::string, Folder>; // a folder comes before those in it

    InotifyWatcher(boost::asio::io_context &io, int fd, OnChange on_change,
                   SilentFileSystem silent);
    void read_when_ready();
    void collect(const char *bytes, std::size_t count, std::set<std::string> &changed);
    void collect_event(const std::string &path, std::uint32_t mask, const std::string &name,
                       std::set<std::string> &changed);
    void renew(const std::string &top, std::set<std::string> &changed);
    void arm_below(const std::string &top);
    bool arm(const std::string &path, Folder &folder);
    void disarm(const std::string &path, Folder &folder);
    void check_file_system(const std::string &path, Folder &folder) const;
    void refresh_mask(const std::string &path);
    bool is_absent(const Folder &folder) const {
        return folder.watch_descriptor < 0 && !folder.unreliable;
    }
    bool awaits_folder(const std::string &path, const Folder &folder) const;
    Unwatched unwatched() const;

    boost::asio::posix::stream_descriptor inotify_;
    OnChange on_change_;
    SilentFileSystem silent_;
    std::set<std::string> files_;
    std::set<std::string> found_; // files to report that no event tells of
    Folders folders_;
    std::map<int, Watch> watches_; // by descriptor
};

// Network file systems and the like, where others write without this kernel knowing; for others
// empty.
std::string silent_file_system(const std::string &path);

} // namespace hotrun
