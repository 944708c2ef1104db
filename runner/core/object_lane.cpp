#include "core/object_lane.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace hotrun {

ObjectLane::ObjectLane(Services services, std::string builddir, std::string target_alone)
    : services_(services), builddir_(std::move(builddir)), target_alone_(std::move(target_alone)),
      why_("nothing has been built before in this run") {}

void ObjectLane::begin(const std::vector<std::string> &changed, bool in_background) {
    pending_.insert(changed.begin(), changed.end());
    objects_ = {};
    is_again_ = false;
    build_ = in_background ? Build::kBehind : Build::kObjects;
    if (in_background)
        return;
    const std::string why = target_alone_.empty() ? obstacle() : target_alone_;
    if (why.empty())
        return;
    build_ = Build::kTarget;
    want_target(why);
    objects_ = {};
}

std::string ObjectLane::obstacle() {
    if (!why_.empty())
        return why_;
    return pending_.empty() ? "no file has changed" : keep();
}

// Whose objects are asked for again is kept already, as it was when it was live.
std::string ObjectLane::keep() {
    objects_ = find_changed_objects(services_.sources, builddir_,
                                    {pending_.begin(), pending_.end()}, hot_outputs());
    if (!objects_.why.empty())
        return objects_.why;
    if (std::string why = changed_by_others(); !why.empty())
        return why;
    std::string why = services_.host.keep_objects(objects_.sets);
    if (!why.empty())
        return why;
    for (const ObjectSet &set : objects_.sets)
        kept_.insert(set.objects.begin(), set.objects.end());
    return {};
}

// What stands in the way of that is found again when the build begins.
void ObjectLane::change_in_background(const std::vector<std::string> &changed) {
    pending_.insert(changed.begin(), changed.end());
    if (target_alone_.empty() && why_.empty())
        static_cast<void>(keep());
}

std::vector<BuiltEdge> ObjectLane::untouched() const {
    std::vector<BuiltEdge> edges;
    for (const auto &[object, stamp] : taken_) {
        if (services_.files.timestamp(object) == stamp)
            edges.push_back({spelled(object), {}, {}});
    }
    return edges;
}

void ObjectLane::want_target(const std::string &why) {
    if (why_.empty())
        why_ = why;
}

HotOutputs ObjectLane::hot_outputs() const {
    HotOutputs outputs;
    for (const std::string &library : services_.host.libraries())
        outputs.emplace(spelled(services_.files.canonical(library)), library);
    return outputs;
}

std::string ObjectLane::spelled(const std::string &path) const {
    const std::string folder = builddir_ + "/";
    return path.starts_with(folder) ? path.substr(folder.size()) : path;
}

// What is live was made from other objects than these, if somebody else has compiled them.
std::string ObjectLane::changed_by_others() const {
    for (const ObjectSet &set : objects_.sets) {
        for (const std::string &object : set.objects) {
            if (kept_.contains(object) || stand_ins_.contains(spelled(object)))
                continue;
            const std::optional<Timestamp> now = services_.files.timestamp(object);
            const auto taken = taken_.find(object);
            if (!now)
                return spelled(object) + " is not there";
            if (taken != taken_.end() ? *now != taken->second : now->mtime_ns > live_since_.count())
                return spelled(object) + " was built by somebody else";
        }
    }
    return {};
}

ObjectLane::Next ObjectLane::end(const BuildFinishedEvent &finished, bool given_up,
                                 std::chrono::nanoseconds wall, const PhaseTimes &phases,
                                 const std::string &stand_in) {
    const bool succeeded = !given_up && (finished.status == BuildStatus::kOk ||
                                         finished.status == BuildStatus::kNothing);
    if (!given_up && finished.status != BuildStatus::kCancelled)
        has_failed_ = !succeeded;
    switch (build_) {
    case Build::kTarget:
        return end_target(succeeded, wall);
    case Build::kBehind:
        return end_behind(finished, succeeded, wall);
    case Build::kObjects:
        break;
    }
    if (services_.sources.build_files().changed())
        want_target("the build files have changed");
    if (given_up || finished.status == BuildStatus::kCancelled)
        return Next::kNothing;
    if (wants_target())
        return refuse();
    return succeeded ? end_objects(phases, stand_in) : Next::kNothing;
}

