// The library loader: from a library that the build writes to a generation that is ready to run.
#pragma once

#include "core/elf_image.hpp"
#include "core/generation.hpp"
#include "core/verify.hpp"

#include <memory>
#include <optional>
#include <string>

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

    enum class Verdict {
        kUnchanged, // absent, the same timestamp, or the same content as the code that runs
        kUnsettled, // somebody is writing it: ask again
        kReady,
        kRejected,
    };
    struct Outcome {
        Verdict verdict = Verdict::kUnchanged;
        std::unique_ptr<Generation> generation; // kReady
        std::optional<Rejection> rejection;     // kRejected
    };

    // `path` is the library that the build writes; it need not exist yet. Removes the live copies
    // that dead processes have left beside it.
    HotLibrary(Services services, std::string path, bool needs_step);
    HotLibrary(const HotLibrary &) = delete;
    HotLibrary &operator=(const HotLibrary &) = delete;
    ~HotLibrary();

    const std::string &path() const { return path_; }

    // Whether the timestamp is another than the one captured at the last load; absent: no.
    bool changed() const;

    // Verifies, copies and loads what is there now, as generation `number`.
    Outcome prepare(Writer writer, std::uint64_t number, PhaseTimes &phases);

    // The generation with this live copy runs now.
    void switched_to(const std::string &live_copy) { running_copy_ = live_copy; }

    // Removes all live copies of this process.
    void remove_own_copies();

  private:
    bool settled(File &file, Writer writer);
    Outcome reject(RejectReason reason, std::string detail, const Timestamp &stamp);
    Result<std::string> copy_folder();
    Outcome copy_and_load(const ElfImage &image, const Timestamp &stamp, std::uint64_t number,
                          PhaseTimes &phases);
    std::vector<std::unique_ptr<Library>> load_needed(const ElfImage &image) const;

    Services services_;
    std::string path_;
    VerifyRules rules_;
    std::optional<Timestamp> captured_;
    std::optional<Timestamp> unsettled_; // seen once, by a file system that knows no leases
    std::string running_copy_;
    std::string private_folder_;
    std::uint64_t last_number_ = 0;
    unsigned attempts_ = 0; // copies made for last_number_
};

} // namespace hotrun
