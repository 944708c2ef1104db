#include "screen_text.hpp"

#include "control/utf8.hpp"

#include <algorithm>
#include <sstream>

namespace hotrun {

namespace {

struct Character {
    std::size_t bytes = 1;
    std::size_t columns = 1;
    bool is_shown = true; // false: no UTF-8, or one that a terminal obeys
};

Character first_character(std::string_view text, const CharacterWidths &widths) {
    const std::size_t bytes = utf8_length(text);
    if (bytes == 0)
        return {1, 1, false};
    constexpr char32_t kFirstOfLatin1 = 0xa0;
    const char32_t point = utf8_code_point(text.substr(0, bytes));
    if (point < ' ' || (point >= 0x7f && point < kFirstOfLatin1))
        return {bytes, 1, false};
    return {bytes, bytes == 1 ? 1 : widths.width(point)};
}

std::string fold_line(std::string_view text, std::size_t columns, std::size_t indent) {
    if (columns <= 2 * indent)
        return std::string(text);
    std::string folded;
    std::size_t width = columns;
    while (columns_of(text) > width) {
        std::string_view line = first_columns(text, width);
        if (line.empty()) // a wide character in a single column
            return folded.append(text);
        const bool at_blank = line.size() < text.size() && text[line.size()] == ' ';
        if (!at_blank) {
            const std::size_t blank = line.find_last_of(' ');
            if (blank != std::string_view::npos && line.find_first_not_of(' ') < blank)
                line = line.substr(0, blank);
        }
        folded.append(line).append("\n").append(indent, ' ');
        text.remove_prefix(line.size());
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        width = columns - indent;
    }
    return folded.append(text);
}

} // namespace

std::size_t columns_of(std::string_view text) {
    const CharacterWidths widths;
    std::size_t columns = 0;
    while (!text.empty()) {
        const Character character = first_character(text, widths);
        columns += character.columns;
        text.remove_prefix(character.bytes);
    }
    return columns;
}

std::string_view first_columns(std::string_view text, std::size_t columns) {
    const CharacterWidths widths;
    std::size_t at = 0;
    while (at < text.size()) {
        const Character character = first_character(text.substr(at), widths);
        if (character.columns > columns)
            break;
        columns -= character.columns;
        at += character.bytes;
    }
    return text.substr(0, at);
}

std::string cut_to(std::string_view text, std::size_t columns, std::string_view mark) {
    if (columns_of(text) <= columns)
        return std::string(text);
    const std::size_t kept = columns - std::min(columns, columns_of(mark));
    return std::string(first_columns(text, kept)) + std::string(first_columns(mark, columns));
}

std::string fold(std::string_view text, std::size_t columns, std::size_t indent) {
    std::string folded;
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos;) {
        folded += fold_line(text.substr(0, end), columns, indent) + "\n";
        text.remove_prefix(end + 1);
    }
    return folded + fold_line(text, columns, indent);
}

std::vector<std::string> folded_lines(std::string_view text, std::size_t columns) {
    std::istringstream folded(fold(text, columns, 0));
    std::vector<std::string> lines;
    for (std::string line; std::getline(folded, line);)
        lines.push_back(line);
    if (lines.empty())
        lines.emplace_back();
    return lines;
}

std::string showable(std::string_view text) {
    constexpr std::size_t kTabColumns = 8;
    const CharacterWidths widths;
    std::string shown;
    std::size_t column = 0;
    while (!text.empty()) {
        const Character character = first_character(text, widths);
        std::size_t columns = character.columns;
        if (text.front() == '\t')
            shown.append(columns = kTabColumns - column % kTabColumns, ' ');
        else if (character.is_shown)
            shown.append(text.substr(0, character.bytes));
        else
            shown += '?';
        column += columns;
        text.remove_prefix(character.bytes);
    }
    return shown;
}

} // namespace hotrun
