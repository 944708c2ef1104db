#include "core/migration_planner.hpp"

#include "core/type_checksum.hpp"

#include <algorithm>
#include <utility>

namespace hotrun {

const MigrationPlanner::Types &MigrationPlanner::types_of(const LiveLibrary &library) {
    const auto known = known_.find(library.id);
    if (known != known_.end())
        return known->second.types;
    const LibraryTypes *before = nullptr; // the latest one
    for (const auto &[id, other] : known_) {
        if (other.path == library.path && other.types != nullptr)
            before = other.types.get();
    }
    Types types = reader_.read(library.copy.path(), before);
    return known_.emplace(library.id, Known{library.path, std::move(types)}).first->second.types;
}

std::uint64_t MigrationPlanner::checksum(const LiveLibrary &library) {
    const Types &types = types_of(library);
    return types == nullptr ? 0 : checksum_of(*types);
}

std::vector<Migration::Loaded>
MigrationPlanner::loaded(const std::vector<LiveLibrary::Shared> &libraries) {
    std::vector<Migration::Loaded> all;
    for (const LiveLibrary::Shared &library : libraries) {
        const Library::Place place = library->library->place();
        all.push_back({types_of(*library), place.load_bias, {place.begin, place.end}});
    }
    return all;
}

// Versions of the same library.
std::vector<StaticCarry::Pair>
MigrationPlanner::pair(const std::vector<LiveLibrary::Shared> &olds,
                       const std::vector<LiveLibrary::Shared> &news) const {
    std::vector<StaticCarry::Pair> pairs;
    for (const LiveLibrary::Shared &old : olds) {
        for (const LiveLibrary::Shared &now : news) {
            const Types &old_types = known_.at(old->id).types;
            const Types &new_types = known_.at(now->id).types;
            if (old == now || old->path != now->path || old_types == nullptr ||
                new_types == nullptr)
                continue;
            pairs.push_back({{old.get(), old_types},
                             {now.get(), new_types},
                             pair_statics(old_types->statics, new_types->statics)});
        }
    }
    std::erase_if(pairs, [](const StaticCarry::Pair &pair) {
        return pair.variables.pairs.empty() && pair.variables.ambiguous.empty();
    });
    return pairs;
}

MigrationPlanner::Plan MigrationPlanner::plan(const std::vector<LiveLibrary::Shared> &olds,
                                              const LiveLibrary::Shared &code) {
    std::vector<LiveLibrary::Shared> old;
    for (const LiveLibrary::Shared &each : olds)
        add_with_links(each, old);
    std::vector<LiveLibrary::Shared> now;
    add_with_links(code, now);
    const auto is_used = [&](std::uint64_t id) {
        const auto has_id = [id](const LiveLibrary::Shared &each) { return each->id == id; };
        return std::ranges::any_of(old, has_id) || std::ranges::any_of(now, has_id);
    };
    std::erase_if(known_, [&](const auto &entry) { return !is_used(entry.first); });
    std::vector<Migration::Loaded> old_types = loaded(old);
    std::vector<Migration::Loaded> new_types = loaded(now);
    const auto is_known = [](const Migration::Loaded &library) { return library.types != nullptr; };
    if (std::ranges::none_of(old_types, is_known) || std::ranges::none_of(new_types, is_known))
        return {};
    std::vector<StaticCarry::Pair> pairs = pair(old, now);
    Migration::TypePairs types;
    for (const StaticCarry::Pair &pair : pairs) {
        for (const auto &[old_one, new_one] : pair.variables.pairs) {
            if (old_one->type != nullptr && new_one->type != nullptr)
                types.emplace_back(old_one->type, new_one->type);
        }
    }
    Plan plan;
    plan.migration = std::make_shared<Migration>(std::move(old_types), std::move(new_types), types);
    if (!pairs.empty())
        plan.statics = std::make_shared<StaticCarry>(std::move(pairs), plan.migration);
    return plan;
}

} // namespace hotrun
