// What the saves of a run add up to: the figures of a report.
#pragma once

#include "save_history.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace hotrun {

// Of no times: zeros. Each is one of the times, the nearest in rank.
struct Quantiles {
    Microseconds least{0};
    Microseconds quarter{0};
    Microseconds median{0};
    Microseconds three_quarters{0};
    Microseconds slow{0}; // 95 of 100 are not slower
    Microseconds most{0};
};
Quantiles quantiles_of(std::vector<Microseconds> times);

using OutcomeCounts = std::array<std::size_t, kOutcomeCount>;
OutcomeCounts outcomes_of(std::span<const Save> saves);

// Of those that went live.
Quantiles totals_of(std::span<const Save> saves);
Quantiles part_of(std::span<const Save> saves, Part part);

// Saves that lie together, as one column of a plot.
struct Column {
    std::size_t first = 0;
    std::size_t count = 0;
    Parts parts{}; // their means
    Microseconds most{0};
    OutcomeCounts outcomes{};
    std::size_t incident_count = 0;
};
std::vector<Column> columns_of(const SaveHistory &history, std::size_t most_columns);

// What the saves of a file cost: one of several files counts for each.
struct FileFigures {
    std::string path;
    std::size_t save_count = 0;
    std::size_t failure_count = 0; // of any kind
    Microseconds median{0};        // of all but those that changed nothing
    Microseconds most{0};
    Microseconds sum{0};
    std::size_t median_edges = 0;
};
// The most expensive together first.
std::vector<FileFigures> files_of(std::span<const Save> saves);
bool is_header(std::string_view path);

struct EdgeFigures {
    std::string output;
    std::size_t count = 0;
    Microseconds median{0};
    Microseconds most{0};
};
// The slowest first.
std::vector<EdgeFigures> edges_of(const SaveHistory &history);

} // namespace hotrun
