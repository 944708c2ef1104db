// A loaded library whose object files are replaced one by one.
#pragma once

#include "core/code_patch.hpp"
#include "core/library_code.hpp"
#include "linux/linux_process_memory.hpp"
#include "linux/live_patch.hpp"
#include "linux/patch_area.hpp"

#include <memory>
#include <span>
#include <vector>

namespace hotrun {

// Its objects are those that DwarfPatchLoader reads. Thread-bound, save for what it makes.
class PatchedLibrary final : public LibraryPatches {
  public:
    struct Loaded {
        SymbolCache::Shared symbols; // of its file
        void *handle = nullptr;
        Library::Place place;
        std::uint64_t exit_hook = 0; // what it is bound to in place of __cxa_atexit; 0: nothing
        std::string path = {};       // for sentences
        const CodeHolders *holders = nullptr; // null: there are no other threads
    };
    static Result<std::unique_ptr<PatchedLibrary>> make(Loaded library);

    Result<CodePatch *> prepare(std::span<const ObjectChange> changes) override;
    void drop_last() override;
    const PatchNames &names() const override { return names_; }

  private:
    PatchedLibrary(Loaded library, std::unique_ptr<PatchArea> area);

    Result<std::unique_ptr<LivePatch>> prepare_all(std::span<const ObjectChange> changes);
    void drop_names_of_last();
    void note_names(const ObjectPatch &patch);

    const Loaded loaded_;
    const LinuxProcessMemory memory_;
    const LibraryCode library_;
    PatchedCode code_;
    std::unique_ptr<PatchArea> area_;
    const PatchRoom room_; // of the area
    PatchNames names_;
    std::uint64_t object_bytes_ = 0; // that are kept, of all patches
    std::vector<std::unique_ptr<LivePatch>> patches_;
    std::vector<std::size_t> added_counts_; // to `code_`, by each
    std::size_t added_count_ = 0;           // by the one that is being prepared
};

} // namespace hotrun
