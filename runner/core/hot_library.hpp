// The library loader: from a library that the build writes to code that is ready to run.
#pragma once

#include "core/elf_image.hpp"
#include "core/event_loop.hpp"
#include "core/live_library.hpp"
#include "core/phase_times.hpp"
#include "core/verify.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

// Who wrote the library: after our own build it is complete; anybody else may still be at it.
enum class Writer { kOurBuild, kSomebodyElse };

// Bound to the runner's thread.
class HotLibrary {
  public:
    struct Services {
        FileSystem &files;
        LibraryLoader &loader;
        const ProcessTable &processes;
        const Clock &clock;
    };

    // `path` is the library that the build writes; it need not exist yet. Removes the live copies
    // that dead processes have left beside it.
    HotLibrary(Services services, std::string path, bool needs_step);
    HotLibrary(const HotLibrary &) = delete;
    HotLibrary &operator=(const HotLibrary &) = delete;
    ~HotLibrary();

    const std::string &path() const { return path_; }

    // Whether the timestamp is another than the one captured at the last reading; absent: no.
    bool changed() const;
    const std::optional<Timestamp> &captured() const { return captured_; }
    void forget() { captured_.reset(); }

    // What is there now is not read, and counts as read.
    void capture() { captured_ = services_.files.timestamp(path_); }

    enum class Reading {
        kAbsent,
        kUnsettled, // somebody is writing it: ask again
        kDone,
    };
    // Reads and verifies what is there now, and holds it until close(): who wants to write it in
    // the meantime has to wait.
    Reading read(Writer writer);
    bool is_open() const { return image_.has_value(); }
    void close();

    // Of what was read last: null while it is closed or if it can't be loaded.
    const ElfImage *image() const;
    const std::optional<Rejection> &rejection() const { return rejection_; }

    // Whether what is there now is what this version was copied from.
    bool is_origin_of(const LiveLibrary &version) const;

    struct Order {
        std::uint64_t number = 0; // in the name of the live copy
        std::uint64_t id = 0;     // these three as in LiveLibrary
        std::uint64_t content = 0;
        std::string soname;
        bool is_module = true;
        // The hot libraries that it is bound to, each by the name under which it needs it.
        std::vector<std::pair<std::string, LiveLibrary::Shared>> links;
    };
    struct Outcome { // neither: it was replaced while it was copied, look again
        LiveLibrary::Shared loaded;
        std::optional<Rejection> rejection;
    };
    // Copies and loads what was read; it is open.
    Outcome load(const Order &order, PhaseTimes &phases);

    // Loads a copy again that this process has made before it replaced itself, and takes it over.
    // `version` says all of it but what comes of loading it.
    LiveLibrary::Shared load_again(LiveLibrary version);

    // Removes all live copies of this process, save those.
    void remove_own_copies(const std::set<std::string> &spared = {});

  private:
    bool settled(File &file, Writer writer);
    Result<std::string> copy_folder();
    Result<LiveCopy> copy(const Order &order);
    std::vector<std::string> find_needed(const Order &order) const;
    bool bind_again(LiveLibrary &version);
    std::vector<std::unique_ptr<Library>> load_needed(const std::vector<std::string> &paths) const;

    Services services_;
    std::string path_;
    VerifyRules rules_;
    std::optional<Timestamp> captured_;
    std::optional<Timestamp> unsettled_; // seen once, by a file system that knows no leases
    std::unique_ptr<File> file_;
    std::optional<ElfImage> image_; // of file_
    std::optional<Rejection> rejection_;
    std::string private_folder_;
    std::uint64_t last_number_ = 0;
    unsigned attempts_ = 0; // copies made for last_number_
};

// The folders of the run path in which a library that lies in `origin` looks for what it needs.
struct SearchFolder {
    std::string path;
    bool from_origin = false; // named by $ORIGIN
};
std::vector<SearchFolder> search_folders(const std::string &run_path, const std::string &origin);

} // namespace hotrun
