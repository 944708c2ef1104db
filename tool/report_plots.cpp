#include "report_plots.hpp"

#include "control/event_json.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

namespace hotrun {

namespace {

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

double in_milliseconds(Microseconds time) {
    return static_cast<double>(time.count()) / 1000;
}

using Attributes = std::vector<std::pair<std::string_view, double>>;

std::string element(std::string_view name, std::string_view css, const Attributes &attributes) {
    std::string text = "<" + std::string(name) + " class=\"" + std::string(css) + "\"";
    for (const auto &[attribute, value] : attributes)
        text += " " + std::string(attribute) + "=\"" + number(value) + "\"";
    return text + "/>";
}

std::string rectangle(std::string_view css, double x, double y, double width, double height) {
    return element("rect", css, {{"x", x}, {"y", y}, {"width", width}, {"height", height}});
}

std::string line(std::string_view css, double x1, double y1, double x2, double y2) {
    return element("line", css, {{"x1", x1}, {"y1", y1}, {"x2", x2}, {"y2", y2}});
}

std::string label(std::string_view css, double x, double y, std::string_view text) {
    return "<text class=\"" + std::string(css) + "\" x=\"" + number(x) + "\" y=\"" + number(y) +
           "\">" + in_html(text) + "</text>";
}

std::string drawing(double width, double height, std::string_view name, const std::string &body) {
    return "<svg viewBox=\"0 0 " + number(width) + " " + number(height) +
           "\" role=\"img\" aria-label=\"" + in_html(name) + "\">\n" + body + "</svg>\n";
}

// 1, 2 or 5 times a power of ten, so that about five of it reach `most`.
double step_for(double most) {
    const double rough = std::max(most, 1e-3) / 5;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough)
            return factor * power;
    }
    return 10 * power;
}

std::string axis_words(double ms) {
    return in_words(Microseconds(std::llround(ms * 1000)));
}

// Where things are in the plot of latencies.
constexpr double kWidth = 960;
constexpr double kLeft = 64;
constexpr double kTop = 12;
constexpr double kPlotHeight = 240;
constexpr double kBottom = kTop + kPlotHeight;

// What goes wrong, a row of marks for each, in this order below the bars.
constexpr std::array kMarkedOutcomes = {SaveOutcome::kFailed, SaveOutcome::kRejected,
                                        SaveOutcome::kRolledBack};
constexpr double kMarkRow = 14;
constexpr double kMarksBottom = kBottom + 8 + (kMarkedOutcomes.size() + 1) * kMarkRow;

Microseconds sum_of(const Parts &parts) {
    return std::accumulate(parts.begin(), parts.end(), Microseconds(0));
}

// A few saves that take far longer than the others would make these invisible: they are cut off.
double limit_of(const std::vector<Column> &columns) {
    std::vector<Microseconds> heights;
    for (const Column &column : columns)
        heights.push_back(sum_of(column.parts));
    const Quantiles quantiles = quantiles_of(std::move(heights));
    const double most = in_milliseconds(quantiles.most);
    const double slow = in_milliseconds(quantiles.three_quarters);
    return std::max(most > 8 * slow && slow > 0 ? 2 * slow : most, 1.0);
}

std::string column_title(const SaveHistory &history, const Column &column) {
    const Save &save = history.saves()[column.first];
    std::string text = "save " + std::to_string(column.first + 1);
    if (column.count > 1)
        text += " to " + std::to_string(column.first + column.count);
    text += ", " + clock_time(save.time);
    if (column.count == 1) {
        text += ": " + std::string(outcome_name(save.outcome)) + ", " + in_words(save.total);
        for (const std::string &path : save.paths)
            text += "\n" + path;
        if (!save.detail.empty())
            text += "\n" + save.detail;
    } else
        text += ": the slowest " + in_words(column.most);
    for (std::size_t i = 0; i < kPartCount; ++i) {
        if (column.parts[i] > Microseconds(0))
            text += "\n" + std::string(kPartNames[i]) + " " + in_words(column.parts[i]);
    }
    if (column.count > 1) {
        for (std::size_t i = 0; i < kOutcomeCount; ++i) {
            if (column.outcomes[i] > 0)
                text += "\n" + std::to_string(column.outcomes[i]) + " " +
                        std::string(outcome_name(static_cast<SaveOutcome>(i)));
        }
    }
    return text;
}

