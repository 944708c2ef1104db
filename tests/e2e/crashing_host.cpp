// A host with a handler of its own for SIGSEGV, or with none: crashing-host LIBRARY FLAG [handler].
// It steps the library until the flag is there, and crashes then.
#include "hotrun/runner.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <signal.h>
#include <unistd.h>

namespace {

// What else it could do is not allowed in a handler.
void own_handler(int, siginfo_t *info, void *) {
    constexpr int kStatus = 42;
    ::_exit(info->si_addr == nullptr ? kStatus : kStatus + 1);
}

void set_own_handler() {
    struct sigaction action {};
    action.sa_sigaction = own_handler;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &action, nullptr);
}

__attribute__((noinline, no_sanitize("undefined"))) void crash() {
    volatile int *volatile nowhere = nullptr;
    *nowhere = 1;
}

} // namespace

int main(int argc, char **argv) {
    if (argc > 3)
        set_own_handler();
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    hotrun::Options options;
    options.targets = {argv[1]};
    options.build = false;
    options.guard = hotrun::GuardChoice::kOn;
    auto runner = hotrun::Runner::create(std::move(options));
    if (!runner)
        return 1;
    while (runner->poll()) {
        runner->step();
        if (::access(argv[2], F_OK) == 0)
            crash();
        runner->wait(std::chrono::milliseconds(1));
    }
    return runner->exit_status();
}
