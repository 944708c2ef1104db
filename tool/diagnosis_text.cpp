#include "diagnosis_text.hpp"

#include "control/cost_text.hpp"
#include "control/event_json.hpp"
#include "counted.hpp"
#include "screen_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace hotrun {

namespace {

namespace json = boost::json;

constexpr std::size_t kLeastTableColumns = 60;
constexpr std::size_t kGap = 2;

json::value microseconds(const std::optional<RunTime> &time) {
    return time ? json::value(time->median.count()) : json::value(nullptr);
}

json::object to_json(const Finding &finding) {
    return {{"code", finding.code},
            {"module",
             finding.module.empty() ? json::value(nullptr) : json::value(to_utf8(finding.module))},
            {"message", to_utf8(finding.message)},
            {"cost", to_utf8(finding.cost)},
            {"cost_us",
             finding.cost_time ? json::value(finding.cost_time->count()) : json::value(nullptr)},
            {"remedy", to_utf8(finding.remedy)}};
}

json::object to_json(const CompileTimes &times) {
    json::array headers;
    for (const HeaderTime &header : times.headers)
        headers.push_back(json::object{{"name", to_utf8(header.name)},
                                       {"bytes", header.bytes},
                                       {"alone_us", header.alone.count()}});
    return {{"module", to_utf8(times.module)},
            {"source", to_utf8(times.source)},
            {"compile_us", microseconds(times.whole)},
            {"front_end_us", microseconds(times.front_end)},
            {"precompiled_header_us", microseconds(times.precompiled)},
            {"preamble_us", microseconds(times.preamble)},
            {"unoptimised_us", microseconds(times.unoptimised)},
            {"largest_part_us", microseconds(times.part)},
            {"ccache_us", microseconds(times.cached)},
            {"uncompressed_us", microseconds(times.uncompressed)},
            {"without_lto_us", microseconds(times.without_lto)},
            {"headers", std::move(headers)}};
}

json::object to_json(const LinkTimes &times) {
    json::array linkers;
    for (const LinkerTime &linker : times.others)
        linkers.push_back(json::object{{"name", linker.name},
                                       {"installed", linker.installed},
                                       {"link_us", microseconds(linker.time)}});
    return {{"module", to_utf8(times.module)},
            {"linker", times.linker.empty() ? json::value(nullptr) : json::value(times.linker)},
            {"link_us", microseconds(times.whole)},
            {"uncompressed_us", microseconds(times.uncompressed)},
            {"without_lto_us", microseconds(times.without_lto)},
            {"linkers", std::move(linkers)}};
}

json::value to_json(const std::optional<CacheUse> &use) {
    if (!use)
        return nullptr;
    return json::object{{"hits", use->hit_count}, {"misses", use->miss_count}};
}

// "game.cpp compiles in 190 ms (160 ms of it reading and checking)"
std::string summary(const CompileTimes &times) {
    std::string text = times.source + " compiles in " + cost_text(times.whole.median);
    if (times.front_end)
        text += " (" + cost_text(times.front_end->median) + " of it reading and checking)";
    return text;
}

std::string summary(const LinkTimes &times) {
    std::string text = times.module + " links in " + cost_text(times.whole.median);
    std::string others;
    for (const LinkerTime &other : times.others) {
        if (other.time)
            others +=
                (others.empty() ? "" : ", ") + other.name + " " + cost_text(other.time->median);
    }
    return text + (others.empty() ? "" : " (" + others + ")");
}

// Those that are worth having.
std::string absent_linkers(const Diagnosis &diagnosis) {
    std::string absent;
    if (diagnosis.links.empty())
        return absent;
    for (const LinkerTime &linker : diagnosis.links.front().others) {
        if (!linker.installed && (linker.name == "mold" || linker.name == "lld"))
            absent += (absent.empty() ? "" : " ") + linker.name;
    }
    return absent;
}

std::vector<std::string> notes(const Diagnosis &diagnosis) {
    std::vector<std::string> lines;
    for (const CompileTimes &times : diagnosis.compiles)
        lines.push_back(summary(times));
    for (const LinkTimes &times : diagnosis.links)
        lines.push_back(summary(times));
    if (diagnosis.cache)
        lines.push_back("ccache had " + std::to_string(diagnosis.cache->hit_count) + " of " +
                        counted(diagnosis.cache->hit_count + diagnosis.cache->miss_count,
                                "compilation", "compilations"));
    lines.push_back("ninja with nothing to do takes " + cost_text(diagnosis.idle_build.median));
    if (const std::string absent = absent_linkers(diagnosis); !absent.empty())
        lines.push_back("not installed, and so not tried: " + absent + " (apt-get install " +
                        absent + ")");
    const std::size_t count = diagnosis.findings.size();
    lines.push_back(count == 0 ? "nothing found" : counted(count, "finding", "findings"));
    return lines;
}

// Cells beside each other.
void add_row(std::string &text, const std::array<std::string, 3> &cells,
             const std::array<std::size_t, 3> &widths) {
    std::array<std::vector<std::string>, 3> lines;
    std::size_t height = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        lines[i] = folded_lines(cells[i], widths[i]);
        height = std::max(height, lines[i].size());
    }
    for (std::size_t row = 0; row < height; ++row) {
        std::string line;
        std::size_t column = 0; // where the next cell begins
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (row < lines[i].size() && !lines[i][row].empty()) {
                line.append(column - columns_of(line), ' ');
                line += lines[i][row];
            }
            column += widths[i] + kGap;
        }
        text += line + "\n";
    }
}

