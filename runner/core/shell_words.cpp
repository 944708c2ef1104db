#include "core/shell_words.hpp"

namespace hotrun {

namespace {

// POSIX shell, 2.2: quoting.
class WordReader {
  public:
    explicit WordReader(std::string_view line) : rest_(line) {}

    std::optional<std::vector<std::string>> read() {
        while (!rest_.empty()) {
            if (!take(rest_.front()))
                return std::nullopt;
        }
        end_word();
        return std::move(words_);
    }

  private:
    bool take(char first) {
        constexpr std::string_view kMeaning = "|&;<>()$`*?[#~\n";
        rest_.remove_prefix(1);
        if (first == ' ' || first == '\t') {
            end_word();
            return true;
        }
        if (first == '\'' || first == '"')
            return take_quoted(first);
        if (first == '\\')
            return take_escaped();
        const bool starts_word = !in_word_;
        if (kMeaning.find(first) != std::string_view::npos &&
            ((first != '#' && first != '~') || starts_word))
            return false;
        add(first);
        return true;
    }

    bool take_escaped() {
        if (rest_.empty())
            return false;
        add(rest_.front());
        rest_.remove_prefix(1);
        return true;
    }

    bool take_quoted(char quote) {
        in_word_ = true;
        while (!rest_.empty()) {
            const char next = rest_.front();
            rest_.remove_prefix(1);
            if (next == quote)
                return true;
            if (quote == '"' && (next == '$' || next == '`'))
                return false;
            const bool escapes =
                quote == '"' && next == '\\' && !rest_.empty() &&
                std::string_view("$`\"\\").find(rest_.front()) != std::string_view::npos;
            if (escapes) {
                take_escaped();
                continue;
            }
            add(next);
        }
        return false;
    }

    void add(char letter) {
        in_word_ = true;
        word_ += letter;
    }

    void end_word() {
        if (in_word_)
            words_.push_back(std::move(word_));
        word_.clear();
        in_word_ = false;
    }

    std::string_view rest_;
    std::string word_;
    bool in_word_ = false; // an empty one counts if it is quoted
    std::vector<std::string> words_;
};

} // namespace

std::optional<std::vector<std::string>> shell_words(std::string_view line) {
    return WordReader(line).read();
}

} // namespace hotrun
