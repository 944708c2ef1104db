// Puts a terminal back when the process dies, however it does.
#pragma once

#include <string_view>

#include <termios.h>

namespace hotrun {

// Signal handlers call these too.
void write_all(int fd, std::string_view bytes) noexcept;

namespace rescue {

// From here on the terminal is put back at exit() and at the signals that end a process with a core
// dump, unless somebody handles them already. Once, before the first thread.
void install();

// What is to be put back; thread-bound, each.
void set_last_words(int fd, std::string_view bytes) noexcept;
void set_mode(int fd, const termios &mode) noexcept;
void put_mode_back() noexcept;

} // namespace rescue
} // namespace hotrun
