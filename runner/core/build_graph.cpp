#include "core/build_graph.hpp"

#include "core/ninja_syntax.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

namespace hotrun {

namespace {

using NodeNumber = std::uint32_t;

constexpr NodeNumber kNone = std::numeric_limits<NodeNumber>::max();
constexpr std::string_view kPhony = "phony";
constexpr std::string_view kAlwaysDirty = "PHONY"; // Meson's name for "always out of date"
constexpr std::size_t kBytesOfALine = 64;          // about

// A file, or a rule that is drawn by itself.
struct Node {
    std::string_view label; // empty: ninja does not name it, because nobody asks for it
    bool is_rule = false;
    bool is_made = false;     // by a command
    bool counts = false;      // the time of it, for some command
    NodeNumber index = kNone; // in the graph that comes out; of a rule: its command
};

struct Arrow {
    NodeNumber from;
    NodeNumber to;
    std::string_view rule; // empty: it leads to or from a rule of its own
    bool order_only;
};

// One command of the graph, by the numbers of its files.
struct Edge {
    std::string_view rule;
    std::vector<NodeNumber> inputs; // without the order-only ones
    std::vector<NodeNumber> outputs;
    bool has_inputs = false; // of any kind
};

// Takes `prefix` off the front, if it is there.
bool skip(std::string_view &text, std::string_view prefix) {
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

// What the lines say. Ninja names nodes by their addresses; here they are counted.
class Drawing {
  public:
    explicit Drawing(std::string_view text) {
        numbers_.reserve(text.size() / kBytesOfALine);
        while (!text.empty())
            read_line(take_line(text));
    }

    std::vector<Node> nodes;
    std::vector<Arrow> arrows;

  private:
    // "0x55d0", quotes included.
    bool take_id(std::string_view &line, NodeNumber &number) {
        if (!skip(line, "\"0x"))
            return false;
        std::uint64_t address = 0;
        const auto [end, error] =
            std::from_chars(line.data(), line.data() + line.size(), address, 16);
        line.remove_prefix(static_cast<std::size_t>(end - line.data()));
        if (error != std::errc() || !skip(line, "\""))
            return false;
        number = numbers_.try_emplace(address, static_cast<NodeNumber>(nodes.size())).first->second;
        if (number == nodes.size())
            nodes.emplace_back();
        return true;
    }

    void read_line(std::string_view line) {
        NodeNumber number = 0;
        if (!take_id(line, number))
            return;
        if (skip(line, " -> "))
            read_arrow(number, line);
        else if (skip(line, " [label=\""))
            read_label(nodes[number], line);
    }

    void read_arrow(NodeNumber from, std::string_view line) {
        Arrow arrow{from, 0, {}, line.ends_with(" style=dotted]")};
        if (!take_id(line, arrow.to))
            return;
        if (skip(line, " [label=\" ") && line.ends_with("\"]"))
            arrow.rule = line.substr(0, line.size() - 2);
        arrows.push_back(arrow);
    }

    static void read_label(Node &node, std::string_view line) {
        constexpr std::string_view kRuleEnd = "\", shape=ellipse]";
        constexpr std::string_view kFileEnd = "\"]";
        node.is_rule = line.ends_with(kRuleEnd);
        if (node.is_rule || line.ends_with(kFileEnd))
            node.label = line.substr(0, line.size() - (node.is_rule ? kRuleEnd : kFileEnd).size());
    }

    std::unordered_map<std::uint64_t, NodeNumber> numbers_;
};

std::vector<Edge> collect_edges(Drawing &drawing) {
    std::vector<Edge> edges;
    const auto edge_of = [&](Node &rule) -> Edge & {
        if (rule.index == kNone) {
            rule.index = static_cast<NodeNumber>(edges.size());
            edges.emplace_back().rule = rule.label;
        }
        return edges[rule.index];
    };
    for (const Arrow &arrow : drawing.arrows) {
        if (!arrow.rule.empty()) {
            edges.push_back({arrow.rule, {arrow.from}, {arrow.to}, true});
        } else if (Node &rule = drawing.nodes[arrow.from]; rule.is_rule) {
            edge_of(rule).outputs.push_back(arrow.to);
        } else if (Node &taker = drawing.nodes[arrow.to]; taker.is_rule) {
            Edge &edge = edge_of(taker);
            edge.has_inputs = true;
            if (!arrow.order_only)
                edge.inputs.push_back(arrow.from);
        }
    }
    return edges;
}

void mark_files(const std::vector<Edge> &edges, std::vector<Node> &nodes) {
    for (const Edge &edge : edges) {
        for (const NodeNumber input : edge.inputs)
            nodes[input].counts = true;
        // An alias has inputs and is made of them; "nobody makes this file" has none.
        for (const NodeNumber output : edge.outputs)
            nodes[output].is_made |= edge.rule != kPhony || edge.has_inputs;
    }
}

// Those that a command makes, or the others; the first gets the index `next`.
std::vector<std::string> take_files(bool made, NodeNumber next, std::vector<Node> &nodes) {
    std::vector<std::string> paths;
    for (Node &node : nodes) {
        if (node.is_rule || node.label.empty() || node.is_made != made)
            continue;
        if (!made && (!node.counts || node.label == kAlwaysDirty))
            continue;
        node.index = next++;
        paths.emplace_back(node.label);
    }
    return paths;
}

} // namespace

BuildGraph BuildGraph::parse(std::string_view graphviz) {
    Drawing drawing(graphviz);
    const std::vector<Edge> edges = collect_edges(drawing);
    mark_files(edges, drawing.nodes);
    BuildGraph graph;
    graph.leaves_ = take_files(false, 0, drawing.nodes);
    const auto leaf_count = static_cast<Index>(graph.leaves_.size());
    graph.outputs_ = take_files(true, leaf_count, drawing.nodes);
    graph.index_.reserve(graph.leaves_.size() + graph.outputs_.size());
    for (const std::vector<std::string> *paths : {&graph.leaves_, &graph.outputs_}) {
        for (const std::string &path : *paths)
            graph.index_.emplace(path, static_cast<Index>(graph.index_.size()));
    }
    graph.rule_of_output_.resize(graph.outputs_.size());
    for (const Edge &edge : edges) {
        for (const NodeNumber output : edge.outputs) {
            const Node &made = drawing.nodes[output];
            if (!made.is_made || made.index == kNone)
                continue;
            graph.rule_of_output_[made.index - leaf_count] = graph.number_of_rule(edge.rule);
            for (const NodeNumber input : edge.inputs) {
                if (drawing.nodes[input].index != kNone)
                    graph.steps_.emplace_back(drawing.nodes[input].index, made.index);
            }
        }
    }
    std::sort(graph.steps_.begin(), graph.steps_.end());
    return graph;
}

// A project has a dozen.
BuildGraph::Index BuildGraph::number_of_rule(std::string_view rule) {
    const auto found = std::find(rules_.begin(), rules_.end(), rule);
    const auto number = static_cast<Index>(found - rules_.begin());
    if (found == rules_.end())
        rules_.emplace_back(rule);
    return number;
}

bool BuildGraph::is_output(std::string_view path) const {
    const auto found = index_.find(path);
    return found != index_.end() && found->second >= leaves_.size();
}

const std::string &BuildGraph::rule_of(std::string_view output) const {
    return rules_[rule_of_output_[index_.at(output) - leaves_.size()]];
}

std::vector<std::string> BuildGraph::outputs_of(std::string_view input) const {
    std::vector<std::string> found;
    const auto index = index_.find(input);
    if (index == index_.end())
        return found;
    for (auto step = std::lower_bound(steps_.begin(), steps_.end(), std::pair(index->second, 0u));
         step != steps_.end() && step->first == index->second; ++step)
        found.push_back(outputs_[step->second - leaves_.size()]);
    return found;
}

bool BuildGraph::leads_to(std::string_view input, std::string_view output) const {
    std::set<std::string> seen = {std::string(input)};
    std::vector<std::string> next(seen.begin(), seen.end());
    while (!next.empty()) {
        const std::string at = std::move(next.back());
        next.pop_back();
        if (at == output)
            return true;
        for (std::string &made : outputs_of(at)) {
            if (seen.insert(made).second)
                next.push_back(std::move(made));
        }
    }
    return false;
}

} // namespace hotrun
