#include "linux/group_keeper.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hotrun {

namespace {

// Holds nothing that others wait for the end of, and hears no signal of the terminal.
[[noreturn]] void keep_until_end(int socket) {
    ::setsid();
    ::prctl(PR_SET_NAME, "hotrun-keeper");
    ::dup2(socket, 0);
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
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return;
    const UniqueFd reader(ends[0]);
    socket_ = UniqueFd(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0)
        keep_until_end(reader.get());
}

GroupKeeper::~GroupKeeper() {
    socket_.reset();
    if (pid_ > 0)
        ::waitpid(pid_, nullptr, 0);
}

void GroupKeeper::keep(pid_t group) const {
    if (::send(socket_.get(), &group, sizeof group, MSG_NOSIGNAL) < 0)
        return; // it was killed: the program itself ends with us all the same
}

} // namespace hotrun