std::string mark(std::string_view css, double x, std::size_t row) {
    const double y = kBottom + 8 + (static_cast<double>(row) + 0.5) * kMarkRow;
    return element("circle", "mark " + std::string(css), {{"cx", x}, {"cy", y}, {"r", 3.5}});
}

std::string outcome_class(SaveOutcome outcome) {
    constexpr std::array<const char *, kOutcomeCount> kClasses = {"live", "nothing", "failed",
                                                                  "rejected", "rolled-back"};
    return kClasses[static_cast<std::size_t>(outcome)];
}

std::string bar(const Column &column, double x, double width, double limit) {
    std::string text;
    double y = kBottom;
    double left = kPlotHeight;
    for (std::size_t i = 0; i < kPartCount; ++i) {
        const double height =
            std::min(left, in_milliseconds(column.parts[i]) / limit * kPlotHeight);
        if (height <= 0.05)
            continue;
        y -= height;
        left -= height;
        text += rectangle(part_class(i), x, y, width, height);
    }
    if (in_milliseconds(sum_of(column.parts)) > limit * 1.001)
        text += line("cut", x - 1, kTop + 5, x + width + 1, kTop + 1);
    return text;
}

std::string marks(const Column &column, double middle) {
    std::string text;
    for (std::size_t row = 0; row < kMarkedOutcomes.size(); ++row) {
        if (column.outcomes[static_cast<std::size_t>(kMarkedOutcomes[row])] > 0)
            text += mark(outcome_class(kMarkedOutcomes[row]), middle, row);
    }
    if (column.incident_count > 0)
        text += mark("incident", middle, kMarkedOutcomes.size());
    return text;
}

std::string latency_axes(double limit) {
    std::string text;
    const double step = step_for(limit);
    for (double value = 0; value <= limit * 1.001; value += step) {
        const double y = kBottom - value / limit * kPlotHeight;
        text += line("grid", kLeft, y, kWidth, y);
        text += label("y", kLeft - 8, y + 4, value == 0 ? "0" : axis_words(value));
    }
    std::size_t row = 0;
    for (const char *name : {"failed", "rejected", "rolled back", "incident"}) {
        const double y = kBottom + 8 + (static_cast<double>(row++) + 0.5) * kMarkRow;
        text += label("y small", kLeft - 8, y + 3.5, name);
    }
    return text + "\n";
}

// Where the plot of the parts has its times: by their logarithm.
constexpr double kLabelWidth = 96;
constexpr double kPartRow = 30;
class LogarithmicAxis {
  public:
    explicit LogarithmicAxis(Microseconds most)
        : decades_(std::max(1.0, std::ceil(std::log10(static_cast<double>(most.count()) / 10)))) {}

    double x(Microseconds time) const {
        const double decade = std::log10(std::max(static_cast<double>(time.count()) / 10, 1.0));
        return kLabelWidth + decade / decades_ * (kWidth - kLabelWidth - 24);
    }
    int decades() const { return static_cast<int>(decades_); }

  private:
    double decades_; // from 10 µs on
};

std::string box(const LogarithmicAxis &axis, std::string_view name, std::string_view css,
                const Quantiles &times, double y) {
    const double middle = y + kPartRow / 2;
    const double begin = axis.x(times.quarter);
    const double end = axis.x(times.three_quarters);
    std::string text = "<g class=\"part\"><title>" + in_html(name) + ": median " +
                       in_words(times.median) + ", 95 % within " + in_words(times.slow) +
                       ", from " + in_words(times.least) + " to " + in_words(times.most) +
                       "</title>";
    text += label("y", kLabelWidth - 10, middle + 4, name);
    text += line("range", axis.x(times.least), middle, axis.x(times.most), middle);
    text += rectangle(css, begin, y + 6, std::max(end - begin, 2.0), kPartRow - 12);
    const double median = axis.x(times.median);
    text += line("median", median, y + 4, median, y + kPartRow - 4);
    return text + "</g>\n";
}

} // namespace

