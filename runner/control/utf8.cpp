#include "control/utf8.hpp"

#include <array>

#include <wchar.h>

namespace hotrun {

// Table 3-7 of the Unicode standard.
std::size_t utf8_length(std::string_view text) {
    if (text.empty())
        return 0;
    const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(text[n]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80)
        return 1;
    const std::size_t length = lead < 0xc2   ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0 || text.size() < length)
        return 0;
    const unsigned char lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < lowest || byte(1) > highest)
        return 0;
    for (std::size_t n = 2; n < length; ++n) {
        if ((byte(n) & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

char32_t utf8_code_point(std::string_view sequence) {
    constexpr std::array<unsigned char, 5> kLeadBits = {0, 0x7f, 0x1f, 0x0f, 0x07};
    auto point = static_cast<char32_t>(static_cast<unsigned char>(sequence.front()) &
                                       kLeadBits[sequence.size()]);
    for (const char byte : sequence.substr(1))
        point = point << 6 | (static_cast<unsigned char>(byte) & 0x3f);
    return point;
}

namespace {

locale_t locale_of_all() {
    static const locale_t kLocale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return kLocale; // where there is none, the locale stays as it is
}

} // namespace

CharacterWidths::CharacterWidths() : before_(::uselocale(locale_of_all())) {}

CharacterWidths::~CharacterWidths() {
    ::uselocale(before_);
}

std::size_t CharacterWidths::width(char32_t point) const {
    const int width = ::wcwidth(static_cast<wchar_t>(point));
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

} // namespace hotrun
