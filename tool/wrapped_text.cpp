#include "wrapped_text.hpp"

#include <algorithm>

namespace hotrun {

namespace {

std::string wrapped_paragraph(std::string_view text, std::size_t indent, std::size_t used) {
    constexpr std::string_view kBlanks = " \n";
    std::string lines;
    std::size_t column = used;
    bool line_has_words = false;
    for (std::size_t begin = text.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
        const std::string_view word = text.substr(begin, end - begin);
        if (line_has_words && column + 1 + word.size() > kTerminalColumns) {
            lines.append("\n").append(indent, ' ');
            column = indent;
        } else if (line_has_words) {
            lines += ' ';
            ++column;
        }
        lines += word;
        column += word.size();
        line_has_words = true;
        begin = text.find_first_not_of(kBlanks, end);
    }
    return lines + "\n";
}

} // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t used) {
    constexpr std::string_view kEmptyLine = "\n\n";
    std::string lines;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(kEmptyLine, begin), text.size());
        lines +=
            (begin == 0 ? "" : "\n" + std::string(indent, ' ')) +
            wrapped_paragraph(text.substr(begin, end - begin), indent, begin == 0 ? used : indent);
        begin = end + kEmptyLine.size();
    }
    return lines;
}

} // namespace hotrun
