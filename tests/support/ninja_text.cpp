#include "support/ninja_text.hpp"

namespace hotrun {

namespace {

std::string id_text(int id) {
    return "\"0x" + std::to_string(id) + "\"";
}

std::string arrow(const std::string &from, const std::string &to) {
    return from + " -> " + to;
}

} // namespace

std::string GraphText::node(const std::string &path) {
    const auto [place, is_new] = ids_.emplace(path, "");
    if (is_new) {
        place->second = id_text(++last_id_);
        lines_ += place->second + " [label=\"" + path + "\"]\n";
    }
    return place->second;
}

GraphText &GraphText::edge(const std::string &rule, const std::vector<std::string> &outputs,
                           const std::vector<std::string> &inputs) {
    if (inputs.size() == 1 && outputs.size() == 1) {
        lines_ += arrow(node(inputs[0]), node(outputs[0])) + " [label=\" " + rule + "\"]\n";
        return *this;
    }
    const std::string id = id_text(++last_id_);
    lines_ += id + " [label=\"" + rule + "\", shape=ellipse]\n";
    for (const std::string &output : outputs)
        lines_ += arrow(id, node(output)) + "\n";
    for (const std::string &input : inputs)
        lines_ += arrow(node(input), id) + " [arrowhead=none]\n";
    return *this;
}

std::string GraphText::text() const {
    return "digraph ninja {\nrankdir=\"LR\"\nnode [fontsize=10, shape=box, height=0.25]\n"
           "edge [fontsize=10]\n" +
           lines_ + "}\n";
}

DepsLog::DepsLog() : bytes_("# ninjadeps\n") {
    add_word(4);
}

void DepsLog::add_word(std::uint32_t word) {
    bytes_.append(reinterpret_cast<const char *>(&word), sizeof word);
}

std::uint32_t DepsLog::id_of(const std::string &path) {
    const auto [place, is_new] = ids_.emplace(path, static_cast<std::uint32_t>(ids_.size()));
    if (is_new) {
        const std::size_t padding = (4 - path.size() % 4) % 4;
        add_word(static_cast<std::uint32_t>(path.size() + padding + sizeof(std::uint32_t)));
        bytes_ += path + std::string(padding, '\0');
        add_word(~place->second);
    }
    return place->second;
}

DepsLog &DepsLog::deps(const std::string &output, const std::vector<std::string> &inputs) {
    std::vector<std::uint32_t> words = {id_of(output), 1, 0};
    for (const std::string &input : inputs)
        words.push_back(id_of(input));
    add_word(static_cast<std::uint32_t>(words.size() * sizeof(std::uint32_t)) | 0x80000000u);
    for (const std::uint32_t word : words)
        add_word(word);
    return *this;
}

} // namespace hotrun
