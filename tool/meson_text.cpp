#include "meson_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace hotrun {

namespace {

struct Token {
    enum class Kind { kWord, kString, kOther } kind;
    std::size_t begin;
    std::size_t end;
    std::size_t depth;     // of the brackets around it
    std::size_t statement; // where that begins, at the first word of its first line
};

bool is_word(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What Meson's own lexer knows of strings, comments and brackets.
class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {}

    std::vector<Token> tokens() {
        while (at_ < text_.size())
            take_one();
        return std::move(tokens_);
    }

  private:
    void take_one() {
        const char c = text_[at_];
        if (c == '#')
            at_ = std::min(text_.find('\n', at_), text_.size());
        else if (c == '\n')
            new_line();
        else if (c == ' ' || c == '\t' || c == '\r')
            ++at_;
        else if (c == '\'')
            add(Token::Kind::kString, end_of_string());
        else if (is_word(c))
            add(Token::Kind::kWord, end_of_word());
        else
            add_other(c);
    }

    void new_line() {
        ++at_;
        in_statement_ &= depth_ > 0;
    }

    void add_other(char c) {
        const bool closes = c == ')' || c == ']' || c == '}';
        if (closes && depth_ > 0)
            --depth_;
        add(Token::Kind::kOther, at_ + 1);
        if (c == '(' || c == '[' || c == '{')
            ++depth_;
    }

    void add(Token::Kind kind, std::size_t end) {
        if (!in_statement_)
            statement_ = at_;
        in_statement_ = true;
        tokens_.push_back({kind, at_, end, depth_, statement_});
        at_ = end;
    }

    std::size_t end_of_word() const {
        std::size_t end = at_;
        while (end < text_.size() && is_word(text_[end]))
            ++end;
        return end;
    }

    std::size_t end_of_string() const {
        constexpr std::string_view kLong = "'''";
        if (text_.substr(at_).starts_with(kLong)) {
            const std::size_t end = text_.find(kLong, at_ + kLong.size());
            return end == std::string_view::npos ? text_.size() : end + kLong.size();
        }
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != '\'')
            end += text_[end] == '\\' ? 2 : 1;
        return std::min(end + 1, text_.size());
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::size_t statement_ = 0;
    bool in_statement_ = false;
    std::vector<Token> tokens_;
};

// A text and its tokens.
class MesonText {
  public:
    explicit MesonText(std::string_view text) : text_(text), tokens_(Lexer(text).tokens()) {}

    std::size_t count() const { return tokens_.size(); }
    const Token &operator[](std::size_t i) const { return tokens_[i]; }

    bool is(std::size_t i, std::string_view word) const {
        return i < count() &&
               text_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin) == word;
    }

    // The token at which what opens with token `i` closes.
    std::optional<std::size_t> closing(std::size_t i) const {
        for (std::size_t k = i + 1; k < count(); ++k) {
            if (tokens_[k].depth == tokens_[i].depth)
                return k;
        }
        return std::nullopt;
    }

    // The first token of the value of a keyword of the call whose bracket is token `open`.
    std::optional<std::size_t> value_of(std::string_view keyword, std::size_t open,
                                        std::size_t close) const {
        for (std::size_t i = open + 1; i + 2 < close; ++i) {
            if (tokens_[i].depth == tokens_[open].depth + 1 && is(i, keyword) && is(i + 1, ":"))
                return i + 2;
        }
        return std::nullopt;
    }

    // The last token of a value that begins with token `i`.
    std::size_t end_of_value(std::size_t i, std::size_t close) const {
        std::size_t last = i;
        for (std::size_t k = i; k < close; ++k) {
            if (tokens_[k].depth == tokens_[i].depth && is(k, ","))
                break;
            last = k;
        }
        return last;
    }

