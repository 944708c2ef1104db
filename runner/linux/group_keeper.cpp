#include "linux/group_keeper.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hotrun {

namespace {

// Holds nothing that others wait for the end of, and hears no signal of the terminal.
[[noreturn]] void keep_until_end(int pipe) {
    ::setsid();
    ::prctl(PR_SET_NAME, "hotrun-keeper");
    ::dup2(pipe, 0);
    ::close_range(1, ~0U, 0);
    pid_t group = 0;
    pid_t next = 0;
    while (true) {
        const ssize_t got = ::read(0, &next, sizeof next);
        if (got == static_cast<ssize_t>(sizeof next))
            group = next;
        else if (got >= 0 || errno != EINTR)
            break;
    }
    if (group > 0)
        ::kill(-group, SIGKILL);
    ::_exit(0);
}

} // namespace

GroupKeeper::GroupKeeper() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return;
    const UniqueFd reader(ends[0]);
    pipe_ = UniqueFd(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0)
        keep_until_end(reader.get());
}

GroupKeeper::~GroupKeeper() {
    pipe_.reset();
    if (pid_ > 0)
        ::waitpid(pid_, nullptr, 0);
}

void GroupKeeper::keep(pid_t group) const {
    if (::write(pipe_.get(), &group, sizeof group) < 0)
        return; // it was killed: the program itself ends with us all the same
}

} // namespace hotrun
