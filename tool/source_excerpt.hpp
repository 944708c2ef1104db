// A line of source code with a caret below it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hotrun {

// Gives a line of a file without its end; none: it can't be read.
using ReadLine =
    std::function<std::optional<std::string>(const std::string &path, std::uint32_t line)>;

// The real one.
std::optional<std::string> read_line_of_file(const std::string &path, std::uint32_t line);

// What an excerpt is made to fit.
struct ExcerptStyle {
    std::size_t columns = 80;
    std::string_view cut_mark = "...";
    std::string_view caret_before = ""; // colours
    std::string_view caret_after = "";
};

// Two lines, or one where `byte_column` (from 1) is 0, each with its end. A line that is too wide
// is shown around the caret.
std::string source_excerpt(std::string_view source, std::uint32_t line, std::uint32_t byte_column,
                           const ExcerptStyle &style);

} // namespace hotrun
