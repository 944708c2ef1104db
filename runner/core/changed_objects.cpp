#include "core/changed_objects.hpp"

#include <filesystem>
#include <set>

namespace hotrun {

namespace {

// The names are Meson's, with a language before them and, for some, more behind.
bool compiles(std::string_view rule) {
    return rule.find("_COMPILER") != std::string_view::npos;
}

bool links(std::string_view rule) {
    return rule.find("_LINKER") != std::string_view::npos && !rule.starts_with("STATIC_");
}

std::string shown(const std::string &path) {
    return std::filesystem::path(path).filename().string();
}

ChangedObjects more_than_objects(std::string why) {
    return {{}, {}, std::move(why)};
}

} // namespace

ChangedObjects find_changed_objects(const SourceWatch &sources, const std::string &builddir,
                                    const std::vector<std::string> &changed,
                                    const HotOutputs &hot) {
    const BuildGraph &graph = sources.graph();
    std::set<std::string> objects;
    for (const std::string &path : changed) {
        const std::vector<std::string> outputs = sources.outputs_of(path);
        if (outputs.empty())
            return more_than_objects("no command is known to have read " + shown(path));
        for (const std::string &output : outputs) {
            if (!compiles(graph.rule_of(output)))
                return more_than_objects(shown(path) + " goes into " + output +
                                         ", which is no object file");
            objects.insert(output);
        }
        if (objects.size() > kMostObjects)
            return more_than_objects("more than " + std::to_string(kMostObjects) +
                                     " object files change");
    }
    std::map<std::string, ObjectSet> sets;
    for (const std::string &object : objects) {
        const std::vector<std::string> users = graph.outputs_of(object);
        for (const std::string &user : users) {
            if (!hot.contains(user) || !links(graph.rule_of(user)))
                return more_than_objects(object + " goes into " + user +
                                         ", which is no hot library");
        }
        if (users.size() != 1)
            return more_than_objects(object + " goes into " + std::to_string(users.size()) +
                                     " libraries");
        ObjectSet &set = sets[users.front()];
        set.library = hot.find(users.front())->second;
        set.objects.push_back(
            (std::filesystem::path(builddir) / object).lexically_normal().string());
    }
    ChangedObjects found;
    for (auto &[library, set] : sets)
        found.sets.push_back(std::move(set));
    found.targets.assign(objects.begin(), objects.end());
    return found;
}

} // namespace hotrun
