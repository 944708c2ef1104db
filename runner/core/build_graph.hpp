// The part of ninja's graph that a run needs, as ninja itself prints it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hotrun {

// Parsed from `ninja -t graph TARGET... build.ninja`: Graphviz source with one line for each node,
// one for each step from a file to a rule or from a rule to a file, and one for a rule with a
// single input and output. Order-only inputs are drawn dotted.
class BuildGraph {
  public:
    BuildGraph() = default;
    BuildGraph(BuildGraph &&) = default; // the views in index_ forbid a copy
    BuildGraph &operator=(BuildGraph &&) = default;
    static BuildGraph parse(std::string_view graphviz);

    // Files that no command makes and whose time counts: what a user can edit. Spelled as ninja
    // spells them.
    const std::vector<std::string> &leaves() const { return leaves_; }

    // Files that a command makes.
    const std::vector<std::string> &outputs() const { return outputs_; }
    bool is_output(std::string_view path) const;

    // The rule that makes an output.
    const std::string &rule_of(std::string_view output) const;

    // What is made directly from `input`.
    std::vector<std::string> outputs_of(std::string_view input) const;

    // Whether `output` is made from `input`, directly or not, or is it.
    bool leads_to(std::string_view input, std::string_view output) const;

  private:
    using Index = std::uint32_t; // the leaves', then the outputs'

    Index number_of_rule(std::string_view rule);

    std::vector<std::string> leaves_;
    std::vector<std::string> outputs_;
    std::unordered_map<std::string_view, Index> index_; // views of both
    std::vector<std::string> rules_;
    std::vector<Index> rule_of_output_;          // which of rules_
    std::vector<std::pair<Index, Index>> steps_; // from an input to an output; sorted
};

} // namespace hotrun
