#include "reserved_row.hpp"

#include "screen_text.hpp"

namespace hotrun {

namespace {

constexpr const char *kSaveCursor = "\x1b"
                                    "7";
constexpr const char *kRestoreCursor = "\x1b"
                                       "8";

} // namespace

bool has_room_for_row(const ScreenSize &size) {
    constexpr std::size_t kLeastRows = 4;
    constexpr std::size_t kLeastColumns = 20;
    return size.rows >= kLeastRows && size.columns >= kLeastColumns;
}

// The cursor may stand in the row that is to be kept: the screen moves up by one then, with it.
std::string reserve_row(const ScreenSize &size) {
    const std::string above = "\x1b[1;" + std::to_string(size.rows - 1) + "r";
    const std::string no_region = kSaveCursor + std::string("\x1b[r") + kRestoreCursor;
    const std::string erase_below = "\x1b[J";
    const std::string down = "\x1b"
                             "D";
    const std::string up = "\x1b[A";
    return no_region + erase_below + down + kSaveCursor + above + kRestoreCursor + up;
}

std::string draw_row(const ScreenSize &size, std::string_view text) {
    return kSaveCursor + ("\x1b[" + std::to_string(size.rows)) + ";1H\x1b[0m\x1b[2K" +
           std::string(text) + kRestoreCursor;
}

std::string set_title(std::string_view title) {
    return "\x1b]2;" + showable(title) + "\x07";
}

std::string notify_by_terminal(std::string_view text) {
    return "\x1b]9;" + showable(text) + "\x07";
}

} // namespace hotrun
