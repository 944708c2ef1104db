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
    // Bytes of the library's code, or of an older patch. Those between them are a debugger's as
    // well.
    struct Write {
        std::uint64_t at = 0;
        std::vector<std::byte> bytes;
        std::vector<std::byte> before; // what they were
    };

    LivePatch() = default;
    Status copy(const ObjectPatch &patch);
    void add_entry(const PatchEntry &entry);
    bool has_breakpoint() const;
    Status write_entries();
    bool make_writable(bool writable) const;
    void forget();

    std::vector<Write> writes_; // by their places
    std::vector<std::uint64_t> unwinding_;
    std::vector<JitObject> objects_;
    bool is_applied_ = false;
};

} // namespace hotrun