std::string table(const std::vector<Finding> &findings, std::size_t columns) {
    const std::size_t room = columns - 2 * kGap;
    const std::size_t cost = room / 4;
    const std::size_t remedy = room * 3 / 8;
    const std::array<std::size_t, 3> widths = {room - cost - remedy, cost, remedy};
    std::string text;
    add_row(text, {"FINDING", "MEASURED COST", "REMEDY"}, widths);
    for (const Finding &finding : findings) {
        add_row(text, {finding.message, finding.cost, finding.remedy}, widths);
        text += "\n";
    }
    return text;
}

// A part a line; lines of a terminal are wrapped.
std::string list(const std::vector<Finding> &findings, std::size_t columns) {
    std::string text;
    const auto add = [&](const std::string &line, const std::string &indent) {
        if (columns == 0) {
            text += indent + line + "\n";
            return;
        }
        const std::size_t width = columns > indent.size() ? columns - indent.size() : 1;
        for (const std::string &part : folded_lines(line, width))
            text += indent + part + "\n";
    };
    for (const Finding &finding : findings) {
        add(finding.code + ": " + finding.message, "");
        add("cost: " + finding.cost, "  ");
        add("remedy: " + finding.remedy, "  ");
    }
    return text;
}

} // namespace

std::string diagnosis_json(const Diagnosis &diagnosis) {
    json::array targets;
    for (const std::string &target : diagnosis.targets)
        targets.emplace_back(to_utf8(target));
    json::array findings;
    for (const Finding &finding : diagnosis.findings)
        findings.push_back(to_json(finding));
    json::array compiles;
    for (const CompileTimes &times : diagnosis.compiles)
        compiles.push_back(to_json(times));
    json::array links;
    for (const LinkTimes &times : diagnosis.links)
        links.push_back(to_json(times));
    const json::object object = {{"builddir", to_utf8(diagnosis.builddir)},
                                 {"targets", std::move(targets)},
                                 {"findings", std::move(findings)},
                                 {"idle_build_us", microseconds(diagnosis.idle_build)},
                                 {"compiles", std::move(compiles)},
                                 {"links", std::move(links)},
                                 {"ccache", to_json(diagnosis.cache)}};
    return json::serialize(object);
}

std::string diagnosis_text(const Diagnosis &diagnosis, std::size_t columns) {
    std::string text = columns < kLeastTableColumns ? list(diagnosis.findings, columns)
                       : diagnosis.findings.empty() ? ""
                                                    : table(diagnosis.findings, columns);
    for (const std::string &note : notes(diagnosis)) {
        for (const std::string &line :
             columns == 0 ? std::vector{note} : folded_lines(note, columns))
            text += line + "\n";
    }
    return text;
}

} // namespace hotrun
