#include "core/ninja_log.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace hotrun {

namespace {

constexpr std::size_t kColumns = 5;
using Columns = std::array<std::string_view, kColumns>;

struct Entry {
    std::string_view output;
    std::chrono::milliseconds start{};
    std::chrono::milliseconds duration{};
};

std::optional<Columns> split(std::string_view line) {
    Columns columns;
    for (std::size_t n = 0; n + 1 < kColumns; ++n) {
        const std::size_t tab = line.find('\t');
        if (tab == std::string_view::npos)
            return std::nullopt;
        columns[n] = line.substr(0, tab);
        line.remove_prefix(tab + 1);
    }
    columns.back() = line;
    return columns;
}

// Ninja's times are of type int.
std::optional<std::int32_t> parse_milliseconds(std::string_view text) {
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0)
        return std::nullopt;
    return value;
}

std::optional<Entry> parse_entry(std::string_view line) {
    const std::optional<Columns> columns = split(line);
    if (!columns)
        return std::nullopt;
    const auto start = parse_milliseconds((*columns)[0]);
    const auto end = parse_milliseconds((*columns)[1]);
    const std::string_view output = (*columns)[3];
    if (!start || !end || *end < *start || output.empty() || columns->back().empty())
        return std::nullopt;
    return Entry{output, std::chrono::milliseconds(*start),
                 std::chrono::milliseconds(*end - *start)};
}

} // namespace

std::vector<BuiltEdge> parse_ninja_log(std::string_view appended_lines) {
    std::vector<BuiltEdge> edges;
    std::unordered_map<std::string_view, std::size_t> place_of_output;
    std::string_view rest = appended_lines;
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        const std::optional<Entry> entry = parse_entry(rest.substr(0, end));
        rest.remove_prefix(end + 1);
        if (!entry)
            continue;
        const auto [place, is_new] = place_of_output.emplace(entry->output, edges.size());
        if (is_new)
            edges.push_back({std::string(entry->output), {}, {}});
        edges[place->second].start = entry->start;
        edges[place->second].duration = entry->duration;
    }
    return edges;
}

} // namespace hotrun
