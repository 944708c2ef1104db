// A terminal's screen, as far as what is sent to it goes: what a person would see.
#pragma once

#include "screen.hpp"

#include "control/utf8.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace hotrun {

class FakeScreen final : public Screen {
  public:
    explicit FakeScreen(ScreenSize size) { resize(size); }

    ScreenSize size() const override { return size_; }
    bool is_ready() const override { return ready; }
    void write(std::string_view bytes) override {
        written += bytes;
        show(bytes);
    }
    void set_last_words(std::string_view bytes) override { last_words = bytes; }

    // A program prints.
    void show(std::string_view bytes) {
        while (!bytes.empty())
            bytes.remove_prefix(take(bytes));
    }

    // Rows are lost at the top, and come below, as most terminals do it.
    void resize(ScreenSize size) {
        while (cells_.size() > size.rows) {
            cells_.erase(cells_.begin());
            row_ = row_ == 0 ? 0 : row_ - 1;
        }
        cells_.resize(size.rows);
        size_ = size;
        top_ = 0;
        bottom_ = size.rows - 1;
    }

    // Without the blanks at its end.
    std::string row(std::size_t number) const {
        std::string text;
        for (const std::string &cell : cells_.at(number))
            text += cell;
        text.erase(text.find_last_not_of(' ') + 1);
        return text;
    }
    std::string last_row() const { return row(size_.rows - 1); }
    std::size_t cursor_row() const { return row_; }
    std::size_t cursor_column() const { return column_; }
    bool has_region() const { return top_ != 0 || bottom_ + 1 != size_.rows; }

    std::string written; // by write()
    std::string last_words;
    bool ready = true;
    std::string title;
    int kept_titles = 0;
    bool overflowed = false; // more was put into a row than it has columns

  private:
    std::size_t take(std::string_view bytes) {
        if (bytes.starts_with("\x1b["))
            return take_sequence(bytes);
        if (bytes.starts_with("\x1b]"))
            return take_command(bytes);
        if (bytes.front() == '\x1b')
            return take_escape(bytes[1]);
        if (bytes.front() == '\n') {
            down();
            column_ = 0; // as the terminal's driver has it
            return 1;
        }
        if (bytes.front() == '\r') {
            column_ = 0;
            return 1;
        }
        const std::size_t length = std::max<std::size_t>(utf8_length(bytes), 1);
        put(std::string(bytes.substr(0, length)));
        return length;
    }

    std::size_t take_escape(char letter) {
        if (letter == '7')
            saved_ = {row_, column_};
        else if (letter == '8')
            std::tie(row_, column_) = saved_;
        else if (letter == 'D')
            down();
        return 2;
    }

    std::size_t take_command(std::string_view bytes) {
        const std::size_t end = bytes.find('\x07');
        if (bytes.starts_with("\x1b]2;"))
            title = bytes.substr(4, end - 4);
        return end + 1;
    }

    std::size_t take_sequence(std::string_view bytes) {
        const std::size_t end = bytes.find_first_not_of("0123456789;", 2);
        std::vector<std::size_t> numbers(1);
        for (const char letter : bytes.substr(2, end - 2)) {
            if (letter == ';')
                numbers.push_back(0);
            else
                numbers.back() = 10 * numbers.back() + static_cast<std::size_t>(letter - '0');
        }
        obey(bytes[end], numbers);
        return end + 1;
    }

    void obey(char letter, const std::vector<std::size_t> &numbers) {
        const std::size_t first = numbers[0];
        if (letter == 'r') {
            top_ = first == 0 ? 0 : first - 1;
            bottom_ = numbers.size() < 2 ? size_.rows - 1 : numbers[1] - 1;
            row_ = column_ = 0;
        } else if (letter == 'H') {
            row_ = std::min(first == 0 ? 0 : first - 1, size_.rows - 1);
            column_ = 0;
        } else if (letter == 'A') {
            row_ = row_ == 0 ? 0 : row_ - 1;
        } else if (letter == 'J') {
            cells_[row_].resize(std::min(cells_[row_].size(), column_));
            for (std::size_t i = row_ + 1; i < size_.rows; ++i)
                cells_[i].clear();
        } else if (letter == 'K') {
            cells_[row_].resize(first == 2 ? 0 : std::min(cells_[row_].size(), column_));
        } else if (letter == 't') {
            kept_titles += first == 22 ? 1 : -1;
        }
    }

    void put(const std::string &cell) {
        if (column_ == size_.columns) {
            overflowed = true;
            down();
            column_ = 0;
        }
        std::vector<std::string> &row = cells_[row_];
        row.resize(std::max(row.size(), column_ + 1), " ");
        row[column_++] = cell;
    }

    void down() {
        if (row_ == bottom_) {
            cells_.erase(cells_.begin() + static_cast<std::ptrdiff_t>(top_));
            cells_.insert(cells_.begin() + static_cast<std::ptrdiff_t>(bottom_), 1, {});
        } else if (row_ + 1 < size_.rows) {
            ++row_;
        }
    }

    ScreenSize size_;
    std::vector<std::vector<std::string>> cells_;
    std::size_t row_ = 0;
    std::size_t column_ = 0;
    std::pair<std::size_t, std::size_t> saved_;
    std::size_t top_ = 0;
    std::size_t bottom_ = 0;
};

} // namespace hotrun
