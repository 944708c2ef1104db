#include "wrapped_text.hpp"

#include "control/utf8.hpp"

#include <algorithm>

namespace hotrun {

namespace {

std::size_t first_bytes(std::string_view text) {
    return std::max<std::size_t>(utf8_length(text), 1);
}

// The first `count` characters, in bytes.
std::size_t bytes_of(std::string_view text, std::size_t count) {
    std::size_t bytes = 0;
    for (; count > 0 && bytes < text.size(); --count)
        bytes += first_bytes(text.substr(bytes));
    return bytes;
}

} // namespace

std::size_t character_count(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count)
        text.remove_prefix(first_bytes(text));
    return count;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    width = std::max<std::size_t>(width, 1);
    std::vector<std::string> lines(1);
    std::size_t used = 0; // of the last line
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t length = character_count(word);
        if (used > 0 && used + 1 + length > width) {
            lines.emplace_back();
            used = 0;
        }
        if (used > 0) {
            lines.back() += ' ';
            ++used;
        }
        while (character_count(word) > width) { // on a line of its own
            const std::size_t bytes = bytes_of(word, width);
            lines.back() += word.substr(0, bytes);
            word.remove_prefix(bytes);
            lines.emplace_back();
        }
        lines.back() += word;
        used += character_count(word);
    }
    return lines;
}

} // namespace hotrun
