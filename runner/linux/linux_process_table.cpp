#include "linux/linux_process_table.hpp"

#include "linux/system_error.hpp"

#include <boost/filesystem.hpp>

#include <fstream>
#include <iterator>
#include <sstream>

#include <time.h>
#include <unistd.h>

namespace hotrun {

namespace {

// Field 22 of /proc/PID/stat, in clock ticks since the machine started (proc(5)). Field 2, the
// program's name in brackets, may hold blanks, brackets and line ends itself.
std::optional<std::int64_t> start_ticks(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 22; ++field)
        fields >> skipped;
    std::int64_t ticks = 0;
    return fields >> ticks ? std::optional(ticks) : std::nullopt;
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
    const std::optional<std::int64_t> ticks = start_ticks(pid);
    if (!ticks)
        return std::nullopt;
    const std::int64_t since_boot = *ticks * (1'000'000'000LL / ::sysconf(_SC_CLK_TCK));
    const std::int64_t boot = nanoseconds_of(CLOCK_REALTIME) - nanoseconds_of(CLOCK_BOOTTIME);
    return std::chrono::nanoseconds(boot + since_boot);
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
