#include "linux/linux_file_system.hpp"

#include "linux/system_error.hpp"
#include "linux/unique_fd.hpp"

#include <boost/filesystem.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace fs = boost::filesystem;

namespace hotrun {

namespace {

constexpr std::size_t kBlockBytes = 256u << 10;

// Boost.Filesystem reads file times in whole seconds: not enough to tell two saves apart.
std::chrono::nanoseconds to_nanoseconds(const struct timespec &time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Timestamp to_timestamp(const struct stat &status) {
    return {.mtime_ns = to_nanoseconds(status.st_mtim).count(),
            .size_bytes = static_cast<std::uint64_t>(status.st_size),
            .inode = status.st_ino,
            .device = status.st_dev};
}

// Reads until `bytes` are full or the file ends; how many it got, or -1.
ssize_t read_fully(int fd, std::uint64_t offset, std::span<std::byte> bytes) {
    std::size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t got = ::pread(fd, bytes.data() + filled, bytes.size() - filled,
                                    static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        filled += static_cast<std::size_t>(got);
    }
    return static_cast<ssize_t>(filled);
}

bool write_fully(int fd, std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(put));
        offset += static_cast<std::size_t>(put);
    }
    return true;
}

// Gives `block`, which starts at `offset` in its file, the bytes from before the patches.
void revert(std::span<const Patch> patches, std::uint64_t offset, std::span<std::byte> block) {
    for (const Patch &patch : patches) {
        const std::uint64_t from = std::max(patch.offset, offset);
        const std::uint64_t to =
            std::min(patch.offset + patch.before.size(), offset + block.size());
        if (from < to)
            std::memcpy(block.data() + (from - offset), patch.before.data() + (from - patch.offset),
                        to - from);
    }
}

class LinuxFile : public File {
  public:
    LinuxFile(UniqueFd fd, Timestamp timestamp) : fd_(std::move(fd)), timestamp_(timestamp) {}

    Timestamp timestamp() const override { return timestamp_; }

    bool read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
        return read_fully(fd_.get(), offset, bytes) == static_cast<ssize_t>(bytes.size());
    }

    // A read lease is refused while anybody has the file open for writing, and holds up later ones
    // until it is given back (fcntl(2), "Leases"). The signal that tells of those is ignored by
    // default, unlike SIGIO.
    Writers lock_out_writers() override {
        ::fcntl(fd_.get(), F_SETSIG, SIGURG);
        if (::fcntl(fd_.get(), F_SETLEASE, F_RDLCK) == 0)
            return Writers::kNone;
        return errno == EAGAIN ? Writers::kSome : Writers::kUnknown;
    }

  private:
    UniqueFd fd_;
    Timestamp timestamp_;
};

UniqueFd open_to_read(const std::string &path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

Error boost_error(const std::string &what, const boost::system::error_code &error) {
    return Error{ErrorKind::kFailed, what + ": " + error.message(), error.value()};
}

// Shares the blocks of `from`; false where the file system can't.
bool reflink(const std::string &from, const std::string &to) {
    const UniqueFd source = open_to_read(from);
    struct stat status;
    if (!source.is_open() || ::fstat(source.get(), &status) != 0)
        return false;
    const UniqueFd target(
        ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0777));
    return target.is_open() && ::ioctl(target.get(), FICLONE, source.get()) == 0;
}

} // namespace

std::optional<Timestamp> LinuxFileSystem::timestamp(const std::string &path) const {
    struct stat status;
    if (::fstatat(AT_FDCWD, path.c_str(), &status, 0) != 0)
        return std::nullopt;
    return to_timestamp(status);
}

FileLook LinuxFileSystem::look(const std::string &path) const {
    FileLook look;
    struct stat status;
    int failed = ::fstatat(AT_FDCWD, path.c_str(), &status, AT_SYMLINK_NOFOLLOW);
    look.is_link = failed == 0 && S_ISLNK(status.st_mode);
    if (look.is_link)
        failed = ::fstatat(AT_FDCWD, path.c_str(), &status, 0);
    if (failed != 0)
        return look;
    look.timestamp = to_timestamp(status);
    look.changed_at = to_nanoseconds(status.st_ctim);
    return look;
}

bool LinuxFileSystem::is_folder(const std::string &path) const {
    boost::system::error_code ignored;
    return fs::is_directory(path, ignored);
}

bool LinuxFileSystem::is_link(const std::string &path) const {
    boost::system::error_code ignored;
    return fs::symlink_status(path, ignored).type() == fs::symlink_file;
}

Result<std::unique_ptr<File>> LinuxFileSystem::open(const std::string &path) const {
    UniqueFd fd = open_to_read(path);
    struct stat status;
    if (!fd.is_open() || ::fstat(fd.get(), &status) != 0)
        return system_error("can't open " + path);
    return std::unique_ptr<File>(std::make_unique<LinuxFile>(std::move(fd), to_timestamp(status)));
}

