#include "e2e/child.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace hotrun::e2e {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const std::vector<std::string> &words, const std::string &directory) {
    std::vector<char *> arguments;
    for (const std::string &word : words)
        arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is killed leaves nothing running
    if (::chdir(directory.c_str()) == 0)
        ::execvp(arguments.front(), arguments.data());
    ::_exit(127);
}

pid_t start_on_terminal(const std::vector<std::string> &words, const std::string &directory,
                        int &fd) {
    const winsize size = {24, 80, 0, 0};
    const pid_t pid = ::forkpty(&fd, nullptr, nullptr, &size);
    if (pid == 0)
        become(words, directory);
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return pid;
}

pid_t start_on_pipe(const std::vector<std::string> &words, const std::string &directory, int &fd) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return -1;
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(ends[1], 1);
        ::dup2(ends[1], 2);
        become(words, directory);
    }
    ::close(ends[1]);
    fd = ends[0];
    return pid;
}

} // namespace

Child::Child(const std::vector<std::string> &words, const std::string &directory, Streams streams) {
    pid_ = streams == Streams::kTerminal ? start_on_terminal(words, directory, fd_)
                                         : start_on_pipe(words, directory, fd_);
    EXPECT_GT(pid_, 0);
    pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

Child::~Child() {
    if (running()) {
        signal(SIGTERM);
        wait_for_exit();
    }
    for (const int fd : {fd_, pidfd_}) {
        if (fd >= 0)
            ::close(fd);
    }
}

void Child::also_read(int fd, std::function<void(std::string_view)> take) {
    also_fd_ = fd;
    take_also_ = std::move(take);
}

bool Child::wait_until(const std::function<bool()> &enough, const std::string &what) {
    const auto end = Clock::now() + kPatience;
    while (!enough()) {
        if (read_some(end))
            continue;
        ADD_FAILURE() << "waited in vain for " << what << "; the output was:\n" << output_;
        return false;
    }
    return true;
}

bool Child::wait_for(const std::string &text) {
    std::size_t at = std::string::npos;
    const bool found =
        wait_until([&] { return (at = output_.find(text, found_to_)) != std::string::npos; },
                   "\"" + text + "\"");
    if (found)
        found_to_ = at + text.size();
    return found;
}

void Child::skip_output() {
    for (pollfd waited{fd_, POLLIN, 0}; fd_ >= 0 && ::poll(&waited, 1, 0) > 0; waited.fd = fd_)
        read_from(fd_, [this](std::string_view text) { output_ += text; });
    found_to_ = output_.size();
}

// False: nothing more can come before `end`.
bool Child::read_some(Clock::time_point end) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    std::array<pollfd, 3> waited = {{{fd_, POLLIN, 0}, {also_fd_, POLLIN, 0}, {pidfd_, POLLIN, 0}}};
    if (left <= 0 || ::poll(waited.data(), waited.size(), static_cast<int>(left)) <= 0)
        return false;
    bool read = false;
    if (waited[0].revents != 0)
        read |= read_from(fd_, [this](std::string_view text) { output_ += text; });
    if (waited[1].revents != 0)
        read |= read_from(also_fd_, take_also_);
    // What an ended program has left behind is read first.
    return read || waited[2].revents == 0;
}

bool Child::read_from(int &fd, const std::function<void(std::string_view)> &take) {
    std::array<char, 64 * 1024> buffer;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got <= 0) { // a terminal whose last program has gone answers with an error
        if (&fd == &fd_) {
            reads_lines();
            ::close(fd);
        }
        fd = -1;
        return false;
    }
    take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    return true;
}

void Child::signal(int number) const {
    ASSERT_TRUE(running()); // -1 would be everybody
    ::kill(pid_, number);
}

void Child::type(const std::string &keys) const {
    EXPECT_EQ(::write(fd_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

void Child::resize(unsigned short rows, unsigned short columns) const {
    const winsize size = {rows, columns, 0, 0};
    EXPECT_EQ(::ioctl(fd_, TIOCSWINSZ, &size), 0);
}

bool Child::reads_lines() {
    termios mode{};
    if (::tcgetattr(fd_, &mode) == 0)
        read_lines_ = (mode.c_lflag & ICANON) != 0 && (mode.c_lflag & ECHO) != 0;
    return read_lines_;
}

int Child::wait_for_exit() {
    const auto end = Clock::now() + kPatience;
    while (read_some(end)) {
    }
    pollfd exit = {pidfd_, POLLIN, 0};
    if (::poll(&exit, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) != 1) {
        ADD_FAILURE() << "the program does not end; its output was:\n" << output_;
        signal(SIGKILL);
    }
    ::waitpid(pid_, &wait_status_, 0);
    pid_ = -1;
    return WIFSIGNALED(wait_status_) ? 128 + WTERMSIG(wait_status_) : WEXITSTATUS(wait_status_);
}

} // namespace hotrun::e2e
