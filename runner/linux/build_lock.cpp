#include "linux/build_lock.hpp"

#include "linux/system_error.hpp"

#include <charconv>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace hotrun {

namespace {

// "08:01:1234" of a line of /proc/locks, the device in hexadecimal: is it that inode?
bool is_inode(const std::string &text, const struct stat &status) {
    unsigned major_number = 0;
    unsigned minor_number = 0;
    unsigned long long inode = 0;
    char colon = 0;
    std::istringstream fields(text);
    fields >> std::hex >> major_number >> colon >> minor_number >> colon >> std::dec >> inode;
    return inode == status.st_ino && major_number == major(status.st_dev) &&
           minor_number == minor(status.st_dev);
}

// The process that holds the lock, by /proc/locks (proc(5)); empty: it does not tell.
std::string holder_of(const std::string &builddir) {
    struct stat status;
    if (::stat(builddir.c_str(), &status) != 0)
        return "";
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream fields(line);
        std::string number, kind, mode, access, pid, inode;
        if (fields >> number >> kind >> mode >> access >> pid >> inode && kind == "FLOCK" &&
            is_inode(inode, status))
            return pid;
    }
    return "";
}

constexpr std::chrono::seconds kPatience{2};
constexpr std::chrono::milliseconds kPause{2};

} // namespace

Result<BuildLock> BuildLock::take(const std::string &builddir) {
    UniqueFd fd(::open(builddir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open())
        return system_error("can't open the build folder " + builddir);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0)
        return BuildLock(std::move(fd));
    if (errno != EWOULDBLOCK)
        return system_error("can't lock the build folder " + builddir);
    const std::string pid = holder_of(builddir);
    return Error{ErrorKind::kBusy,
                 "another hotrun" + (pid.empty() ? "" : " (process " + pid + ")") +
                     " works in the build folder " + builddir + "; stop it first",
                 EWOULDBLOCK};
}

Result<BuildLock> BuildLock::take_again(const std::string &builddir) {
    Result<BuildLock> lock = take(builddir);
    if (lock || lock.error().kind != ErrorKind::kBusy ||
        holder(builddir).value_or(::getpid()) != ::getpid())
        return lock;
    // flock(2) knows no time-out, and a child that starts no program keeps its copy.
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!lock && lock.error().kind == ErrorKind::kBusy &&
           holder(builddir).value_or(::getpid()) == ::getpid() &&
           std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(kPause);
        lock = take(builddir);
    }
    return lock;
}

std::optional<int> BuildLock::holder(const std::string &builddir) {
    const std::string pid = holder_of(builddir);
    int number = 0;
    const auto [end, error] = std::from_chars(pid.data(), pid.data() + pid.size(), number);
    return error == std::errc() && number > 0 ? std::optional(number) : std::nullopt;
}

} // namespace hotrun
