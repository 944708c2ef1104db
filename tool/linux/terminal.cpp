#include "terminal.hpp"

#include "screen_text.hpp"
#include "terminal_rescue.hpp"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hotrun {

namespace {

class TerminalScreen : public Screen {
  public:
    explicit TerminalScreen(std::FILE *stream) : stream_(stream) {}

    // 80 columns where it does not tell.
    ScreenSize size() const override {
        winsize size{};
        if (::ioctl(::fileno(stream_), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
            return {0, 80};
        return {size.ws_row, size.ws_col};
    }

    bool is_ready() const override {
        pollfd terminal{::fileno(stream_), POLLOUT, 0};
        return ::poll(&terminal, 1, 0) == 1;
    }

    void write(std::string_view bytes) override { write_all(::fileno(stream_), bytes); }

    void set_last_words(std::string_view bytes) override {
        rescue::set_last_words(::fileno(stream_), bytes);
    }

  private:
    std::FILE *stream_;
};

} // namespace

bool is_terminal(std::FILE *stream) {
    return ::isatty(::fileno(stream)) == 1;
}

bool is_in_foreground(std::FILE *stream) {
    return ::tcgetpgrp(::fileno(stream)) == ::getpgrp();
}

std::unique_ptr<Screen> make_screen(std::FILE *stream) {
    return std::make_unique<TerminalScreen>(stream);
}

void tell(std::FILE *stream, std::string_view text) {
    constexpr std::size_t kIndent = 4;
    const std::string shown = is_terminal(stream)
                                  ? fold(text, make_screen(stream)->size().columns, kIndent)
                                  : std::string(text);
    std::fputs(shown.c_str(), stream);
}

std::FILE *second_standard_output() {
    return ::fdopen(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), "w");
}

} // namespace hotrun
