// From the names that a user gives to what ninja builds and what is reloaded.
#pragma once

#include "core/file_system.hpp"
#include "hotrun/result.hpp"

#include <functional>
#include <string>
#include <vector>

namespace hotrun {

// One entry of Meson's meson-info/intro-targets.json.
struct MesonTarget {
    std::string name;
    std::string type;                 // "shared library", "shared module", "run", "executable" …
    std::vector<std::string> outputs; // absolute
    std::vector<std::string> sources; // absolute
    std::vector<std::string> arguments = {}; // of the compilers; empty without a build folder
    std::string defined_in = {};             // the meson.build
    bool in_subproject = false;

    bool is_module() const { return type == "shared module"; }
    bool is_executable() const { return type == "executable"; }
    bool is_library() const { return is_module() || type == "shared library"; }
    bool is_alias() const { return type == "run" || type == "alias"; }
};

struct ModuleTarget {
    std::string name;
    std::string library; // absolute path of what the build writes
};

struct ResolvedTargets {
    std::vector<std::string> ninja_targets;
    std::vector<ModuleTarget> modules;
};

Result<std::vector<MesonTarget>> parse_intro_targets(const std::string &json);

class TargetResolver {
  public:
    // `build_ninja` is the text of the build file; `exports_step` says of a shared library whether
    // it is a hot module.
    TargetResolver(std::vector<MesonTarget> targets, std::string builddir, std::string build_ninja,
                   std::function<bool(const MesonTarget &)> exports_step);

    // No names: the only hot module of the project.
    Result<ResolvedTargets> resolve(const std::vector<std::string> &names) const;

    // What is built for a program that is wrapped: targets of any kind.
    Result<ResolvedTargets> resolve_any(const std::vector<std::string> &names) const;

    // The executable that writes this file, or that has this name; null: there is none.
    const MesonTarget *executable_at(const std::string &path) const;
    const MesonTarget *executable_named(const std::string &name) const;

    // As ninja calls what the target builds.
    std::string ninja_path(const MesonTarget &target) const;

  private:
    Result<ResolvedTargets> resolve_only() const;
    Status add(const std::string &name, ResolvedTargets &resolved) const;
    Status add_by_path(const std::string &name, ResolvedTargets &resolved) const;
    void add_library(const MesonTarget &library, ResolvedTargets &resolved) const;
    std::vector<const MesonTarget *> libraries_named(const std::string &name) const;
    std::vector<const MesonTarget *> hot_members(const std::string &alias) const;
    const MesonTarget *library_at(const std::string &ninja_path) const;
    bool has_alias(const std::string &name) const;
    Status add_any(const std::string &name, ResolvedTargets &resolved) const;
    Error unknown(const std::string &name, bool any) const;
    Error ambiguous(const std::vector<const MesonTarget *> &candidates) const;

    std::vector<MesonTarget> targets_;
    std::string builddir_;
    std::string build_ninja_;
    std::function<bool(const MesonTarget &)> exports_step_;
};

// Those of `candidates` that `name` may have been meant to be, the nearest first; at most three.
std::vector<std::string> near_names(const std::string &name,
                                    const std::vector<std::string> &candidates);

// The inputs of the phony target `name` in the text of a build.ninja; empty: there is none.
std::vector<std::string> phony_members(std::string_view build_ninja, std::string_view name);

} // namespace hotrun
