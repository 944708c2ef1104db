#include "report_page.hpp"

#include "report_plots.hpp"
#include "templates.hpp"

#include <algorithm>
#include <utility>

namespace hotrun {

namespace {

constexpr std::size_t kMostRows = 25;
constexpr std::size_t kMostFailures = 100;

std::string style() {
    const auto found = std::ranges::find_if(templates(), [](const Template &each) {
        return each.group == "report" && each.path == "style.css";
    });
    return std::string(found->text);
}

// The folder that all paths lie in, with the slash at its end; empty: they share none.
std::string common_folder(const std::vector<FileFigures> &files) {
    if (files.empty())
        return {};
    std::string folder = files.front().path;
    for (const FileFigures &file : files) {
        const auto ends = std::ranges::mismatch(folder, file.path);
        folder.erase(ends.in1, folder.end());
    }
    return folder.substr(0, folder.rfind('/') + 1);
}

std::string shortened(std::string_view path, std::string_view folder) {
    return std::string(path.starts_with(folder) ? path.substr(folder.size()) : path);
}

std::string cell(std::string_view css, std::string_view text) {
    return "<td class=\"" + std::string(css) + "\">" + in_html(text) + "</td>";
}

std::string count_cell(std::size_t count) {
    return cell("number", std::to_string(count));
}

std::string time_cell(Microseconds time) {
    return cell("number", in_words(time));
}

// Of columns whose names begin with # the cells are numbers.
std::string table(std::string_view css, const std::vector<std::string_view> &columns,
                  const std::string &rows) {
    std::string head;
    for (std::string_view column : columns) {
        const bool number = column.starts_with('#');
        if (number)
            column.remove_prefix(1);
        head += (number ? "<th class=\"number\">" : "<th>") + std::string(column) + "</th>";
    }
    return "<div class=\"scroll\"><table class=\"" + std::string(css) + "\">\n<thead><tr>" + head +
           "</tr></thead>\n<tbody>\n" + rows + "</tbody>\n</table></div>\n";
}

std::string section(std::string_view title, std::string_view text, const std::string &body) {
    return "<section><h2>" + std::string(title) + "</h2>\n<p>" + std::string(text) + "</p>\n" +
           body + "</section>\n";
}

// Tables go on over the end of a printed page.
std::string long_section(std::string_view title, std::string_view text, const std::string &body) {
    return "<section class=\"long\"" + section(title, text, body).substr(8);
}

std::string and_more(std::size_t count, std::size_t shown, std::string_view what) {
    if (count <= shown)
        return {};
    return "<p>… and " + std::to_string(count - shown) + " more " + std::string(what) + ".</p>\n";
}

std::string tile(const std::string &value, std::string_view what) {
    return "<li><b>" + in_html(value) + "</b>" + in_html(what) + "</li>\n";
}

std::string tiles(const SaveHistory &history) {
    const OutcomeCounts counts = outcomes_of(history.saves());
    const auto count = [&](SaveOutcome outcome) {
        return std::to_string(counts[static_cast<std::size_t>(outcome)]);
    };
    const Quantiles totals = totals_of(history.saves());
    const bool live = counts[static_cast<std::size_t>(SaveOutcome::kLive)] > 0;
    std::string text = tile(std::to_string(history.saves().size()), "saves");
    text += tile(live ? in_words(totals.median) : "–", "median from save to live");
    text += tile(live ? in_words(totals.slow) : "–", "95 of 100 within");
    const auto by_objects = std::ranges::count(history.saves(), true, &Save::by_objects);
    if (by_objects > 0)
        text += tile(std::to_string(by_objects), "by the object lane");
    text += tile(count(SaveOutcome::kFailed), "builds failed");
    text += tile(count(SaveOutcome::kRejected), "rejected");
    text += tile(count(SaveOutcome::kRolledBack), "rolled back");
    return "<ul class=\"tiles\">\n" + text + "</ul>\n";
}

std::string legend() {
    std::string text;
    for (std::size_t i = 0; i < kPartCount; ++i)
        text += "<li><svg viewBox=\"0 0 10 10\"><rect class=\"" + part_class(i) +
                "\" width=\"10\" height=\"10\" rx=\"2\"/></svg>" + std::string(kPartNames[i]) +
                "</li>\n";
    return "<ul class=\"legend\">\n" + text + "</ul>\n";
}

std::string file_rows(const std::vector<FileFigures> &files, const std::string &folder,
                      bool headers) {
    Microseconds most{1};
    for (const FileFigures &file : files)
        most = std::max(most, headers ? file.median : file.sum);
    std::string rows;
    for (const FileFigures &file : std::span(files).first(std::min(files.size(), kMostRows))) {
        const Microseconds shown = headers ? file.median : file.sum;
        rows += "<tr>" + cell("path", shortened(file.path, folder)) + count_cell(file.save_count) +
                count_cell(file.failure_count) + count_cell(file.median_edges) +
                time_cell(file.median) + time_cell(file.most) + time_cell(file.sum) +
                "<td class=\"bar\">" +
                share_bar(static_cast<double>(shown.count()) / static_cast<double>(most.count())) +
                "</td></tr>\n";
    }
    return rows;
}

const std::vector<std::string_view> kFileColumns = {"file",    "#saves",   "#went wrong", "#steps",
                                                    "#median", "#slowest", "#together",   ""};

std::string files_section(const std::vector<FileFigures> &files, const std::string &folder) {
    if (files.empty())
        return {};
    return long_section(
        "By file",
        "What the saves of each file have cost; the most expensive together first. A save of "
        "several files counts for each. Steps: what ninja ran, the median.",
        table("files", kFileColumns, file_rows(files, folder, false)) +
            and_more(files.size(), kMostRows, "files"));
}

std::string headers_section(std::vector<FileFigures> files, const std::string &folder) {
    std::erase_if(files, [](const FileFigures &file) { return !is_header(file.path); });
    if (files.empty())
        return {};
    std::ranges::stable_sort(files, std::greater(), &FileFigures::median);
    return long_section(
        "Slowest headers",
        "A header compiles whatever includes it: the fewer steps a save needs, the sooner it is "
        "live.",
        table("headers", kFileColumns, file_rows(files, folder, true)) +
            and_more(files.size(), kMostRows, "headers"));
}

std::string edges_section(const SaveHistory &history) {
    const std::vector<EdgeFigures> edges = edges_of(history);
    if (edges.empty())
        return {};
    std::string rows;
    const auto most = static_cast<double>(std::max(edges.front().median, Microseconds(1)).count());
    for (const EdgeFigures &edge : std::span(edges).first(std::min(edges.size(), kMostRows))) {
        rows += "<tr>" + cell("path", edge.output) + count_cell(edge.count) +
                time_cell(edge.median) + time_cell(edge.most) + "<td class=\"bar\">" +
                share_bar(static_cast<double>(edge.median.count()) / most) + "</td></tr>\n";
    }
    return long_section("Slowest build steps", "What ninja ran after saves, by its output.",
                        table("edges", {"output", "#times", "#median", "#slowest", ""}, rows) +
                            and_more(edges.size(), kMostRows, "outputs"));
}

struct Failure {
    Microseconds time;
    std::string what;
    std::string paths;
    std::string detail;
};

std::vector<Failure> failures_of(const SaveHistory &history, const std::string &folder) {
    std::vector<Failure> failures;
    for (const Save &save : history.saves()) {
        if (save.outcome <= SaveOutcome::kNothing)
            continue;
        std::string paths;
        for (const std::string &path : save.paths)
            paths += (paths.empty() ? "" : "\n") + shortened(path, folder);
        failures.push_back({save.time, std::string(outcome_name(save.outcome)), paths,
                            shortened(save.detail, folder)});
    }
    for (const Incident &incident : history.incidents())
        failures.push_back({incident.time, incident.what, "", incident.detail});
    std::ranges::stable_sort(failures, {}, &Failure::time);
    return failures;
}

std::string failures_section(const SaveHistory &history, const std::string &folder) {
    const std::vector<Failure> failures = failures_of(history, folder);
    if (failures.empty())
        return {};
    std::string rows;
    const std::size_t shown = std::min(failures.size(), kMostFailures);
    for (const Failure &failure : std::span(failures).last(shown)) {
        rows += "<tr>" + cell("number", clock_time(failure.time)) + cell("what", failure.what) +
                cell("path", failure.paths) + cell("detail", failure.detail) + "</tr>\n";
    }
    return long_section("What went wrong",
                        failures.size() > shown
                            ? "The last " + std::to_string(shown) + " of " +
                                  std::to_string(failures.size()) + "; the time is since the start."
                            : "The time is since the start of the run.",
                        table("failures", {"#time", "what", "file", "why"}, rows));
}

std::string latency_section(const SaveHistory &history) {
    const std::size_t count = history.saves().size();
    const std::size_t width = columns_of(history, kMostColumns).front().count;
    return section(
        "Latency",
        width > 1 ? "Of " + std::to_string(count) + " saves; each bar is the mean of " +
                        std::to_string(width) +
                        " that follow each other. The time of the run is "
                        "below. Marks: a build failed, new code was rejected or rolled back, or "
                        "something else went wrong."
                  : "Each save a bar, from its reading to the end of the first new step; where it "
                    "did not go live, the time of the build. The time of the run is below.",
        legend() + latency_plot(history));
}

std::string body_of(const SaveHistory &history) {
    if (history.saves().empty())
        return "<p>No save is in these events yet.</p>\n";
    const std::vector<FileFigures> files = files_of(history.saves());
    const std::string folder = common_folder(files);
    std::string text = tiles(history) + latency_section(history);
    const std::size_t live = outcomes_of(history.saves())[0];
    if (live > 0)
        text +=
            section("By phase",
                    "Of the " + std::to_string(live) +
                        " saves that went live: from the "
                        "fastest to the slowest, the middle half as a box, the median as a line. "
                        "The scale is logarithmic.",
                    part_plot(history.saves()));
    return text + files_section(files, folder) + headers_section(files, folder) +
           edges_section(history) + failures_section(history, folder);
}

} // namespace

std::string report_page(const SaveHistory &history, const std::string &source) {
    const std::string where = history.builddir().empty() ? source : history.builddir();
    std::string about = in_html(source) + ", " + clock_time(history.end()) + " of a run";
    if (!history.version().empty())
        about += " of hotrun " + in_html(history.version());
    if (history.first_seq() > 1)
        about += "; it begins with event " + std::to_string(history.first_seq()) +
                 ", those before it are not remembered";
    return std::string(kReportHead) +
           "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
           "style-src 'unsafe-inline'\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<title>hotrun report: " +
           in_html(where) + "</title>\n<style>\n" + style() +
           "</style>\n</head>\n<body>\n<h1>From save to live</h1>\n<p>" + about + "</p>\n" +
           body_of(history) + "<footer>" + in_html(where) + "</footer>\n</body>\n</html>\n";
}

} // namespace hotrun