ObjectLane::Next ObjectLane::end_target(bool succeeded, std::chrono::nanoseconds wall) {
    if (!succeeded)
        return Next::kNothing;
    services_.host.set_library_reason(target_alone_.empty() ? why_ : target_alone_);
    why_.clear();
    pending_.clear();
    kept_.clear();
    taken_.clear();
    stand_ins_.clear();
    linked_.clear();
    is_behind_ = false;
    live_since_ = wall;
    return Next::kLook;
}

ObjectLane::Next ObjectLane::end_objects(const PhaseTimes &phases, const std::string &stand_in) {
    if (!stand_in.empty())
        objects_.sets.front().stand_in = stand_in;
    const std::string why = services_.host.patch(objects_.sets, phases);
    if (!why.empty()) {
        want_target(why);
        return refuse();
    }
    take_objects(!stand_in.empty());
    kept_.clear();
    pending_.clear();
    is_behind_ = true;
    return Next::kNothing;
}

void ObjectLane::take_objects(bool has_stand_in) {
    if (has_stand_in) {
        stand_ins_[objects_.targets.front()] = objects_.sets.front();
        return;
    }
    for (const std::string &object : kept_) {
        if (const std::optional<Timestamp> now = services_.files.timestamp(object))
            taken_[object] = *now;
        stand_ins_.erase(spelled(object));
    }
}

ObjectLane::Next ObjectLane::refuse() {
    build_again();
    return Next::kTarget;
}

ObjectLane::Next ObjectLane::end_behind(const BuildFinishedEvent &finished, bool succeeded,
                                        std::chrono::nanoseconds wall) {
    note_edges(finished);
    if (has_failed_)
        want_target("the library behind what is live could not be linked");
    if (!succeeded)
        return Next::kNothing; // still behind
    confirm_stand_ins();
    if (wants_target())
        return end_target(true, wall);
    is_behind_ = false;
    services_.host.relinked({linked_.begin(), linked_.end()});
    linked_.clear();
    return Next::kLook;
}

// The target is built from what ninja has made of the same text.
void ObjectLane::confirm_stand_ins() {
    for (const auto &[target, set] : std::exchange(stand_ins_, {})) {
        const std::string &object = set.objects.front();
        std::string why = services_.host.confirm(set.library, object);
        if (const std::optional<Timestamp> now = services_.files.timestamp(object))
            taken_[object] = *now;
        if (why.empty())
            continue;
        want_target("the preamble has made other code: " + why);
        unlike_[target] = std::move(why);
    }
}

// What goes into a hot library, and is not made of one, was made anew for a reason that no change
// has told: what is linked has more in it than what is live.
void ObjectLane::note_edges(const BuildFinishedEvent &finished) {
    const BuildGraph &graph = services_.sources.graph();
    const HotOutputs hot = hot_outputs();
    std::set<std::string, std::less<>> made_of_hot;
    for (const auto &[output, library] : hot) {
        for (std::string &made : graph.outputs_of(output))
            made_of_hot.insert(std::move(made));
    }
    if (finished.status == BuildStatus::kOk && finished.edges.empty())
        want_target("nobody knows what was built with the library");
    for (const BuiltEdge &edge : finished.edges) {
        if (const auto library = hot.find(edge.output); library != hot.end())
            linked_.insert(library->second);
        else if (!made_of_hot.contains(edge.output) && !stand_ins_.contains(edge.output) &&
                 std::ranges::any_of(graph.outputs_of(edge.output),
                                     [&](const std::string &user) { return hot.contains(user); }))
            want_target(edge.output + " was built with the library");
    }
}

} // namespace hotrun
