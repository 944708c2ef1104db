#include "linux/linux_process_table.hpp"

#include "linux/system_error.hpp"

#include <boost/filesystem.hpp>

#include <charconv>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <time.h>
#include <unistd.h>

namespace fs = boost::filesystem;

namespace hotrun {

namespace {

constexpr int kParentField = 4;
constexpr int kStartField = 22; // in clock ticks since the machine started

// A field of /proc/PID/stat (proc(5)). Field 2, the program's name in brackets, may hold blanks,
// brackets and line ends itself.
std::optional<std::int64_t> stat_number(std::int64_t pid, int wanted_field) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::ostringstream content; // an iterator would throw when the process ends meanwhile
    content << file.rdbuf();
    const std::string text = content.str();
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < wanted_field; ++field)
        fields >> skipped;
    std::int64_t number = 0;
    return fields >> number ? std::optional(number) : std::nullopt;
}

std::int64_t nanoseconds_of(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

} // namespace

std::int64_t LinuxProcessTable::own_pid() const {
    return ::getpid();
}

std::optional<std::chrono::nanoseconds> LinuxProcessTable::start_time(std::int64_t pid) const {
    const std::optional<std::int64_t> ticks = stat_number(pid, kStartField);
    if (!ticks)
        return std::nullopt;
    const std::int64_t since_boot = *ticks * (1'000'000'000LL / ::sysconf(_SC_CLK_TCK));
    const std::int64_t boot = nanoseconds_of(CLOCK_REALTIME) - nanoseconds_of(CLOCK_BOOTTIME);
    return std::chrono::nanoseconds(boot + since_boot);
}

namespace {

std::string content_of(const fs::path &path) {
    std::ifstream file(path.string());
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

bool is_ninja(const fs::path &process) {
    const std::string name = content_of(process / "comm");
    return name == "ninja\n" || name == "ninja-build\n" || name == "samu\n";
}

// One of ninja's tools, or a dry run, writes nothing.
bool builds(const fs::path &process) {
    const std::string words = content_of(process / "cmdline");
    return words.find(std::string_view("\0-t", 3)) == std::string::npos &&
           words.find(std::string_view("\0-n\0", 4)) == std::string::npos;
}

// The processes that this one was started by.
std::set<std::int64_t> ancestors() {
    std::set<std::int64_t> pids;
    for (std::int64_t pid = ::getppid(); pid > 0 && pids.insert(pid).second;)
        pid = stat_number(pid, kParentField).value_or(0);
    return pids;
}

} // namespace

std::optional<std::int64_t> LinuxProcessTable::find_ninja(const std::string &folder,
                                                          std::int64_t own_session) const {
    boost::system::error_code ignored;
    const std::set<std::int64_t> started_us = ancestors();
    for (fs::directory_iterator process("/proc", ignored), end; process != end;
         process.increment(ignored)) {
        const std::string name = process->path().filename().string();
        pid_t pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc() ||
            !is_ninja(process->path()) || ::getsid(pid) == own_session || started_us.contains(pid))
            continue;
        if (fs::read_symlink(process->path() / "cwd", ignored) == folder && builds(process->path()))
            return pid;
    }
    return std::nullopt;
}

Result<std::string> executable_path() {
    boost::system::error_code error;
    const boost::filesystem::path path = boost::filesystem::read_symlink("/proc/self/exe", error);
    if (error)
        return Error{ErrorKind::kFailed, "can't find this program's executable: " + error.message(),
                     error.value()};
    return path.string();
}

} // namespace hotrun
