#include "core/leading_includes.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace hotrun {

namespace {

// As Meson's unity sources include them: they are what is edited.
bool names_source(std::string_view header) {
    constexpr std::array<std::string_view, 6> kEndings = {".c", ".cc", ".cpp", ".cxx", ".C", ".m"};
    return std::ranges::any_of(kEndings, [&](std::string_view ending) {
        return header.substr(0, header.size() - 1).ends_with(ending);
    });
}

class LeadReader {
  public:
    explicit LeadReader(std::string_view text) : rest_(text) {}

    std::string read() {
        std::string lines;
        while (skip_to_line()) {
            const std::optional<std::string_view> header = take_include();
            if (!header || !skip_to_end_of_line())
                break;
            lines.append("#include ").append(*header).append("\n");
        }
        return lines;
    }

  private:
    bool take(std::string_view word) {
        const bool is_there = rest_.starts_with(word);
        if (is_there)
            rest_.remove_prefix(word.size());
        return is_there;
    }

    void skip_blanks() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\f\v"), rest_.size()));
    }

    // False: it has no end, or goes on in the next line.
    bool skip_comment() {
        if (take("/*")) {
            const std::size_t end = rest_.find("*/");
            if (end == std::string_view::npos)
                return false;
            rest_.remove_prefix(end + 2);
            return true;
        }
        const std::string_view line = rest_.substr(0, rest_.find('\n'));
        rest_.remove_prefix(line.size());
        return line.find('\\') == std::string_view::npos;
    }

    bool at_comment() const { return rest_.starts_with("//") || rest_.starts_with("/*"); }

    // To the first thing that is no blank and no comment. False: it can't be told where that is.
    bool skip_to_line() {
        for (skip_blanks(); take("\n") || at_comment(); skip_blanks()) {
            if (at_comment() && !skip_comment())
                return false;
        }
        return true;
    }

    // A comment that goes on behind the line ends there, whatever follows it.
    bool skip_to_end_of_line() {
        for (skip_blanks(); at_comment(); skip_blanks()) {
            if (!skip_comment())
                return false;
        }
        return rest_.empty() || rest_.front() == '\n';
    }

    // With its quotes or angle brackets.
    std::optional<std::string_view> take_include() {
        if (!take("#"))
            return std::nullopt;
        skip_blanks();
        if (!take("include"))
            return std::nullopt;
        skip_blanks();
        if (!rest_.starts_with('<') && !rest_.starts_with('"'))
            return std::nullopt;
        const std::size_t end = rest_.find_first_of(rest_.front() == '<' ? ">\n" : "\"\n", 1);
        if (end == std::string_view::npos || rest_[end] == '\n')
            return std::nullopt;
        const std::string_view header = rest_.substr(0, end + 1);
        rest_.remove_prefix(header.size());
        const bool is_plain = header.find('\\') == std::string_view::npos;
        return is_plain && !names_source(header) ? std::optional(header) : std::nullopt;
    }

    std::string_view rest_;
};

} // namespace

std::string leading_includes(std::string_view source) {
    return LeadReader(source).read();
}

} // namespace hotrun
