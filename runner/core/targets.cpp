#include "core/targets.hpp"

#include "core/ninja_syntax.hpp"
#include "core/sentence.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace hotrun {

namespace json = boost::json;

namespace {

constexpr std::size_t kNearNameCount = 3;

std::string text_of(const json::object &object, const char *name) {
    const json::value *value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::vector<std::string> texts_of(const json::object &object, const char *name) {
    std::vector<std::string> texts;
    const json::value *value = object.if_contains(name);
    if (value == nullptr || !value->is_array())
        return texts;
    for (const json::value &element : value->as_array()) {
        if (element.is_string())
            texts.emplace_back(element.as_string());
    }
    return texts;
}

// What the groups of sources of a target have under that name, one after the other.
std::vector<std::string> of_all_groups(const json::object &target, const char *name) {
    std::vector<std::string> texts;
    const json::value *groups = target.if_contains("target_sources");
    if (groups == nullptr || !groups->is_array())
        return texts;
    for (const json::value &group : groups->as_array()) {
        if (!group.is_object() || !group.as_object().contains("sources")) // else the linker's
            continue;
        for (std::string &text : texts_of(group.as_object(), name))
            texts.push_back(std::move(text));
    }
    return texts;
}

MesonTarget to_target(const json::object &object) {
    const json::value *subproject = object.if_contains("subproject");
    return {.name = text_of(object, "name"),
            .type = text_of(object, "type"),
            .outputs = texts_of(object, "filename"),
            .sources = of_all_groups(object, "sources"),
            .arguments = of_all_groups(object, "parameters"),
            .defined_in = text_of(object, "defined_in"),
            .in_subproject = subproject != nullptr && !subproject->is_null()};
}

// Levenshtein's distance, two rows at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t above = row[j + 1];
            row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0u : 1u)});
            diagonal = above;
        }
    }
    return row.back();
}

} // namespace

Result<std::vector<MesonTarget>> parse_intro_targets(const std::string &text) {
    boost::system::error_code error;
    const json::value list = json::parse(text, error);
    if (error || !list.is_array())
        return Error{ErrorKind::kFailed,
                     "meson-info/intro-targets.json is not what Meson writes; set the build folder "
                     "up again with meson setup --reconfigure",
                     0};
    std::vector<MesonTarget> targets;
    for (const json::value &entry : list.as_array()) {
        if (entry.is_object())
            targets.push_back(to_target(entry.as_object()));
    }
    return targets;
}

TargetResolver::TargetResolver(std::vector<MesonTarget> targets, std::string builddir,
                               std::string build_ninja,
                               std::function<bool(const MesonTarget &)> exports_step)
    : targets_(std::move(targets)), builddir_(std::move(builddir)),
      build_ninja_(std::move(build_ninja)), exports_step_(std::move(exports_step)) {}

Result<ResolvedTargets> TargetResolver::resolve(const std::vector<std::string> &names) const {
    if (names.empty())
        return resolve_only();
    ResolvedTargets resolved;
    for (const std::string &name : names) {
        if (const Status added = add(name, resolved); !added)
            return added.error();
    }
    return resolved;
}

Result<ResolvedTargets> TargetResolver::resolve_any(const std::vector<std::string> &names) const {
    ResolvedTargets resolved;
    for (const std::string &name : names) {
        if (const Status added = add_any(name, resolved); !added)
            return added.error();
    }
    return resolved;
}

Status TargetResolver::add_any(const std::string &name, ResolvedTargets &resolved) const {
    if (!libraries_named(name).empty() || library_at(name) != nullptr)
        return add(name, resolved);
    const auto built = std::ranges::find_if(targets_, [&](const MesonTarget &target) {
        return !target.outputs.empty() && !target.is_alias() &&
               (target.name == name || ninja_path(target) == name);
    });
    const bool has_members = !phony_members(build_ninja_, name).empty();
    if (built == targets_.end() && !has_members)
        return unknown(name, true);
    resolved.ninja_targets.push_back(has_members ? name : ninja_path(*built));
    for (const MesonTarget *member : hot_members(name))
        add_library(*member, resolved);
    return Done{};
}

const MesonTarget *TargetResolver::executable_at(const std::string &path) const {
    const auto found = std::ranges::find_if(targets_, [&](const MesonTarget &target) {
        return target.is_executable() && std::ranges::count(target.outputs, path) != 0;
    });
    return found == targets_.end() ? nullptr : &*found;
}

const MesonTarget *TargetResolver::executable_named(const std::string &name) const {
    const auto found = std::ranges::find_if(targets_, [&](const MesonTarget &target) {
        return target.is_executable() && target.name == name && !target.outputs.empty();
    });
    return found == targets_.end() ? nullptr : &*found;
}

Result<ResolvedTargets> TargetResolver::resolve_only() const {
    std::vector<const MesonTarget *> modules;
    std::vector<const MesonTarget *> libraries;
    for (const MesonTarget &target : targets_) {
        if (target.in_subproject || target.outputs.empty())
            continue;
        if (target.is_module())
            modules.push_back(&target);
        else if (target.is_library() && exports_step_(target))
            libraries.push_back(&target);
    }
    const std::vector<const MesonTarget *> &candidates = modules.empty() ? libraries : modules;
    if (candidates.empty())
        return Error{ErrorKind::kMisuse,
                     "this project has no hot module: no shared_module, and no shared_library that "
                     "exports hotrun_step; name a target",
                     0};
    if (candidates.size() > 1)
        return ambiguous(candidates);
    ResolvedTargets resolved;
    if (const Status added = add(candidates.front()->name, resolved); !added)
        return added.error();
    return resolved;
}

