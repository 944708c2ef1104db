#include "linux/file_storage.hpp"

#include "linux/build_lock.hpp"
#include "linux/system_error.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hotrun {

namespace {

// Whether the path still leads there: it may have been removed before it was locked.
bool is_at(const UniqueFd &fd, const std::string &path) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(fd.get(), &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

} // namespace

// What a program has in its memory is for nobody else.
Result<std::unique_ptr<FileStorage>> FileStorage::open(const std::string &path, Purpose purpose) {
    constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    UniqueFd fd(::open(path.c_str(), kFlags));
    const bool is_new = !fd.is_open() && errno == ENOENT;
    if (is_new)
        fd = UniqueFd(::open(path.c_str(), kFlags | O_CREAT, 0600));
    struct stat status {};
    if (!fd.is_open() || ::fstat(fd.get(), &status) != 0)
        return system_error(std::string("can't ") + purpose.wanted + " " + path);
    if (!S_ISREG(status.st_mode))
        return Error{
            ErrorKind::kFailed,
            std::string("can't ") + purpose.wanted + " " + path + ": it is no regular file", 0};
    return std::unique_ptr<FileStorage>(new FileStorage(path, std::move(fd), is_new));
}

Result<std::unique_ptr<FileStorage>> FileStorage::open_locked(const std::string &path,
                                                              Purpose purpose) {
    while (true) {
        Result<std::unique_ptr<FileStorage>> file = open(path, purpose);
        if (!file)
            return file;
        const UniqueFd &fd = (*file)->fd_;
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK)
                return system_error("can't lock " + path);
            const std::optional<int> pid = BuildLock::holder(path);
            return Error{
                ErrorKind::kBusy,
                "another run" + (pid ? " (process " + std::to_string(*pid) + ")" : std::string()) +
                    " " + purpose.does + " " + path + "; stop it first, or name another file",
                EWOULDBLOCK};
        }
        if (is_at(fd, path))
            return file;
    }
}

std::uint64_t FileStorage::size_bytes() const {
    struct stat status {};
    return ::fstat(fd_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size)
                                            : UINT64_MAX;
}

Status FileStorage::read_at(std::uint64_t offset, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        const ssize_t got =
            ::pread(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return system_error("can't read " + path_);
        if (got == 0)
            return Error{ErrorKind::kFailed, path_ + " is cut short", 0};
        bytes = bytes.subspan(static_cast<std::size_t>(got));
        offset += static_cast<std::uint64_t>(got);
    }
    return Done{};
}

Status FileStorage::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t put =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return system_error("can't write " + path_);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return Done{};
}

Status FileStorage::cut(std::uint64_t size_bytes) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_bytes)) != 0)
        return system_error("can't write " + path_);
    return Done{};
}

Status FileStorage::sync() {
    if (::fdatasync(fd_.get()) != 0)
        return system_error("can't write " + path_);
    if (!is_at(fd_, path_))
        return Error{ErrorKind::kFailed, path_ + " was removed or moved away", 0};
    return Done{};
}

} // namespace hotrun
