// New versions of some functions of a library, in the memory beside it.
#pragma once

#include "core/code_holders.hpp"
#include "core/code_patch.hpp"
#include "core/object_patch.hpp"
#include "linux/jit_interface.hpp"
#include "linux/patch_area.hpp"
#include "linux/patch_places.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

// Made on any thread. At the safe point nobody may run in the first bytes of a function that is led
// elsewhere; so no other thread may be in the code of the library at all. One that is applied is
// destroyed after the library is closed, which calls destructors of static objects in their newest
// version.
class LivePatch final : public CodePatch {
  public:
    struct Surroundings {
        const CodeHolders *holders = nullptr; // null: there are no other threads
        std::vector<Library::Place> code;     // of the library and its patches
    };

    // Copies what has been relocated, and protects it.
    static Result<std::unique_ptr<LivePatch>> load(std::span<const ObjectPatch> patches,
                                                   Surroundings surroundings);

    LivePatch(const LivePatch &) = delete;
    LivePatch &operator=(const LivePatch &) = delete;
    ~LivePatch() override;

    Status apply() override;
    Status undo() override;

  private:
    // Bytes of the library's code, or of an older patch. Those between them are a debugger's as
    // well.
    struct Write {
        std::uint64_t at = 0;
        std::vector<std::byte> bytes;
        std::vector<std::byte> before; // what they were
    };

    explicit LivePatch(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
    std::string thread_in_code() const;
    Status copy(const ObjectPatch &patch);
    void add_entry(const PatchEntry &entry);
    bool has_breakpoint() const;
    Status write_entries();
    bool make_writable(bool writable) const;
    void forget();

    std::vector<Write> writes_; // by their places
    std::vector<std::uint64_t> unwinding_;
    std::vector<JitObject> objects_;
    std::deque<PatchSections> sections_; // of these
    const Surroundings surroundings_;
    bool is_applied_ = false;
};

} // namespace hotrun
