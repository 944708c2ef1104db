#include "core/source_watch.hpp"

#include <algorithm>
#include <filesystem>
#include <unordered_set>
#include <utility>

namespace hotrun {

namespace {

constexpr std::string_view kBuildFile = "build.ninja";

std::string parent_of(const std::string &path) {
    return std::filesystem::path(path).parent_path().string();
}

} // namespace

SourceWatch::SourceWatch(FileSystem &files, std::string builddir)
    : files_(files), builddir_(std::move(builddir)), build_files_(files, builddir_) {}

void SourceWatch::read_build_files() {
    if (!build_files_.changed())
        return; // more of the same graph
    build_files_.read();
    further_targets_.clear();
    looked_up_.clear();
}

void SourceWatch::set_graph(BuildGraph graph) {
    graph_ = std::move(graph);
}

bool SourceWatch::read_deps() {
    const std::string path = builddir_ + "/.ninja_deps";
    const std::optional<Timestamp> stamp = files_.timestamp(path);
    if (stamp != deps_stamp_)
        read_deps(path, stamp);
    return deps_.take_news() || !changed_links_.empty();
}

void SourceWatch::read_deps(const std::string &path, const std::optional<Timestamp> &stamp) {
    const bool rewritten = !stamp || deps_.broken() || stamp->size_bytes < deps_.consumed() ||
                           (deps_stamp_ && deps_stamp_->inode != stamp->inode);
    if (rewritten)
        deps_.clear();
    deps_stamp_ = stamp;
    if (const Result<std::string> added = files_.read(path, deps_.consumed()))
        deps_.append(*added);
    deps_.make_index();
}

bool SourceWatch::set_suspects(const std::unordered_set<std::string> &paths) {
    std::set<std::string> suspects;
    for (const std::string &path : paths) {
        if (path.starts_with('/') && !path.starts_with(builddir_ + "/"))
            suspects.insert(path);
    }
    const bool changed = suspects != suspects_;
    suspects_ = std::move(suspects);
    return changed;
}

std::vector<std::string> SourceWatch::refresh() {
    std::map<std::string, Source> next;
    std::set<std::string> watched;
    links_before_ = std::exchange(links_, {});
    if (real_by_folder_.empty())
        folder_links_.clear();
    for (const std::string &leaf : graph_.leaves())
        add(leaf, next, watched);
    const std::unordered_set<std::string> unexplained = add_headers(next, watched);
    find_further_targets(unexplained);
    for (const std::string &suspect : suspects_) // last: ninja's spelling of a file goes first
        add(suspect, next, watched);
    watched.insert(folder_links_.begin(), folder_links_.end());
    std::vector<std::string> new_ones;
    for (const auto &[path, source] : next) {
        if (!sources_.contains(path))
            new_ones.push_back(path);
    }
    sources_ = std::move(next);
    watched_ = std::move(watched);
    changed_links_.clear();
    return new_ones;
}

// What the log has for the outputs; gives the files in the build folder that no command in the
// graph makes, as far as they have not been looked up yet.
std::unordered_set<std::string> SourceWatch::add_headers(std::map<std::string, Source> &next,
                                                         std::set<std::string> &watched) {
    std::vector<bool> added(deps_.path_count());
    std::unordered_set<std::string> unexplained;
    unread_count_ = 0;
    for (const std::string &output : graph_.outputs()) {
        const std::optional<bool> keeps_deps = build_files_.keeps_deps(graph_.rule_of(output));
        if (keeps_deps == false)
            continue; // a record is of a former rule
        const auto inputs = deps_.inputs_of(output);
        if (!inputs) {
            unread_count_ += keeps_deps == true ? 1 : 0;
            continue;
        }
        for (const NinjaDeps::Id id : *inputs) {
            if (added[id])
                continue;
            added[id] = true;
            const std::string_view path = deps_.path(id);
            if (graph_.is_output(path))
                continue;
            add(path, next, watched);
            if (!path.starts_with("../") && !path.starts_with('/') &&
                !looked_up_.contains(std::string(path)))
                unexplained.emplace(path);
        }
    }
    return unexplained;
}

// Of the files in the build folder that no command in the graph makes, most are written by Meson's
// setup; the others come from a command that nobody told ninja to run first.
void SourceWatch::find_further_targets(const std::unordered_set<std::string> &unexplained) {
    std::vector<std::string> made = build_files_.made_among(unexplained);
    graph_lacks_targets_ = !made.empty();
    looked_up_.insert(unexplained.begin(), unexplained.end());
    further_targets_.insert(further_targets_.end(), std::make_move_iterator(made.begin()),
                            std::make_move_iterator(made.end()));
}

std::vector<std::string> SourceWatch::take_written(const std::vector<std::string> &added,
                                                   std::chrono::nanoseconds since) {
    std::set<std::string> written = std::exchange(found_changed_, {});
    for (const std::string &path : added) {
        const FileLook look = files_.look(path);
        take_if_changed(path, look, written);
        if (look.timestamp && look.changed_at >= since)
            written.insert(path);
    }
    return {written.begin(), written.end()};
}

void SourceWatch::add(std::string_view ninja_path, std::map<std::string, Source> &next,
                      std::set<std::string> &watched) {
    const std::string name = in_real_folder(ninja_path);
    if (next.contains(name) && !links_before_.contains(name) && !changed_links_.contains(name))
        return; // most files are a leaf of the graph and in the log
    const FileLook look = files_.look(name);
    std::string real = name;
    if (look.is_link) {
        real = files_.canonical(name);
        watched.insert(name);
        links_[name] = Link{std::string(ninja_path), real};
    }
    const std::string *before = real_before(name);
    if (before != nullptr && link_changed(name, *before, real) && take_link(name))
        found_changed_.insert(name);
    const auto place = next.lower_bound(real);
    if (place != next.end() && place->first == real)
        return;
    const auto known = sources_.find(real);
    // The spelling is today's: what was a suspect may be in ninja's log by now.
    Source source{std::string(ninja_path),
                  known != sources_.end() ? known->second.seen : look.timestamp};
    watched.insert(real);
    next.emplace_hint(place, std::move(real), std::move(source));
}

// In the last set; null: the name was not in it.
const std::string *SourceWatch::real_before(const std::string &name) const {
    const auto link = links_before_.find(name);
    if (link != links_before_.end())
        return &link->second.real;
    const auto source = sources_.find(name);
    return source != sources_.end() ? &source->first : nullptr;
}

std::string SourceWatch::absolute(std::string_view ninja_path) const {
    return (std::filesystem::path(builddir_) / ninja_path).lexically_normal().string();
}

// The file's path without links but for the file itself.
std::string SourceWatch::in_real_folder(std::string_view ninja_path) {
    const std::size_t slash = ninja_path.rfind('/');
    const std::size_t name = slash == std::string_view::npos ? 0 : slash + 1;
    const std::string_view folder = ninja_path.substr(0, name);
    auto real = real_by_folder_.find(folder);
    if (real == real_by_folder_.end()) {
        const std::string named = parent_of(absolute(ninja_path));
        find_folder_links(named);
        std::string path = files_.canonical(named);
        if (path != "/")
            path += "/";
        real = real_by_folder_.emplace(folder, std::move(path)).first;
    }
    return std::string(real->second).append(ninja_path.substr(name));
}

void SourceWatch::find_folder_links(const std::string &folder) {
    std::string real; // of the part that was walked
    for (const std::filesystem::path &part : std::filesystem::path(folder).relative_path()) {
        const std::string path = real + "/" + part.string();
        const bool is_link = files_.is_link(path);
        if (is_link)
            folder_links_.insert(path);
        real = is_link ? files_.canonical(path) : path;
    }
}

// Whatever lies behind the link may be another file now.
void SourceWatch::take_folder_link(const std::string &link, std::set<std::string> &changed) {
    if (!take_link(link))
        return;
    real_by_folder_.clear();
    for (const auto &[real, source] : sources_) {
        if (files_.canonical(absolute(source.ninja_path)) != real)
            changed.insert(real);
    }
}

std::vector<std::string> SourceWatch::sources() const {
    std::vector<std::string> paths;
    paths.reserve(sources_.size());
    for (const auto &[path, source] : sources_)
        paths.push_back(path);
    return paths;
}

std::vector<std::string> SourceWatch::take_changed(const std::vector<std::string> &paths) {
    std::set<std::string> changed;
    for (const std::string &path : paths) {
        if (folder_links_.contains(path))
            take_folder_link(path, changed);
        if (sources_.contains(path) || links_.contains(path))
            take_if_changed(path, files_.look(path), changed);
    }
    return {changed.begin(), changed.end()};
}

void SourceWatch::take_if_changed(const std::string &path, const FileLook &look,
                                  std::set<std::string> &changed) {
    const auto link = links_.find(path);
    const std::string &real = link != links_.end() ? link->second.real : path;
    const auto source = sources_.find(real);
    if (source == sources_.end())
        return;
    const bool is_or_was_link = link != links_.end() || look.is_link;
    if (is_or_was_link && link_changed(path, real, files_.canonical(path)) && take_link(path))
        changed.insert(path);
    const std::optional<Timestamp> now = real == path ? look.timestamp : files_.timestamp(real);
    if (now == source->second.seen)
        return;
    source->second.seen = now;
    changed.insert(real);
}

// Leads elsewhere than in the set, or did when it was taken last.
bool SourceWatch::link_changed(const std::string &path, const std::string &before,
                               const std::string &now) const {
    return now != before || changed_links_.contains(path);
}

// False: it led there already when it was taken last.
bool SourceWatch::take_link(const std::string &path) {
    Destination now{files_.canonical(path), files_.timestamp(path)};
    Destination &taken = changed_links_[path];
    if (taken == now)
        return false;
    taken = std::move(now);
    return true;
}

// Null: it is not in the set.
const std::string *SourceWatch::ninja_path_of(const std::string &path) const {
    if (const auto link = links_.find(path); link != links_.end())
        return &link->second.ninja_path;
    const auto source = sources_.find(path);
    return source != sources_.end() ? &source->second.ninja_path : nullptr;
}

std::vector<std::string> SourceWatch::outputs_of(const std::string &path) const {
    const std::string *const ninja_path = ninja_path_of(path);
    if (ninja_path == nullptr)
        return {};
    std::vector<std::string> outputs = graph_.outputs_of(*ninja_path);
    for (const std::string_view output : deps_.outputs_of(*ninja_path)) {
        if (graph_.is_output(output) && build_files_.keeps_deps(graph_.rule_of(output)) != false &&
            std::find(outputs.begin(), outputs.end(), output) == outputs.end())
            outputs.emplace_back(output);
    }
    return outputs;
}

void SourceWatch::make_outputs_stale(const std::vector<std::string> &changed,
                                     std::chrono::nanoseconds since) {
    for (const std::string &path : changed) {
        const std::string *const ninja_path = ninja_path_of(path);
        if (ninja_path == nullptr)
            continue;
        // Of what ninja will find: a link may point to another file than when it was last seen.
        const std::optional<Timestamp> now = files_.timestamp(absolute(*ninja_path));
        if (!now || now->mtime_ns > since.count())
            continue;
        for (const std::string_view output : deps_.outputs_of(*ninja_path))
            make_older_than(std::string(output), *now);
        for (const std::string &output : graph_.outputs_of(*ninja_path))
            make_older_than(output, *now);
    }
}

void SourceWatch::remove_unfinished(std::chrono::nanoseconds since,
                                    const std::vector<BuiltEdge> &finished) {
    std::unordered_set<std::string_view> whole;
    for (const BuiltEdge &edge : finished)
        whole.insert(edge.output);
    for (const std::string &output : graph_.outputs()) {
        const std::string path = absolute(output);
        const std::optional<Timestamp> made = files_.timestamp(path);
        if (made && made->mtime_ns >= since.count() && !whole.contains(output) &&
            output != kBuildFile && !files_.is_folder(path))
            static_cast<void>(files_.remove(path));
    }
}

// Removed rather than given an older time: for commands that may leave their output as it is, ninja
// compares the time in its log instead of the file's. build.ninja itself must not go missing.
void SourceWatch::make_older_than(const std::string &output, const Timestamp &input) {
    const std::string path = absolute(output);
    const std::optional<Timestamp> made = files_.timestamp(path);
    if (!made || made->mtime_ns < input.mtime_ns || files_.is_folder(path))
        return;
    // What fails here is told by the build that follows.
    if (output == kBuildFile)
        static_cast<void>(files_.make_old(path));
    else
        static_cast<void>(files_.remove(path));
}

} // namespace hotrun