Result<std::string> LinuxFileSystem::read(const std::string &path, std::uint64_t offset) const {
    const UniqueFd fd = open_to_read(path);
    if (!fd.is_open())
        return system_error("can't read " + path);
    std::string content;
    struct stat status; // no more than a hint: of some files the kernel does not say the size
    if (::fstat(fd.get(), &status) == 0 && std::cmp_greater(status.st_size, offset))
        content.reserve(static_cast<std::size_t>(status.st_size) - offset + kBlockBytes);
    while (true) {
        const std::size_t filled = content.size();
        content.resize(filled + kBlockBytes);
        const auto block = std::as_writable_bytes(std::span(content)).subspan(filled);
        const ssize_t got = read_fully(fd.get(), offset + filled, block);
        if (got < 0)
            return system_error("can't read " + path);
        content.resize(filled + static_cast<std::size_t>(got));
        if (static_cast<std::size_t>(got) < kBlockBytes)
            return content;
    }
}

bool LinuxFileSystem::same_content(const std::string &a, const std::string &b,
                                   std::span<const Patch> patches) const {
    const std::optional<Timestamp> stamp_a = timestamp(a);
    const std::optional<Timestamp> stamp_b = timestamp(b);
    if (!stamp_a || !stamp_b || stamp_a->size_bytes != stamp_b->size_bytes)
        return false;
    const UniqueFd fd_a = open_to_read(a);
    const UniqueFd fd_b = open_to_read(b);
    std::vector<std::byte> block_a(kBlockBytes);
    std::vector<std::byte> block_b(kBlockBytes);
    for (std::uint64_t offset = 0;; offset += kBlockBytes) {
        const ssize_t got_a = read_fully(fd_a.get(), offset, block_a);
        const ssize_t got_b = read_fully(fd_b.get(), offset, block_b);
        if (got_a < 0 || got_a != got_b)
            return false;
        revert(patches, offset, std::span(block_b).first(static_cast<std::size_t>(got_b)));
        if (std::memcmp(block_a.data(), block_b.data(), static_cast<std::size_t>(got_a)) != 0)
            return false;
        if (got_a < static_cast<ssize_t>(kBlockBytes))
            return true;
    }
}

Result<std::vector<std::string>> LinuxFileSystem::list(const std::string &folder) const {
    boost::system::error_code error;
    std::vector<std::string> names;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error))
        names.push_back(entry->path().filename().string());
    if (error)
        return boost_error("can't list " + folder, error);
    return names;
}

Status LinuxFileSystem::write_whole(const std::string &path, std::string_view content) {
    const std::string beside = path + "." + std::to_string(::getpid());
    bool written = false;
    {
        const UniqueFd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        written = fd.is_open() && write_fully(fd.get(), 0, content);
    }
    if (written && ::rename(beside.c_str(), path.c_str()) == 0)
        return Done{};
    Error error = system_error("can't write " + path);
    ::unlink(beside.c_str());
    return error;
}

std::string LinuxFileSystem::canonical(const std::string &path) const {
    boost::system::error_code error;
    const fs::path result = fs::weakly_canonical(path, error);
    std::string text = error ? fs::path(path).lexically_normal().string() : result.string();
    if (text.size() > 1 && text.back() == '/')
        text.pop_back();
    return text;
}

Status LinuxFileSystem::copy(const std::string &from, const std::string &to) {
    boost::system::error_code error;
    fs::remove(to, error); // its inode may have other names, or be mapped
    if (reflink(from, to))
        return Done{};
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
    if (!error)
        return Done{};
    boost::system::error_code ignored;
    fs::remove(to, ignored);
    return boost_error("can't copy " + from + " to " + to, error);
}

// The copy of a library that nobody may write is one that nobody may write.
Status LinuxFileSystem::patch(const std::string &path, std::span<const Patch> patches) {
    boost::system::error_code ignored;
    fs::permissions(path, fs::add_perms | fs::owner_write, ignored);
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    for (const Patch &patch : patches) {
        if (!fd.is_open() || !write_fully(fd.get(), patch.offset, patch.after))
            return system_error("can't write " + path);
    }
    return Done{};
}

Status LinuxFileSystem::sync(const std::string &path) {
    const UniqueFd fd = open_to_read(path);
    if (!fd.is_open() || ::fsync(fd.get()) != 0)
        return system_error("can't write " + path);
    return Done{};
}

Status LinuxFileSystem::create_folder(const std::string &path) {
    boost::system::error_code error;
    fs::create_directory(path, error);
    if (error)
        return boost_error("can't make the folder " + path, error);
    return Done{};
}

bool LinuxFileSystem::can_create_in(const std::string &folder) const {
    return ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

Result<std::string> LinuxFileSystem::make_private_folder(const std::string &prefix) {
    boost::system::error_code error;
    const fs::path temporary = fs::temp_directory_path(error);
    if (error)
        return boost_error("can't find the folder for temporary files", error);
    std::string pattern = (temporary / (prefix + "XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr)
        return system_error("can't make a folder in " + temporary.string());
    return pattern;
}

Status LinuxFileSystem::remove(const std::string &path) {
    boost::system::error_code error;
    fs::remove(path, error);
    if (error)
        return boost_error("can't remove " + path, error);
    return Done{};
}

Status LinuxFileSystem::make_old(const std::string &path) {
    const std::array<timespec, 2> long_ago = {timespec{1, 0}, timespec{1, 0}};
    if (::utimensat(AT_FDCWD, path.c_str(), long_ago.data(), 0) != 0)
        return system_error("can't set the time of " + path);
    return Done{};
}

} // namespace hotrun
