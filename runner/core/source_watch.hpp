// The watch set: which files make `ninja TARGET` do work, and which of them have changed.
#pragma once

#include "core/build_graph.hpp"
#include "core/file_system.hpp"
#include "core/ninja_deps.hpp"
#include "hotrun/events.hpp"

#include <chrono>
#include <map>
#include <set>
#include <unordered_map>

namespace hotrun {

// Thread-bound. The set is the leaves of ninja's graph and, for each output in it, what ninja's
// dependency log says that the compiler read.
class SourceWatch {
  public:
    SourceWatch(FileSystem &files, std::string builddir);

    void set_graph(BuildGraph graph);
    const BuildGraph &graph() const { return graph_; }

    // Reads what ninja has added to its dependency log; true: the set may have changed.
    bool read_deps();

    // Makes the set anew; gives the files that are new in it. Call take_written() once they are
    // watched.
    std::vector<std::string> refresh();

    // Those of `added` that may hold another content than the build read that found them: written
    // at or after `since`, or since refresh().
    std::vector<std::string> take_written(const std::vector<std::string> &added,
                                          std::chrono::nanoseconds since);

    // What has to be watched: each file under its real name, and each link to it.
    const std::set<std::string> &watched() const { return watched_; }
    std::size_t count() const { return sources_.size(); }
    std::vector<std::string> sources() const;

    // Those of `paths` that belong to the set and whose timestamp is another than when last seen.
    // The timestamps seen now are remembered.
    std::vector<std::string> take_changed(const std::vector<std::string> &paths);

    // Makes sure that ninja sees that these files changed: it compares times, and an output that
    // was finished after its input was saved, but made from the content before, or an input that
    // was replaced by an older file, look up to date. `since`: when the last build ended; a file
    // saved after that needs nothing.
    void make_outputs_stale(const std::vector<std::string> &changed,
                            std::chrono::nanoseconds since);

    // Removes what a ninja that was killed may have left half written: outputs made since then by
    // commands that are not among the finished ones. Ninja would take them for whole.
    void remove_unfinished(std::chrono::nanoseconds since, const std::vector<BuiltEdge> &finished);

  private:
    struct Source {
        std::string ninja_path; // as ninja spells it
        std::optional<Timestamp> seen;
    };

    std::string absolute(std::string_view ninja_path) const;
    void add(std::string_view ninja_path, std::map<std::string, Source> &next,
             std::set<std::string> &watched);
    std::string real_path(const std::string &path);
    void make_older_than(const std::string &output, const Timestamp &input);

    FileSystem &files_;
    std::string builddir_;
    BuildGraph graph_;
    NinjaDeps deps_;
    std::optional<Timestamp> deps_stamp_;
    std::map<std::string, Source> sources_;                        // by real path
    std::set<std::string> watched_;                                // real paths and links
    std::unordered_map<std::string, std::string> real_by_watched_; // of the links only
    std::unordered_map<std::string, std::string> real_by_folder_;
};

} // namespace hotrun
