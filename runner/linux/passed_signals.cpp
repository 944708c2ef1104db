#include "linux/passed_signals.hpp"

#include <cerrno>

#include <sys/signalfd.h>
#include <unistd.h>

namespace hotrun {

namespace {

bool is_ignored(int signal) {
    struct sigaction now {};
    return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

} // namespace

PassedSignals::PassedSignals(boost::asio::io_context &io, OnSignal on_signal)
    : stream_(io), on_signal_(std::move(on_signal)) {
    sigset_t passed;
    sigemptyset(&passed);
    for (const int signal :
         {SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT, SIGCHLD, SIGPIPE})
        sigaddset(&passed, signal);
    if (!is_ignored(SIGHUP)) // as nohup(1) has it
        sigaddset(&passed, SIGHUP);
    sigset_t blocked = passed;
    sigaddset(&blocked, SIGTTOU); // in the background we write, and take the terminal back
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
    stream_.assign(::signalfd(-1, &passed, SFD_CLOEXEC | SFD_NONBLOCK));
    wait();
}

PassedSignals::~PassedSignals() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void PassedSignals::wait() {
    stream_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const auto &error) {
        if (error)
            return;
        read();
        wait();
    });
}

void PassedSignals::read() {
    signalfd_siginfo info{};
    while (::read(stream_.native_handle(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
        on_signal_(static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL);
}

} // namespace hotrun
