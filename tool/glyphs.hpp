// What our own texts on a terminal are drawn with.
#pragma once

#include <string>
#include <string_view>

namespace hotrun {

inline constexpr std::string_view kRed = "\x1b[31;1m";
inline constexpr std::string_view kYellow = "\x1b[33;1m";
inline constexpr std::string_view kGreen = "\x1b[32m";
inline constexpr std::string_view kMagenta = "\x1b[35;1m";
inline constexpr std::string_view kPlain = "\x1b[0m";

inline std::string in_color(std::string_view color, std::string_view text) {
    return std::string(color).append(text).append(kPlain);
}

struct Glyphs {
    std::string_view live;
    std::string_view building;
    std::string_view between; // two facts
    std::string_view within;  // a pair of brackets
    std::string_view cut;     // where something is left out
};
inline constexpr Glyphs kUnicodeGlyphs = {"●", "○", " · ", " · ", "…"};
inline constexpr Glyphs kAsciiGlyphs = {"*", "o", " | ", ", ", "..."};

} // namespace hotrun
