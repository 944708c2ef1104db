// The file that is loaded in place of the library, so that the linker can write the library while
// its code runs.
#pragma once

#include "core/file_system.hpp"
#include "core/process_table.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace hotrun {

// libX_live.<pid>.<generation>.so beside libX.so. The dynamic linker knows a library by its name:
// a name is never used twice. `attempt` counts the copies for one generation, of which all but the
// last were given up before the switch; above 1 it is part of the name.
struct LiveCopyName {
    std::int64_t pid = 0;
    std::uint64_t generation = 0;
    unsigned attempt = 1;

    std::string file_name(const std::string &library_name) const;

    // None: `file_name` is no live copy of that library.
    static std::optional<LiveCopyName> parse(const std::string &library_name,
                                             const std::string &file_name);
    bool operator==(const LiveCopyName &) const = default;
};

// Removes those copies of `library` in `folder` for which `belongs` says so.
void remove_live_copies(
    FileSystem &files, const std::string &library, const std::string &folder,
    const std::function<bool(const LiveCopyName &, const std::optional<Timestamp> &)> &belongs);

// Removes the copies of `library` that processes have left which do not run any more; a process
// that was started after the copy was made only has the same number.
void remove_stale_live_copies(FileSystem &files, const ProcessTable &processes,
                              const std::string &library);

// A live copy on the disk; goes with this object.
class LiveCopy {
  public:
    // In `folder`, which has to exist.
    static Result<LiveCopy> create(FileSystem &files, const std::string &library,
                                   const LiveCopyName &name, const std::string &folder);

    // Takes over one that is there.
    static LiveCopy adopt(FileSystem &files, std::string path) { return {files, std::move(path)}; }

    // A file of somebody else's, which stays.
    static LiveCopy borrow(FileSystem &files, std::string path) {
        LiveCopy copy(files, std::move(path));
        copy.is_owned_ = false;
        return copy;
    }

    LiveCopy(LiveCopy &&other) noexcept
        : files_(other.files_), path_(std::move(other.path_)), is_owned_(other.is_owned_) {
        other.path_.clear();
    }
    LiveCopy &operator=(LiveCopy &&) = delete;
    ~LiveCopy();

    const std::string &path() const { return path_; }

  private:
    LiveCopy(FileSystem &files, std::string path) : files_(&files), path_(std::move(path)) {}

    FileSystem *files_;
    std::string path_;
    bool is_owned_ = true;
};

} // namespace hotrun
