#include "core/live_code.hpp"

#include <ranges>

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
    Patch &added = patches_.emplace_back();
    for (const LiveDefinition &definition : definitions)
        added.insert_or_assign(key_of({definition.source, definition.name, definition.is_local}),
                               definition.symbol);
}

void PatchedCode::drop_last_patch() {
    patches_.pop_back();
}

std::optional<LiveSymbol> PatchedCode::find(const LiveName &name) const {
    const std::string key = patches_.empty() ? std::string() : key_of(name);
    for (const Patch &patch : std::views::reverse(patches_)) {
        if (const auto found = patch.find(key); found != patch.end())
            return found->second;
    }
    return library_.find(name);
}

std::optional<std::uint64_t> PatchedCode::bound(std::string_view name) const {
    return library_.bound(name);
}

std::optional<std::uint64_t> PatchedCode::elsewhere(std::string_view name) const {
    return library_.elsewhere(name);
}

} // namespace hotrun
