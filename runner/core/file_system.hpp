// The disk, as the runner needs it. One real implementation, one fake for tests.
#pragma once

#include "core/timestamp.hpp"
#include "hotrun/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

enum class Writers { kNone, kSome, kUnknown };

// An open file. Reads never map it, so that a file that is cut short while it is read is a short
// read and not a fault.
class File {
  public:
    virtual ~File() = default;

    virtual Timestamp timestamp() const = 0;

    // Fills `bytes` from `offset`; false if the file has not so many.
    virtual bool read_at(std::uint64_t offset, std::span<std::byte> bytes) const = 0;

    // Whether somebody has the file open for writing. After kNone, a new writer has to wait until
    // this File is closed. kUnknown: the file system can't tell.
    virtual Writers lock_out_writers() = 0;
};

// Bytes of a file that are replaced by as many others.
struct Patch {
    std::uint64_t offset = 0;
    std::string before;
    std::string after;

    bool operator==(const Patch &) const = default;
};

// A file at one moment; of a link, the file that it leads to.
struct FileLook {
    std::optional<Timestamp> timestamp; // none: absent
    // When the file's content, name or time was last set, since the epoch: no program can set this
    // one (ctime).
    std::chrono::nanoseconds changed_at{};
    bool is_link = false;
};

// Thread-safe. Paths are absolute; links are followed.
class FileSystem {
  public:
    virtual ~FileSystem() = default;

    virtual std::optional<Timestamp> timestamp(const std::string &path) const = 0; // none: absent

    // All of it at the price of a timestamp, unless there is a link.
    virtual FileLook look(const std::string &path) const = 0;

    virtual bool is_folder(const std::string &path) const = 0;
    virtual bool is_link(const std::string &path) const = 0;
    virtual Result<std::unique_ptr<File>> open(const std::string &path) const = 0;
    virtual Result<std::string> read(const std::string &path, std::uint64_t offset = 0) const = 0;

    // Whether `a` has the content of `b`, or the one that `b` had before these patches.
    virtual bool same_content(const std::string &a, const std::string &b,
                              std::span<const Patch> patches = {}) const = 0;

    // The names in a folder, none of them "." or "..".
    virtual Result<std::vector<std::string>> list(const std::string &folder) const = 0;

    // Beside the file first, so that nobody ever finds a half of it there.
    virtual Status write_whole(const std::string &path, std::string_view content) = 0;

    // Without links, "." and ".."; the parts that do not exist stay as they are.
    virtual std::string canonical(const std::string &path) const = 0;

    // A new file of its own inode: shared blocks where the file system can, else copied bytes.
    virtual Status copy(const std::string &from, const std::string &to) = 0;

    // In place, in a file that nobody else has: one that copy() has made.
    virtual Status patch(const std::string &path, std::span<const Patch> patches) = 0;

    // What was written to the file, or made in the folder, is there after a power failure too.
    virtual Status sync(const std::string &path) = 0;

    virtual Status create_folder(const std::string &path) = 0; // one that is there is no error
    virtual bool can_create_in(const std::string &folder) const = 0;
    virtual Result<std::string> make_private_folder(const std::string &prefix) = 0;

    // Removes a file or an empty folder; one that is not there is no error.
    virtual Status remove(const std::string &path) = 0;

    // Gives the file a time long ago, so that whatever was made from it counts as older.
    virtual Status make_old(const std::string &path) = 0;
};

} // namespace hotrun
