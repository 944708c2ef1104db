#include "source_excerpt.hpp"

#include "screen_text.hpp"

#include <algorithm>
#include <fstream>

namespace hotrun {

std::optional<std::string> read_line_of_file(const std::string &path, std::uint32_t line) {
    std::ifstream file(path);
    std::string text;
    for (std::uint32_t at = 0; at < line; ++at) {
        if (!std::getline(file, text))
            return std::nullopt;
    }
    if (line == 0)
        return std::nullopt;
    if (text.ends_with('\r'))
        text.pop_back();
    return text;
}

std::string source_excerpt(std::string_view source, std::uint32_t line, std::uint32_t byte_column,
                           const ExcerptStyle &style) {
    constexpr std::size_t kNumberColumns = 5;
    constexpr std::string_view kBar = " | ";
    std::string number = std::to_string(line);
    number.insert(0, kNumberColumns - std::min(number.size(), kNumberColumns), ' ');
    const std::size_t margin = number.size() + kBar.size();
    const std::size_t room = style.columns - std::min(style.columns, margin + 1);
    if (room <= 2 * style.cut_mark.size())
        return "";
    const std::size_t before_bytes =
        std::min<std::size_t>(byte_column - std::min(byte_column, 1U), source.size());
    std::size_t caret = columns_of(showable(source.substr(0, before_bytes)));
    std::string shown = showable(source);
    const std::size_t mark_columns = columns_of(style.cut_mark);
    const bool is_cut = columns_of(shown) > room;
    if (caret + (is_cut ? mark_columns : 0) >= room) { // it comes to the middle
        const std::string_view left = first_columns(shown, caret - room / 2 + mark_columns);
        const std::size_t cut = columns_of(left);
        shown = std::string(style.cut_mark) + shown.substr(left.size());
        caret = caret - cut + mark_columns;
    }
    std::string text = number + std::string(kBar) + cut_to(shown, room, style.cut_mark) + "\n";
    if (byte_column != 0)
        text += std::string(number.size(), ' ') + std::string(kBar) + std::string(caret, ' ') +
                std::string(style.caret_before) + "^" + std::string(style.caret_after) + "\n";
    return text;
}

} // namespace hotrun
