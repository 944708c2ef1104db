// Saves by way of inotify on folders.
#pragma once

#include "core/watcher.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <map>

namespace hotrun {

// Folders are watched, not files: most editors save by moving a new file over the old one, and a
// watch on the file would stay with the old one.
class InotifyWatcher : public Watcher {
  public:
    static Result<std::unique_ptr<InotifyWatcher>> create(boost::asio::io_context &io,
                                                          OnChange on_change);

    Status watch(const std::set<std::string> &files) override;
    void drain() override;

  private:
    struct Folder {
        int watch_descriptor = -1; // -1: not there, or it could not be watched
        std::set<std::string> names;
    };

    InotifyWatcher(boost::asio::io_context &io, int fd, OnChange on_change);
    void read_when_ready();
    void collect(const char *bytes, std::size_t count, std::set<std::string> &changed);
    void collect_folder(const std::string &path, std::set<std::string> &changed) const;
    Status arm(const std::string &path, Folder &folder);
    void disarm(const std::string &path, Folder &folder);

    boost::asio::posix::stream_descriptor inotify_;
    OnChange on_change_;
    std::map<std::string, Folder> folders_;
    std::map<int, std::set<std::string>> paths_by_watch_; // one folder may have several names
};

} // namespace hotrun