Error TargetResolver::ambiguous(const std::vector<const MesonTarget *> &candidates) const {
    std::vector<std::string> paths;
    for (const MesonTarget *candidate : candidates)
        paths.push_back(candidate->name + " (" + ninja_path(*candidate) + ")");
    return Error{ErrorKind::kMisuse,
                 "there are several libraries to choose from: " + listed(paths) + "; name one", 0};
}

// An alias that bears the name of a library builds it; ninja then builds the alias.
Status TargetResolver::add(const std::string &name, ResolvedTargets &resolved) const {
    const std::vector<const MesonTarget *> libraries = libraries_named(name);
    if (libraries.size() > 1)
        return ambiguous(libraries);
    if (libraries.size() == 1) {
        const bool alias = has_alias(name);
        resolved.ninja_targets.push_back(alias ? name : ninja_path(*libraries.front()));
        add_library(*libraries.front(), resolved);
        return Done{};
    }
    for (const MesonTarget &target : targets_) {
        if (target.name == name && !target.is_alias())
            return Error{ErrorKind::kMisuse,
                         "the target " + name + " is of type " + target.type +
                             ", which can't be reloaded; name a shared_module or a shared_library",
                         0};
    }
    return add_by_path(name, resolved);
}

Status TargetResolver::add_by_path(const std::string &name, ResolvedTargets &resolved) const {
    if (const MesonTarget *library = library_at(name)) {
        resolved.ninja_targets.push_back(ninja_path(*library));
        add_library(*library, resolved);
        return Done{};
    }
    if (phony_members(build_ninja_, name).empty())
        return unknown(name, false);
    const std::vector<const MesonTarget *> members = hot_members(name);
    if (members.empty())
        return Error{ErrorKind::kMisuse,
                     "the target " + name + " builds no library that can be reloaded", 0};
    resolved.ninja_targets.push_back(name);
    for (const MesonTarget *member : members)
        add_library(*member, resolved);
    return Done{};
}

void TargetResolver::add_library(const MesonTarget &library, ResolvedTargets &resolved) const {
    const std::string &path = library.outputs.front();
    const auto same = [&](const ModuleTarget &module) { return module.library == path; };
    if (std::none_of(resolved.modules.begin(), resolved.modules.end(), same))
        resolved.modules.push_back({library.name, path});
}

// Those of the root project hide those of subprojects.
std::vector<const MesonTarget *> TargetResolver::libraries_named(const std::string &name) const {
    std::vector<const MesonTarget *> own;
    std::vector<const MesonTarget *> others;
    for (const MesonTarget &target : targets_) {
        if (target.name == name && target.is_library() && !target.outputs.empty())
            (target.in_subproject ? others : own).push_back(&target);
    }
    return own.empty() ? others : own;
}

std::vector<const MesonTarget *> TargetResolver::hot_members(const std::string &alias) const {
    std::vector<const MesonTarget *> modules;
    std::vector<const MesonTarget *> libraries;
    for (const std::string &member : phony_members(build_ninja_, alias)) {
        const MesonTarget *target = library_at(member);
        if (target != nullptr)
            (target->is_module() ? modules : libraries).push_back(target);
    }
    return modules.empty() ? libraries : modules;
}

const MesonTarget *TargetResolver::library_at(const std::string &path) const {
    const std::string wanted =
        (std::filesystem::path(builddir_) / path).lexically_normal().string();
    for (const MesonTarget &target : targets_) {
        if (target.is_library() && !target.outputs.empty() && target.outputs.front() == wanted)
            return &target;
    }
    return nullptr;
}

bool TargetResolver::has_alias(const std::string &name) const {
    return std::any_of(targets_.begin(), targets_.end(), [&](const MesonTarget &target) {
        return target.name == name && target.is_alias();
    });
}

std::string TargetResolver::ninja_path(const MesonTarget &target) const {
    return std::filesystem::path(target.outputs.front()).lexically_relative(builddir_).string();
}

Error TargetResolver::unknown(const std::string &name, bool any) const {
    std::vector<std::string> names;
    for (const MesonTarget &target : targets_) {
        if (any || target.is_library() || target.is_alias())
            names.push_back(target.name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    const std::vector<std::string> near = near_names(name, names);
    std::string remedy;
    if (!near.empty())
        remedy = "; did you mean " + listed(near) + "?";
    else if (!names.empty())
        remedy = "; there are " + listed(names);
    return Error{ErrorKind::kMisuse, "no target is called " + name + remedy, 0};
}

std::vector<std::string> near_names(const std::string &name,
                                    const std::vector<std::string> &candidates) {
    const std::size_t limit = std::max<std::size_t>(2, name.size() / 3);
    std::vector<std::pair<std::size_t, std::string>> near;
    for (const std::string &candidate : candidates) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance <= limit || candidate.starts_with(name))
            near.emplace_back(distance, candidate);
    }
    std::sort(near.begin(), near.end());
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(near.size(), kNearNameCount); ++i)
        names.push_back(near[i].second);
    return names;
}

std::vector<std::string> phony_members(std::string_view build_ninja, std::string_view name) {
    constexpr std::string_view kBuild = "build ";
    constexpr std::string_view kPhony = ": phony ";
    while (!build_ninja.empty()) {
        std::string_view line = take_line(build_ninja);
        if (!line.starts_with(kBuild))
            continue;
        line.remove_prefix(kBuild.size());
        if (take_ninja_path(line) != name || !line.starts_with(kPhony))
            continue;
        line.remove_prefix(kPhony.size());
        return take_ninja_paths(line);
    }
    return {};
}

} // namespace hotrun
