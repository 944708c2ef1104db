// The watch set: which files make `ninja TARGET` do work, and which of them have changed.
#pragma once

#include "core/build_files.hpp"
#include "core/build_graph.hpp"
#include "core/file_system.hpp"
#include "core/ninja_deps.hpp"
#include "hotrun/events.hpp"

#include <chrono>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace hotrun {

// Thread-bound. The set is the leaves of ninja's graph and, for each output in it, what ninja's
// dependency log says that the compiler read.
class SourceWatch {
  public:
    SourceWatch(FileSystem &files, std::string builddir);

    // Reads the files that the graph comes from; the graph is asked for next.
    void read_build_files();
    const BuildFiles &build_files() const { return build_files_; }

    // The graph of the targets, of build.ninja and of further_targets().
    void set_graph(BuildGraph graph);
    const BuildGraph &graph() const { return graph_; }

    // Generated files that some command read and that the targets do not ask for by themselves:
    // ninja makes them anew all the same. refresh() may find more; then the graph lacks them.
    const std::vector<std::string> &further_targets() const { return further_targets_; }
    bool graph_lacks_targets() const { return graph_lacks_targets_; }

    // Reads what ninja has added to its dependency log; true: by that, or by a link that points
    // elsewhere now, the set may have changed.
    bool read_deps();

    // These belong to the set as well: files outside of the build folder that the commands which
    // failed may have read. True: they are others than before.
    bool set_suspects(const std::unordered_set<std::string> &paths);

    // Makes the set anew; gives the files that are new in it. Call take_written() once they are
    // watched.
    std::vector<std::string> refresh();

    // Those of `added` that may hold another content than the build read that found them: written
    // or moved there at or after `since`, or since refresh(). And those that a link leads to now,
    // if that was not taken as a change.
    std::vector<std::string> take_written(const std::vector<std::string> &added,
                                          std::chrono::nanoseconds since);

    // What has to be watched: each file under its real name, and each link to it.
    const std::set<std::string> &watched() const { return watched_; }
    std::size_t count() const { return sources_.size(); }

    // How many outputs there are of which ninja is yet to learn what their command reads.
    std::size_t unread_count() const { return unread_count_; }
    std::vector<std::string> sources() const;

    // Those of `paths` that belong to the set and whose timestamp is another than when last seen,
    // each under its real name; and those that are links, or were, and lead elsewhere now. What is
    // seen now is remembered.
    std::vector<std::string> take_changed(const std::vector<std::string> &paths);

    // What ninja makes of a file directly: what names it as an input, and what has read it. Spelled
    // as ninja spells it; nothing: the file is not in the set.
    std::vector<std::string> outputs_of(const std::string &path) const;

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

    struct Link {
        std::string ninja_path;
        std::string real;
    };
    struct Destination { // of a name
        std::string real;
        std::optional<Timestamp> seen;
        bool operator==(const Destination &) const = default;
    };

    std::string absolute(std::string_view ninja_path) const;
    const std::string *ninja_path_of(const std::string &path) const;
    void add(std::string_view ninja_path, std::map<std::string, Source> &next,
             std::set<std::string> &watched);
    std::string in_real_folder(std::string_view ninja_path);
    void read_deps(const std::string &path, const std::optional<Timestamp> &stamp);
    std::unordered_set<std::string> add_headers(std::map<std::string, Source> &next,
                                                std::set<std::string> &watched);
    void find_further_targets(const std::unordered_set<std::string> &unexplained);
    const std::string *real_before(const std::string &name) const;
    bool link_changed(const std::string &path, const std::string &before,
                      const std::string &now) const;
    bool take_link(const std::string &path);
    void find_folder_links(const std::string &folder);
    void take_if_changed(const std::string &path, const FileLook &look,
                         std::set<std::string> &changed);
    void take_folder_link(const std::string &link, std::set<std::string> &changed);
    void make_older_than(const std::string &output, const Timestamp &input);

    FileSystem &files_;
    std::string builddir_;
    BuildFiles build_files_;
    BuildGraph graph_;
    std::vector<std::string> further_targets_;
    std::unordered_set<std::string> looked_up_; // files in the build folder
    bool graph_lacks_targets_ = false;
    std::size_t unread_count_ = 0;
    NinjaDeps deps_;
    std::optional<Timestamp> deps_stamp_;
    std::map<std::string, Source> sources_; // by real path
    std::set<std::string> suspects_;
    std::set<std::string> watched_;                                  // real paths and links
    std::unordered_map<std::string, Link> links_;                    // by their names
    std::map<std::string, std::string, std::less<>> real_by_folder_; // by ninja's spelling of it
    std::set<std::string> folder_links_;                             // on the way to sources
    std::unordered_map<std::string, Link> links_before_;             // of the last set
    std::map<std::string, Destination> changed_links_; // that were taken since the set was made
    std::set<std::string> found_changed_;              // names that changed so without being taken
};

} // namespace hotrun
