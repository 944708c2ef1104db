// A loaded library whose object files are replaced one by one.
#pragma once

#include "core/library_code.hpp"
#include "core/object_file.hpp"
#include "linux/linux_process_memory.hpp"
#include "linux/live_patch.hpp"
#include "linux/patch_area.hpp"

#include <memory>
#include <span>
#include <vector>

namespace hotrun {

// Two versions of one object file. What is live was made from the first.
struct ObjectChange {
    const ObjectFile *before = nullptr;
    const ObjectFile *after = nullptr;
};

// Has the memory of the patches, and so has to outlive the library's closing. Thread-bound, save
// for what it makes.
class PatchedLibrary {
  public:
    // `symbols` are those of the library's file, and have to outlive it. `exit_hook` is what the
    // library is bound to in place of __cxa_atexit; 0: nothing.
    static Result<std::unique_ptr<PatchedLibrary>> make(const SymbolTable &symbols, void *handle,
                                                        const Library::Place &place,
                                                        std::uint64_t exit_hook);

    // One patch for all that was built of one save. The Error says why the whole library has to be
    // loaded anew: nothing has been changed then. What is prepared next builds on this one.
    Result<std::unique_ptr<LivePatch>> prepare(std::span<const ObjectChange> changes);

    // The last one that was prepared is not applied, or no more.
    void drop_last_patch();

    AddressRange patches() const { return area_->range(); }

  private:
    PatchedLibrary(const SymbolTable &symbols, void *handle, const Library::Place &place,
                   std::uint64_t exit_hook, std::unique_ptr<PatchArea> area);

    Result<std::unique_ptr<LivePatch>> prepare_all(std::span<const ObjectChange> changes);

    const LinuxProcessMemory memory_;
    const LibraryCode library_;
    PatchedCode code_;
    std::unique_ptr<PatchArea> area_;
    std::vector<std::size_t> object_counts_; // of each patch
    std::size_t prepared_ = 0;               // objects of the one that is being prepared
};

} // namespace hotrun
