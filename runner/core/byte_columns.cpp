#include "core/byte_columns.hpp"

#include "control/diagnostics.hpp"
#include "control/utf8.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace hotrun {

namespace {

constexpr std::uint32_t kTabWidth = 8;

// clang counts in bytes, and says in the end how many diagnostics there were; gcc does neither.
bool is_of_clang(std::string_view text) {
    constexpr std::string_view kEnd = " generated.";
    const std::string plain = strip_colors(text);
    for (std::size_t at = plain.find(kEnd); at != std::string::npos;
         at = plain.find(kEnd, at + 1)) {
        const std::size_t begin = plain.rfind('\n', at) + 1; // npos + 1 is 0
        const std::string_view line = std::string_view(plain).substr(begin, at - begin);
        if (line.find_first_of("0123456789") == 0 &&
            (line.ends_with("error") || line.ends_with("errors") || line.ends_with("warning") ||
             line.ends_with("warnings")))
            return true;
    }
    return false;
}

// The lines of files, each read once.
class Lines {
  public:
    explicit Lines(const FileSystem &files) : files_(files) {}

    std::optional<std::string_view> line(const std::string &path, std::uint32_t number) {
        const std::optional<std::string> &text = text_of(path);
        if (!text)
            return std::nullopt;
        std::string_view rest = *text;
        for (; number > 1; --number) {
            const std::size_t end = rest.find('\n');
            if (end == std::string_view::npos)
                return std::nullopt;
            rest.remove_prefix(end + 1);
        }
        return rest.substr(0, rest.find('\n'));
    }

  private:
    const std::optional<std::string> &text_of(const std::string &path) {
        const auto [place, is_new] = texts_.try_emplace(path);
        if (is_new) {
            if (Result<std::string> text = files_.read(path))
                place->second = std::move(*text);
        }
        return place->second;
    }

    const FileSystem &files_;
    std::map<std::string, std::optional<std::string>> texts_;
};

void use_byte_columns(Lines &lines, std::vector<DiagnosticEvent> &diagnostics) {
    for (DiagnosticEvent &diagnostic : diagnostics) {
        use_byte_columns(lines, diagnostic.children);
        if (diagnostic.column <= 1)
            continue;
        if (const auto line = lines.line(diagnostic.path, diagnostic.line))
            diagnostic.column = byte_column(*line, diagnostic.column);
    }
}

} // namespace

std::uint32_t byte_column(std::string_view line, std::uint32_t terminal_column) {
    const CharacterWidths widths;
    std::uint32_t column = 1; // of a terminal, where `line` at `at` begins
    std::size_t at = 0;
    while (at < line.size()) {
        const std::string_view rest = line.substr(at);
        const std::size_t length = std::max<std::size_t>(utf8_length(rest), 1);
        std::uint32_t width = 1;
        if (rest.front() == '\t')
            width = kTabWidth - (column - 1) % kTabWidth;
        else if (length > 1)
            width =
                static_cast<std::uint32_t>(widths.width(utf8_code_point(rest.substr(0, length))));
        if (column + width > terminal_column)
            return static_cast<std::uint32_t>(at) + 1;
        column += width;
        at += length;
    }
    return static_cast<std::uint32_t>(at) + 1 + terminal_column - column;
}

void use_byte_columns(const FileSystem &files, std::string_view text,
                      std::vector<DiagnosticEvent> &diagnostics) {
    if (diagnostics.empty() || is_of_clang(text))
        return;
    Lines lines(files);
    use_byte_columns(lines, diagnostics);
}

} // namespace hotrun
