// The part of ninja's graph that a run needs, as ninja itself prints it.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hotrun {

// Parsed from `ninja -t graph TARGET... build.ninja`: Graphviz source with one line for each node,
// one for each step from a file to a rule or from a rule to a file, and one for a rule with a
// single input and output. Order-only inputs are drawn dotted.
class BuildGraph {
  public:
    BuildGraph() = default;
    static BuildGraph parse(std::string_view graphviz);

    // Files that no command makes and whose time counts: what a user can edit. Spelled as ninja
    // spells them.
    const std::vector<std::string> &leaves() const { return leaves_; }

    // Files that a command makes.
    const std::vector<std::string> &outputs() const { return outputs_; }
    bool is_output(const std::string &path) const { return rule_by_output_.contains(path); }

    // The rule that makes an output.
    const std::string &rule_of(const std::string &output) const {
        return rule_by_output_.at(output);
    }

    // What is made directly from `input`.
    std::vector<std::string> outputs_of(const std::string &input) const;

  private:
    std::vector<std::string> leaves_;
    std::vector<std::string> outputs_;
    std::unordered_map<std::string, std::string> rule_by_output_;
    std::unordered_map<std::string, std::vector<std::string>> outputs_by_input_;
};

} // namespace hotrun
