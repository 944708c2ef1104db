#include "desktop_notices.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace hotrun {

namespace {

bool is_set(const char *name) {
    const char *value = ::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value != nullptr && *value != '\0';
}

} // namespace

// The shell looks for it, and does not wait for it: nobody knows when a desktop answers. In a
// process group of its own it lives on when the terminal's user presses Ctrl+C.
bool notify_desktop(const std::string &title, const std::string &text) {
    if (!is_set("DBUS_SESSION_BUS_ADDRESS"))
        return false;
    std::string command = "command -v notify-send >/dev/null || exit 1; "
                          "notify-send -a hotrun -- \"$1\" \"$2\" </dev/null >/dev/null 2>&1 &";
    std::string shell = "sh";
    std::string option = "-c";
    std::string first = title;
    std::string second = text;
    std::array<char *, 7> words = {shell.data(), option.data(), command.data(), shell.data(),
                                   first.data(), second.data(), nullptr};
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                POSIX_SPAWN_SETSIGDEF);
    sigset_t signals;
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
    pid_t pid = 0;
    const int failed = ::posix_spawn(&pid, "/bin/sh", nullptr, &attributes, words.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    int status = 0;
    pid_t ended = -1;
    while (failed == 0 && (ended = ::waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
    }
    return ended == pid && failed == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace hotrun
