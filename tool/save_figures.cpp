#include "save_figures.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace hotrun {

namespace {

template <typename Number>
Number at_rank(const std::vector<Number> &sorted, std::size_t percent) {
    if (sorted.empty())
        return {};
    const std::size_t rank = (sorted.size() * percent + 99) / 100;
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

template <typename Time>
Quantiles quantiles_of_live(std::span<const Save> saves, const Time &time) {
    std::vector<Microseconds> times;
    for (const Save &save : saves) {
        if (save.outcome == SaveOutcome::kLive)
            times.push_back(time(save));
    }
    return quantiles_of(std::move(times));
}

// The saves of one file.
struct Gathered {
    FileFigures figures;
    std::vector<Microseconds> times;
    std::vector<std::size_t> edges;
};

void gather(const Save &save, Gathered &file) {
    ++file.figures.save_count;
    if (save.outcome == SaveOutcome::kNothing)
        return;
    file.figures.failure_count += save.outcome == SaveOutcome::kLive ? 0 : 1;
    file.figures.sum += save.total;
    file.times.push_back(save.total);
    file.edges.push_back(save.edge_count);
}

FileFigures figures_of(const std::string &path, Gathered file) {
    const Quantiles times = quantiles_of(std::move(file.times));
    std::ranges::sort(file.edges);
    file.figures.path = path;
    file.figures.median = times.median;
    file.figures.most = times.most;
    file.figures.median_edges = at_rank(file.edges, 50);
    return std::move(file.figures);
}

} // namespace

Quantiles quantiles_of(std::vector<Microseconds> times) {
    std::ranges::sort(times);
    return {at_rank(times, 0),  at_rank(times, 25), at_rank(times, 50),
            at_rank(times, 75), at_rank(times, 95), at_rank(times, 100)};
}

OutcomeCounts outcomes_of(std::span<const Save> saves) {
    OutcomeCounts counts{};
    for (const Save &save : saves)
        ++counts[static_cast<std::size_t>(save.outcome)];
    return counts;
}

Quantiles totals_of(std::span<const Save> saves) {
    return quantiles_of_live(saves, [](const Save &save) { return save.total; });
}

Quantiles part_of(std::span<const Save> saves, Part part) {
    return quantiles_of_live(
        saves, [part](const Save &save) { return save.parts[static_cast<std::size_t>(part)]; });
}

std::vector<Column> columns_of(const SaveHistory &history, std::size_t most_columns) {
    const std::span<const Save> saves = history.saves();
    const std::size_t width = (saves.size() + most_columns - 1) / most_columns;
    std::vector<Column> columns;
    for (std::size_t first = 0; first < saves.size(); first += width) {
        Column &column = columns.emplace_back();
        column.first = first;
        column.count = std::min(width, saves.size() - first);
        column.outcomes = outcomes_of(saves.subspan(first, column.count));
        for (const Save &save : saves.subspan(first, column.count)) {
            column.most = std::max(column.most, save.total);
            for (std::size_t i = 0; i < kPartCount; ++i)
                column.parts[i] += save.parts[i];
        }
        for (Microseconds &part : column.parts)
            part /= static_cast<std::int64_t>(column.count);
    }
    for (const Incident &incident : history.incidents()) {
        if (!columns.empty())
            ++columns[(std::max<std::size_t>(incident.save_count, 1) - 1) / width].incident_count;
    }
    return columns;
}

std::vector<FileFigures> files_of(std::span<const Save> saves) {
    std::map<std::string, Gathered> gathered;
    for (const Save &save : saves) {
        for (const std::string &path : save.paths)
            gather(save, gathered[path]);
    }
    std::vector<FileFigures> files;
    for (auto &[path, file] : gathered)
        files.push_back(figures_of(path, std::move(file)));
    std::ranges::stable_sort(files, std::greater(), &FileFigures::sum);
    return files;
}

bool is_header(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos)
        return false;
    constexpr std::array<std::string_view, 9> kEndings = {"h",   "hh",  "hpp", "hxx", "h++",
                                                          "inc", "inl", "ipp", "tpp"};
    return std::ranges::find(kEndings, name.substr(dot + 1)) != kEndings.end();
}

std::vector<EdgeFigures> edges_of(const SaveHistory &history) {
    std::vector<EdgeFigures> edges;
    for (const auto &[output, times] : history.edges()) {
        const Quantiles quantiles = quantiles_of(times);
        edges.push_back({output, times.size(), quantiles.median, quantiles.most});
    }
    std::ranges::stable_sort(edges, std::greater(), &EdgeFigures::median);
    return edges;
}

} // namespace hotrun