    // The bracket of the call that makes the library.
    std::optional<std::size_t> call_of(std::string_view name) const {
        constexpr std::array<std::string_view, 5> kMakers = {
            "shared_module", "shared_library", "library", "both_libraries", "build_target"};
        const std::string literal = "'" + std::string(name) + "'";
        for (std::size_t i = 0; i + 2 < count(); ++i) {
            const bool makes = std::any_of(kMakers.begin(), kMakers.end(),
                                           [&](std::string_view maker) { return is(i, maker); });
            if (makes && is(i + 1, "(") && is(i + 2, literal))
                return i + 1;
        }
        return std::nullopt;
    }

  private:
    std::string_view text_;
    std::vector<Token> tokens_;
};

std::string_view indentation_at(std::string_view text, std::size_t at) {
    const std::size_t line = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    return text.substr(line, at - line);
}

std::string indented(std::string_view lines, std::string_view indentation) {
    std::string text;
    while (!lines.empty()) {
        const std::size_t length = std::min(lines.find('\n'), lines.size() - 1) + 1;
        text += lines.front() == '\n' ? "" : std::string(indentation);
        text += lines.substr(0, length);
        lines.remove_prefix(length);
    }
    return text;
}

// A further keyword behind the last argument, on a line of its own if that has one.
void add_keyword(std::string &text, const MesonText &meson, std::size_t open, std::size_t close,
                 const std::string &keyword) {
    const Token &last = meson[close - 1];
    const bool has_comma = meson.is(close - 1, ",");
    const std::string comma = has_comma ? "" : ",";
    const std::string_view view = text;
    const bool own_line =
        view.substr(meson[open].end, meson[open + 1].begin - meson[open].end).find('\n') !=
        std::string_view::npos;
    if (!own_line) {
        text.insert(last.end, comma + " " + keyword);
        return;
    }
    const std::string indentation(indentation_at(view, meson[open + 1].begin));
    const std::size_t line_end = std::min(view.find('\n', last.end), view.size());
    if (line_end > meson[close].begin) { // the bracket stands behind the last argument
        text.insert(last.end, comma + "\n" + indentation + keyword);
        return;
    }
    text.insert(line_end, "\n" + indentation + keyword + ",");
    text.insert(last.end, comma);
}

} // namespace

std::optional<std::string> with_dependency(std::string_view text, std::string_view name,
                                           std::string_view definition,
                                           std::string_view dependency) {
    const MesonText meson(text);
    const std::optional<std::size_t> open = meson.call_of(name);
    const std::optional<std::size_t> close = open ? meson.closing(*open) : std::nullopt;
    if (!close)
        return std::nullopt;
    std::string changed(text);
    const std::string expression(dependency);
    if (const auto value = meson.value_of("dependencies", *open, *close)) {
        const Token &first = meson[*value];
        if (meson.is(*value, "[")) {
            changed.insert(first.end, meson.is(*value + 1, "]") ? expression : expression + ", ");
        } else { // Meson flattens lists in lists
            changed.insert(meson[meson.end_of_value(*value, *close)].end, "]");
            changed.insert(first.begin, "[" + expression + ", ");
        }
    } else {
        add_keyword(changed, meson, *open, *close, "dependencies: " + expression);
    }
    const std::size_t statement = meson[*open].statement;
    const std::string_view indentation = indentation_at(text, statement);
    if (text.substr(0, statement).find(definition) == std::string_view::npos)
        changed.insert(statement - indentation.size(), indented(definition, indentation));
    return changed;
}

std::string subproject_folder(std::string_view text) {
    const MesonText meson(text);
    for (std::size_t i = 0; i + 2 < meson.count(); ++i) {
        if (!meson.is(i, "subproject_dir") || !meson.is(i + 1, ":") ||
            meson[i + 2].kind != Token::Kind::kString)
            continue;
        const Token &value = meson[i + 2];
        return std::string(text.substr(value.begin + 1, value.end - value.begin - 2));
    }
    return "subprojects";
}

} // namespace hotrun