std::string in_html(std::string_view text) {
    std::string html;
    for (const char c : to_utf8(text)) {
        switch (c) {
        case '&':
            html += "&amp;";
            break;
        case '<':
            html += "&lt;";
            break;
        case '>':
            html += "&gt;";
            break;
        case '"':
            html += "&quot;";
            break;
        case '\'':
            html += "&#39;";
            break;
        default:
            if ((static_cast<unsigned char>(c) < ' ' && c != '\n') || c == '\x7f')
                html += "\xef\xbf\xbd"; // U+FFFD
            else
                html += c;
        }
    }
    return html;
}

std::string in_words(Microseconds time) {
    char text[48];
    const double ms = in_milliseconds(time);
    if (ms < 9.95)
        std::snprintf(text, sizeof text, "%.*f ms", ms < 0.0995 && ms > 0 ? 2 : 1, ms);
    else if (ms < 999.5)
        std::snprintf(text, sizeof text, "%.0f ms", ms);
    else if (ms < 99'950)
        std::snprintf(text, sizeof text, "%.1f s", ms / 1000);
    else {
        const auto seconds = std::llround(ms / 1000);
        std::snprintf(text, sizeof text, "%lld min %lld s", seconds / 60, seconds % 60);
    }
    return text;
}

std::string clock_time(Microseconds time) {
    const long long seconds = time.count() / 1'000'000;
    char text[48];
    if (seconds < 3600)
        std::snprintf(text, sizeof text, "%lld:%02lld", seconds / 60, seconds % 60);
    else
        std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60,
                      seconds % 60);
    return text;
}

std::string_view outcome_name(SaveOutcome outcome) {
    constexpr std::array<std::string_view, kOutcomeCount> kNames = {
        "live", "nothing to do", "build failed", "rejected", "rolled back"};
    return kNames[static_cast<std::size_t>(outcome)];
}

std::string part_class(std::size_t part) {
    return "part-" + std::to_string(part);
}

std::string latency_plot(const SaveHistory &history) {
    const std::vector<Column> columns = columns_of(history, kMostColumns);
    const double limit = limit_of(columns);
    std::string body = latency_axes(limit);
    const double pitch = std::min(
        (kWidth - kLeft) / static_cast<double>(std::max<std::size_t>(columns.size(), 1)), 28.0);
    const double width = std::max(pitch * 0.8, 1.0);
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const double x = kLeft + (static_cast<double>(i) + 0.1) * pitch;
        body += "<g class=\"column\"><title>" + in_html(column_title(history, columns[i])) +
                "</title>" + rectangle("touch", x - pitch * 0.1, kTop, pitch, kMarksBottom - kTop) +
                bar(columns[i], x, width, limit) + marks(columns[i], x + width / 2) + "</g>\n";
    }
    constexpr double kLabelPitch = 72;
    const auto tick = static_cast<std::size_t>(std::max(std::ceil(kLabelPitch / pitch), 1.0));
    for (std::size_t i = 0; i < columns.size(); i += tick) {
        const double x = kLeft + (static_cast<double>(i) + 0.1) * pitch;
        body +=
            label("x", x, kMarksBottom + 12, clock_time(history.saves()[columns[i].first].time));
    }
    return drawing(kWidth, kMarksBottom + 18, "the latency of each save", body);
}

std::string part_plot(std::span<const Save> saves) {
    const Quantiles totals = totals_of(saves);
    const LogarithmicAxis axis(totals.most);
    const double height = kPartRow * (kPartCount + 1);
    std::string body;
    for (int decade = 0; decade <= axis.decades(); ++decade) {
        const Microseconds time(std::llround(10 * std::pow(10, decade)));
        body += line("grid", axis.x(time), 0, axis.x(time), height);
        body += label("x middle", axis.x(time), height + 16, in_words(time));
    }
    body += box(axis, "total", "part-total", totals, 0);
    for (std::size_t i = 0; i < kPartCount; ++i)
        body += box(axis, kPartNames[i], part_class(i), part_of(saves, static_cast<Part>(i)),
                    kPartRow * static_cast<double>(i + 1));
    return drawing(kWidth, height + 22, "the times of each phase", body);
}

std::string share_bar(double share) {
    return "<svg class=\"share\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\">" +
           rectangle("bar", 0, 0, 100 * std::clamp(share, 0.0, 1.0), 10) + "</svg>";
}

} // namespace hotrun
