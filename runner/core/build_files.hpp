// The files that ninja knows its graph from.
#pragma once

#include "core/file_system.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace hotrun {

// build.ninja, the files that it includes, and its dyndep files: `ninja -t graph` shows what is
// made of them, and does not name them. Thread-bound.
class BuildFiles {
  public:
    BuildFiles(const FileSystem &files, std::string builddir);

    // Finds them anew, and remembers their timestamps.
    void read();

    // One of them is another one than when read.
    bool changed() const;

    // By real path; none: it was not there.
    const std::map<std::string, std::optional<Timestamp>> &stamps() const { return stamps_; }

    bool contains(const std::string &path) const { return stamps_.contains(path); }
    std::vector<std::string> paths() const;

    // Whether ninja keeps a record of what the commands of a rule have read; none: there is no such
    // rule.
    std::optional<bool> keeps_deps(const std::string &rule) const;

    // Those of `paths`, as ninja spells them, that some command makes. Reads the files again.
    std::vector<std::string> made_among(const std::unordered_set<std::string> &paths) const;

  private:
    void read_file(const std::string &ninja_path);
    std::string absolute(const std::string &ninja_path) const;

    const FileSystem &files_;
    std::string builddir_;
    std::map<std::string, std::optional<Timestamp>> stamps_;
    std::vector<std::string> manifests_;     // those that are no dyndep files
    std::map<std::string, bool> keeps_deps_; // by rule
};

} // namespace hotrun
