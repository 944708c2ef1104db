#include "terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hotrun {

bool is_terminal(std::FILE *stream) {
    return ::isatty(::fileno(stream)) == 1;
}

std::size_t terminal_columns(std::FILE *stream) {
    winsize size{};
    if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

std::FILE *second_standard_output() {
    return ::fdopen(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), "w");
}

} // namespace hotrun
