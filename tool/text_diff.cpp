#include "text_diff.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace hotrun {

namespace {

constexpr std::size_t kAround = 3;

using Lines = std::vector<std::string_view>;

// Each with its line break; the last one may lack it.
Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t length = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    return lines;
}

struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
};
struct Change {
    Range before;
    Range after;
};

bool has_word(std::string_view line) {
    return std::any_of(line.begin(), line.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
}

// The texts go on alike there. One line alone without a word, as a bracket, is like any other.
bool meet(const Lines &before, const Lines &after, std::size_t i, std::size_t j) {
    const bool last = i + 1 == before.size() || j + 1 == after.size();
    return before[i] == after[j] && (last || has_word(before[i]) || before[i + 1] == after[j + 1]);
}

// From two lines that differ to the nearest place where the texts meet again.
Change change_at(const Lines &before, const Lines &after, std::size_t i, std::size_t j) {
    const std::size_t left = before.size() - i;
    const std::size_t right = after.size() - j;
    for (std::size_t distance = 1; distance < left + right; ++distance) {
        const std::size_t least = distance < right ? 0 : distance - right + 1;
        for (std::size_t skipped = least; skipped <= distance && skipped < left; ++skipped) {
            if (meet(before, after, i + skipped, j + distance - skipped))
                return {{i, i + skipped}, {j, j + distance - skipped}};
        }
    }
    return {{i, before.size()}, {j, after.size()}};
}

std::vector<Change> changes_between(const Lines &before, const Lines &after) {
    std::vector<Change> changes;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < before.size() || j < after.size()) {
        if (i < before.size() && j < after.size() && before[i] == after[j]) {
            ++i;
            ++j;
            continue;
        }
        changes.push_back(change_at(before, after, i, j));
        i = changes.back().before.end;
        j = changes.back().after.end;
    }
    return changes;
}

std::string line(char mark, std::string_view text) {
    return mark + std::string(text) +
           (text.ends_with('\n') ? "" : "\n\\ No newline at end of file\n");
}

std::string place(const Range &range) {
    const std::size_t count = range.end - range.begin;
    return std::to_string(count == 0 ? range.begin : range.begin + 1) + "," + std::to_string(count);
}

// Those of changes[first] up to changes[last - 1], with the lines around them.
std::string hunk(const Lines &before, const Lines &after, const std::vector<Change> &changes,
                 std::size_t first, std::size_t last) {
    const std::size_t ahead = std::min(kAround, changes[first].before.begin);
    const std::size_t behind = std::min(kAround, before.size() - changes[last - 1].before.end);
    const Range old_range{changes[first].before.begin - ahead,
                          changes[last - 1].before.end + behind};
    const Range new_range{changes[first].after.begin - ahead, changes[last - 1].after.end + behind};
    std::string text = "@@ -" + place(old_range) + " +" + place(new_range) + " @@\n";
    std::size_t at = old_range.begin;
    for (std::size_t i = first; i < last; ++i) {
        const auto &[gone, added] = changes[i];
        for (; at < gone.begin; ++at)
            text += line(' ', before[at]);
        for (; at < gone.end; ++at)
            text += line('-', before[at]);
        for (std::size_t k = added.begin; k < added.end; ++k)
            text += line('+', after[k]);
    }
    for (; at < old_range.end; ++at)
        text += line(' ', before[at]);
    return text;
}

} // namespace

std::string unified_diff(const std::string &path, std::string_view before, std::string_view after) {
    const Lines old_lines = lines_of(before);
    const Lines new_lines = lines_of(after);
    const std::vector<Change> changes = changes_between(old_lines, new_lines);
    if (changes.empty())
        return "";
    std::string text = "--- " + path + "\n+++ " + path + "\n";
    std::size_t first = 0;
    for (std::size_t i = 1; i <= changes.size(); ++i) {
        if (i < changes.size() &&
            changes[i].before.begin - changes[i - 1].before.end <= 2 * kAround)
            continue;
        text += hunk(old_lines, new_lines, changes, first, i);
        first = i;
    }
    return text;
}

} // namespace hotrun
