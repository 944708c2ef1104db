#include "terminal.hpp"

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

} // namespace hotrun
