// New versions of some functions of a library, in the memory beside it.
#pragma once

#include "core/object_patch.hpp"
#include "linux/jit_interface.hpp"
#include "linux/patch_area.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace hotrun {

// Made on any thread. apply() and undo() are for the host's thread at its safe point: nobody may
// run in the first bytes of a function that is led elsewhere. Patches of one library are undone
// from the last to the first. One that is applied is destroyed after the library is closed, which
// calls destructors of static objects in their newest version.
class LivePatch {
  public:
    // Copies what has been relocated, and protects it.
    static Result<std::unique_ptr<LivePatch>> load(std::span<const ObjectPatch> patches);

    LivePatch(const LivePatch &) = delete;
    LivePatch &operator=(const LivePatch &) = delete;
    ~LivePatch();

    // All or nothing.
    Status apply();
    Status undo();

  private:
    using EntryBytes = std::vector<std::byte>;

    LivePatch() = default;
    Status copy(const ObjectPatch &patch);
    static EntryBytes bytes_for(const PatchEntry &entry, EntryBytes bytes);
    Status write_entries();
    bool make_writable(bool writable) const;
    void forget();

    std::vector<PatchEntry> entries_;
    std::vector<EntryBytes> before_; // what they were
    std::vector<std::uint64_t> unwinding_;
    std::vector<JitObject> objects_;
    bool is_applied_ = false;
};

} // namespace hotrun
