// The last row of a terminal, kept out of the way of what is printed above it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hotrun {

struct ScreenSize {
    std::size_t rows = 0;
    std::size_t columns = 0;
    bool operator==(const ScreenSize &) const = default;
};

// What printf(3) and write(2) print scrolls in a region that ends above the row (DECSTBM), and each
// of these leaves the cursor where it was (DECSC, DECRC), so neither garbles the other. Each is one
// text for one write, which a terminal does not mix with others.

// Enough room for a program above the row, and for something to be said in it.
bool has_room_for_row(const ScreenSize &size);

// Also anew, for another size: what is left below the cursor of a row before is erased.
std::string reserve_row(const ScreenSize &size);

std::string draw_row(const ScreenSize &size, std::string_view text);

// Of a screen of any size.
inline constexpr std::string_view kReleaseRow = "\x1b"
                                                "7\x1b[r\x1b[9999;1H\x1b[2K\x1b"
                                                "8";

// The title before is kept by the terminal (XTWINOPS), and comes back.
inline constexpr std::string_view kKeepTitle = "\x1b[22;0t";
inline constexpr std::string_view kPutTitleBack = "\x1b[23;0t";
std::string set_title(std::string_view title);

// A notification by the terminal (OSC 9).
std::string notify_by_terminal(std::string_view text);

} // namespace hotrun
