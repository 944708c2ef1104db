// The part of HotGraph that goes on where a process before has ended.
#include "core/hot_graph.hpp"

#include <algorithm>
#include <utility>

namespace hotrun {

using Shared = LiveLibrary::Shared;

// The copies lie where the process before has made them.
Shared HotGraph::resume(std::size_t module, const std::vector<CodeRecipe> &recipes) {
    std::vector<Shared> loaded;
    for (const CodeRecipe &recipe : recipes) {
        Node *node = find(recipe.path);
        if (node == nullptr) {
            nodes_.push_back(
                std::make_unique<Node>(services_, recipe.path, recipe.path, false, false));
            node = nodes_.back().get();
        }
        Shared known = known_.library(recipe.path, recipe.origin);
        if (known == nullptr && services_.files.timestamp(recipe.copy)) {
            last_id_ = std::max(last_id_, recipe.id); // it is part of names
            LiveLibrary version{.id = recipe.id,
                                .path = recipe.path,
                                .origin = recipe.origin,
                                .content = ++last_content_,
                                .soname = recipe.soname,
                                .copy = LiveCopy::adopt(services_.files, recipe.copy),
                                .patches = {},
                                .links = {},
                                .needed_paths = recipe.needed_paths,
                                .needed = {},
                                .library = nullptr,
                                .has_unique_symbols = recipe.has_unique_symbols,
                                .is_module = recipe.is_module};
            for (const std::size_t link : recipe.links)
                version.links.push_back(loaded[link]);
            known = node->library.load_again(std::move(version));
        }
        if (known == nullptr)
            return nullptr;
        known_.add_library(known);
        resumed_copies_.insert(recipe.copy);
        node->is_linked = node->is_linked || !known->soname.empty();
        loaded.push_back(std::move(known));
    }
    if (loaded.empty())
        return nullptr;
    nodes_[module]->running = loaded.back();
    known_.add(nodes_[module]->library.path(), combination_of(recipes), loaded.back());
    return loaded.back();
}

void HotGraph::remove_other_copies() {
    for (const auto &node : nodes_)
        node->library.remove_own_copies(resumed_copies_);
    resumed_copies_.clear();
}

// What is in the files is what runs already, or what has failed.
bool HotGraph::take_known(Node &node) {
    if (!node.library.captured())
        return false;
    const std::string &path = node.library.path();
    if (std::optional<Rejection> rejection = known_.rejection(path, *node.library.captured())) {
        reject(node, std::move(*rejection));
        return true;
    }
    if (!node.is_module) {
        if (Shared known = known_.library(path, *node.library.captured())) {
            accept(node, std::move(known));
            return true;
        }
        return false;
    }
    Combination files;
    add_files(node, files);
    const std::optional<KnownCode::Verdict> verdict = known_.judge(path, files);
    if (verdict)
        node.code = verdict->code == nullptr ? node.running : verdict->code;
    return verdict.has_value();
}

void HotGraph::add_files(const Node &node, Combination &combination) const {
    if (!node.library.captured() ||
        !combination.emplace(node.library.path(), *node.library.captured()).second)
        return;
    for (const Link &link : node.links) {
        if (is_hot(link))
            add_files(*link.node, combination);
    }
}

} // namespace hotrun
