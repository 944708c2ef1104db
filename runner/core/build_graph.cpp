#include "core/build_graph.hpp"

#include <optional>
#include <unordered_set>

namespace hotrun {

namespace {

constexpr std::string_view kPhony = "phony";
constexpr std::string_view kAlwaysDirty = "PHONY"; // Meson's name for "always out of date"

// Text between the first `open` at or after `from` and the `close` that follows.
std::optional<std::string_view> between(std::string_view line, std::string_view open,
                                        std::string_view close, std::size_t from = 0) {
    const std::size_t start = line.find(open, from);
    if (start == std::string_view::npos)
        return std::nullopt;
    const std::size_t begin = start + open.size();
    const std::size_t end = line.find(close, begin);
    if (end == std::string_view::npos)
        return std::nullopt;
    return line.substr(begin, end - begin);
}

struct Arrow {
    std::string_view from;
    std::string_view to;
    std::string_view rule; // empty: it leads to or from a rule of its own
    bool order_only = false;
};

// The lines of the graph, sorted by what they say; ids are ninja's addresses.
struct Lines {
    std::unordered_map<std::string_view, std::string_view> paths;
    std::unordered_map<std::string_view, std::string_view> rules;
    std::vector<Arrow> arrows;
};

void read_line(std::string_view line, Lines &lines) {
    if (!line.starts_with("\"0x"))
        return;
    const std::size_t quote = line.find('"', 1);
    if (quote == std::string_view::npos)
        return;
    const std::string_view id = line.substr(1, quote - 1);
    const std::size_t after = quote + 1;
    if (line.substr(after).starts_with(" -> ")) {
        const auto to = between(line, "\"", "\"", after);
        if (!to)
            return;
        const std::string_view rule = between(line, "[label=\" ", "\"]", after).value_or("");
        lines.arrows.push_back(
            {id, *to, rule, line.find("style=dotted", after) != std::string_view::npos});
    } else if (const auto rule = between(line, "[label=\"", "\", shape=ellipse]")) {
        lines.rules[id] = *rule;
    } else if (const auto path = between(line, "[label=\"", "\"]")) {
        lines.paths[id] = *path;
    }
}

Lines read_lines(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        read_line(text.substr(0, end), lines);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

// One command of the graph: its rule and the ids of its files.
struct Edge {
    std::string_view rule;
    std::vector<std::string_view> inputs; // without the order-only ones
    std::vector<std::string_view> outputs;
    bool has_inputs = false; // of any kind
};

std::vector<Edge> collect_edges(const Lines &lines) {
    std::unordered_map<std::string_view, Edge> by_rule_id;
    std::vector<Edge> edges;
    for (const Arrow &arrow : lines.arrows) {
        if (!arrow.rule.empty()) {
            edges.push_back({arrow.rule, {arrow.from}, {arrow.to}, true});
        } else if (const auto rule = lines.rules.find(arrow.from); rule != lines.rules.end()) {
            Edge &edge = by_rule_id[arrow.from];
            edge.rule = rule->second;
            edge.outputs.push_back(arrow.to);
        } else {
            Edge &edge = by_rule_id[arrow.to];
            edge.has_inputs = true;
            if (!arrow.order_only)
                edge.inputs.push_back(arrow.from);
        }
    }
    for (auto &[id, edge] : by_rule_id)
        edges.push_back(std::move(edge));
    return edges;
}

} // namespace

BuildGraph BuildGraph::parse(std::string_view graphviz) {
    const Lines lines = read_lines(graphviz);
    const auto path_of = [&](std::string_view id) {
        const auto path = lines.paths.find(id);
        return std::string(path == lines.paths.end() ? "" : path->second);
    };
    BuildGraph graph;
    std::unordered_set<std::string_view> inputs; // whose time counts
    for (const Edge &edge : collect_edges(lines)) {
        inputs.insert(edge.inputs.begin(), edge.inputs.end());
        for (const std::string_view output : edge.outputs) {
            const std::string to = path_of(output);
            if (to.empty()) // nobody asks for it, so ninja does not name it
                continue;
            // An alias has inputs and is made of them; "nobody makes this file" has none.
            if (edge.rule != kPhony || edge.has_inputs)
                graph.rule_by_output_.emplace(to, edge.rule);
            for (const std::string_view input : edge.inputs)
                graph.outputs_by_input_[path_of(input)].push_back(to);
        }
    }
    for (const auto &[id, path] : lines.paths) {
        if (graph.is_output(std::string(path)))
            graph.outputs_.emplace_back(path);
        else if (path != kAlwaysDirty && inputs.contains(id))
            graph.leaves_.emplace_back(path);
    }
    return graph;
}

std::vector<std::string> BuildGraph::outputs_of(const std::string &input) const {
    const auto found = outputs_by_input_.find(input);
    return found == outputs_by_input_.end() ? std::vector<std::string>() : found->second;
}

} // namespace hotrun
