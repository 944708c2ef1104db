// The object files that the live code of a module was made from.
#pragma once

#include "core/code_patch.hpp"
#include "core/file_system.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

// What a library was linked from is known by the time: its object files are not younger than it.
// What a patch was made from is remembered. Bound to the runner's thread.
class LiveObjects {
  public:
    struct Services {
        const FileSystem &files;
        PatchLoader *loader; // null: there are no patches
    };
    explicit LiveObjects(Services services) : services_(services) {}

    // The live code is this library now, as it was linked.
    void set_library(LiveLibrary::Shared code);

    // It has been linked anew by then, to the same.
    void linked_again(const Timestamp &library);

    // Before they are written anew: keeps what they hold, unless it is kept already. Why that
    // can't be; empty: it is kept.
    std::string keep(const std::vector<std::string> &paths);

    // Reads now what a patch will need.
    void read_ahead();

    // What has changed in files that are kept, as a patch of the live code; null: nothing has. It
    // stays in question until took() or drop().
    // The only file may have a stand-in instead, which is what is looked at then.
    Result<CodePatch *> patch(const std::vector<std::string> &paths, bool exports_count,
                              const std::string &stand_in = {});
    void took();
    void drop();

    // That file is to be what its stand-in is, as in CodeHost.
    std::string confirm(const std::string &path);
    std::string difference(const std::string &one, const std::string &other) const;

  private:
    using Object = std::shared_ptr<ReadObject>;
    struct Version {
        Timestamp timestamp;
        Object object;            // null: to be read again
        bool is_stand_in = false; // and what lies at the path is not, or not yet, the same code
    };
    using Versions = std::map<std::string, Version>; // by path

    Result<Version> read(const std::string &path, const std::string &stand_in = {}) const;
    Status open_patches();

    Services services_;
    LiveLibrary::Shared code_;
    std::int64_t linked_ns_ = 0;   // what is not younger was linked into it
    Versions taken_;               // what patches were made from
    std::deque<std::string> used_; // of these, the last ones at the end
    Versions kept_;
    Versions in_question_;
    bool has_patch_ = false; // in question
};

} // namespace hotrun
