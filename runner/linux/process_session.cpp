#include "linux/process_session.hpp"

#include "linux/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hotrun {

namespace {

using Clock = std::chrono::steady_clock;

struct Membership {
    char state = 0;
    pid_t session = 0;
};

// Fields 3 and 6 of /proc/PID/stat (proc(5)). Field 2, the program's name in brackets, may hold
// blanks and brackets itself.
Membership membership_of(int proc, const char *pid) {
    const std::string path = std::string(pid) + "/stat";
    const UniqueFd file(::openat(proc, path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 512> bytes;
    const ssize_t got = file.is_open() ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
    if (got <= 0)
        return {};
    std::string_view rest(bytes.data(), static_cast<std::size_t>(got));
    rest.remove_prefix(std::min(rest.rfind(") "), rest.size() - 2) + 2);
    Membership membership;
    if (rest.empty())
        return membership;
    membership.state = rest.front();
    for (int skipped = 0; skipped < 3; ++skipped)
        rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
    std::from_chars(rest.data(), rest.data() + rest.size(), membership.session);
    return membership;
}

bool wait_for_end(const UniqueFd &process, Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd end = {process.get(), POLLIN, 0};
    return ::poll(&end, 1, std::max(0, static_cast<int>(left.count()))) > 0;
}

} // namespace

std::vector<pid_t> session_members(pid_t session) {
    std::vector<pid_t> members;
    DIR *folder = ::opendir("/proc");
    if (folder == nullptr)
        return members;
    while (const dirent *entry = ::readdir(folder)) { // NOLINT(concurrency-mt-unsafe)
        const char *name = entry->d_name;
        pid_t pid = 0;
        if (std::from_chars(name, name + std::strlen(name), pid).ec != std::errc())
            continue;
        const Membership membership = membership_of(::dirfd(folder), name);
        const bool dead = membership.state == 'Z' || membership.state == 'X';
        if (membership.session == session && !dead)
            members.push_back(pid);
    }
    ::closedir(folder);
    return members;
}

// Again, until a look finds none: one may be forking while the others are killed.
void kill_session(pid_t session, Leader leader, std::chrono::milliseconds limit) {
    const Clock::time_point deadline = Clock::now() + limit;
    do {
        std::vector<pid_t> members = session_members(session);
        if (leader == Leader::kSpared)
            std::erase(members, session);
        if (members.empty())
            return;
        std::vector<UniqueFd> dying;
        for (const pid_t pid : members) {
            UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
            if (::kill(pid, SIGKILL) == 0 && process.is_open())
                dying.push_back(std::move(process));
        }
        for (const UniqueFd &process : dying)
            wait_for_end(process, deadline);
    } while (Clock::now() < deadline);
}

} // namespace hotrun
