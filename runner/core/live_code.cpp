#include "core/live_code.hpp"

namespace hotrun {

namespace {

std::string key_of(const LiveName &name) {
    std::string key;
    if (name.is_local)
        key.append(name.source).append(1, '\0');
    return key.append(name.name);
}

} // namespace

void PatchedCode::add_patch(const std::vector<LiveDefinition> &definitions) {
    Patch &patch = patches_.emplace_back();
    for (const LiveDefinition &definition : definitions) {
        patch.added.push_back(key_of({definition.source, definition.name, definition.is_local}));
        symbols_[patch.added.back()].push_back(definition.symbol);
    }
}

void PatchedCode::add_left(const std::vector<LiveName> &names) {
    Patch &patch = patches_.emplace_back();
    for (const LiveName &name : names)
        patch.left.push_back(*left_.insert(key_of(name)));
}

void PatchedCode::drop_last_patch() {
    for (const std::string &key : patches_.back().added) {
        const auto found = symbols_.find(key);
        found->second.pop_back();
        if (found->second.empty())
            symbols_.erase(found);
    }
    for (const std::string &name : patches_.back().left)
        left_.erase(left_.find(name));
    patches_.pop_back();
}

std::optional<LiveSymbol> PatchedCode::find(const LiveName &name) const {
    if (!symbols_.empty()) {
        if (const auto found = symbols_.find(key_of(name)); found != symbols_.end())
            return found->second.back();
    }
    return library_.find(name);
}

bool PatchedCode::is_unclear(const LiveName &name) const {
    return !find(name) && library_.is_unclear(name);
}

bool PatchedCode::has_left(const LiveName &name) const {
    return left_.contains(key_of(name));
}

std::optional<std::uint64_t> PatchedCode::bound(std::string_view name) const {
    return library_.bound(name);
}

std::optional<std::uint64_t> PatchedCode::elsewhere(std::string_view name) const {
    return library_.elsewhere(name);
}

} // namespace hotrun
