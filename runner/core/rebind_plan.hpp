// How the words of a heap that lead into old code are to lead into new code.
#pragma once

#include "core/file_system.hpp"
#include "core/heap_image.hpp"
#include "core/live_library.hpp"
#include "core/patch_names.hpp"
#include "core/pointer_scan.hpp"
#include "core/rebind.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hotrun {

// Belongs to one thread at a time: made on the runner's, used on the host's, and destroyed on the
// runner's, since it may be the last to hold a library.
class RebindPlan {
  public:
    // From any of `olds`, and what they link, to `code` and what it links.
    RebindPlan(const FileSystem &files, const std::vector<LiveLibrary::Shared> &olds,
               const LiveLibrary::Shared &code);

    // For libraries that lie elsewhere than in the process before.
    struct Move {
        Library::Place from;
        std::uint64_t load_bias = 0; // where it lies now
    };
    RebindPlan(const FileSystem &files, std::vector<Move> moves);

    // Words that have an answer of their own (none: they stay), before anything is looked up.
    using Answers = std::unordered_map<std::uint64_t, std::optional<std::uint64_t>>;
    void add_answers(Answers answers) { answers_.merge(std::move(answers)); }

    // What has another name than in the old library that begins at that address.
    void set_renamed(std::map<std::uint64_t, RenamedTypes> types) { renamed_ = std::move(types); }

    // What a word will be. Runner's thread.
    std::optional<std::uint64_t> rebind(std::uint64_t word);

    // Runner's thread: finds the words in the image as it is now, and reads the symbols that are
    // needed for them.
    void prepare(HeapImage &heap);

    // Host's thread, once: what has changed since is looked at too, or all if nothing was prepared.
    // The image is up to the memory.
    void apply(HeapImage &heap, std::size_t used_bytes, void *&state);

    // A word that leads into old code, as it is in the new one; none: there is no such.
    std::optional<std::uint64_t> answer(std::uint64_t word) { return rebind(word); }
    bool leads_into_old(std::uint64_t word) {
        return target_of(word) != nullptr || patch_target_of(word) != nullptr;
    }

    // Reads the symbols that answers may need, so that nobody has to wait for them later.
    void read_symbols();

    std::size_t rebound_count() const { return rebound_count_; }

  private:
    struct Target {
        LiveLibrary::Shared old;
        LiveLibrary::Shared now; // null: there is no such library any more
        Library::Place place;
        // Once they are needed; the symbols of the old code may be dropped elsewhere.
        SymbolCache::Shared old_symbols;
        SymbolCache::Shared symbols;
        std::optional<Rebinder> rebinder;
    };

    // The patches of an old library.
    struct PatchTarget {
        PatchNames names;
        LiveLibrary::Shared old; // these two as above
        LiveLibrary::Shared now;
        SymbolCache::Shared symbols; // once they are needed
        std::optional<PatchRebinder> rebinder;
    };

    void add(const LiveLibrary::Shared &old, const std::vector<LiveLibrary::Shared> &now);
    void extend_range(const Library::Place &place);
    Target *target_of(std::uint64_t word);
    PatchTarget *patch_target_of(std::uint64_t word);
    PatchRebinder &rebinder_of(PatchTarget &target);
    Rebinder &rebinder_of(Target &target);
    void apply_found(std::byte *memory);
    void apply_changed(std::span<std::byte> memory, const HeapPart &part);

    // What prepare() has found, with the answer: the host's thread has no time to look.
    struct Found {
        std::size_t offset;
        std::uint64_t word;
        std::optional<std::uint64_t> now;
    };

    const FileSystem &files_;
    std::vector<Target> targets_;
    std::vector<PatchTarget> patch_targets_;
    std::vector<Move> moves_;
    AddressRange range_{UINT64_MAX, 0}; // that holds all of them
    Answers answers_;
    std::map<std::uint64_t, RenamedTypes> renamed_;
    std::optional<std::uint64_t> mark_;
    std::vector<Found> found_;
    std::size_t rebound_count_ = 0;
};

} // namespace hotrun
