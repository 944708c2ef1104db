// New versions of functions, put beside a library that is loaded already.
#pragma once

#include "core/live_library.hpp"
#include "core/object_file.hpp"
#include "core/patch_names.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hotrun {

// Of all that was built of one save. Host's thread, at its safe point. Those of one library are
// undone from the last to the first.
class CodePatch {
  public:
    virtual ~CodePatch() = default;

    // All or nothing; the Error says why.
    virtual Status apply() = 0;
    virtual Status undo() = 0;
};

// An object file, with what was read of it: that takes longer than its bytes. Runner's thread.
class ReadObject {
  public:
    virtual ~ReadObject() = default;
    virtual const ObjectFile &file() const = 0;

    // Reads now what a patch will need.
    virtual void read_ahead() = 0;
};

// Two versions of one object file. What is live was made from the first.
struct ObjectChange {
    ReadObject *before = nullptr;
    ReadObject *after = nullptr;
};

// All patches of one loaded library. Has their memory, and so goes after the library is closed.
// Runner's thread.
class LibraryPatches {
  public:
    virtual ~LibraryPatches() = default;

    // The Error says why the whole library has to be loaded anew: nothing has been changed then.
    // What is prepared next builds on this one, which stays until it is dropped.
    virtual Result<CodePatch *> prepare(std::span<const ObjectChange> changes) = 0;

    // The last one that was prepared is not applied, or no more.
    virtual void drop_last() = 0;

    // What pointers into them lead to, of those that were dropped too.
    virtual const PatchNames &names() const = 0;
};

class PatchLoader {
  public:
    virtual ~PatchLoader() = default;

    // Why nothing in this process is to be patched now; empty: it can be.
    virtual std::string obstacle() const = 0;

    virtual Result<std::shared_ptr<ReadObject>> read(const std::string &path,
                                                     std::vector<std::byte> bytes) = 0;

    // Of two object files of one source: one sentence; empty: they are the same code, of the same
    // types. What only debuggers ask for may differ.
    virtual std::string difference(ReadObject &one, ReadObject &other) = 0;

    virtual Result<std::unique_ptr<LibraryPatches>> open(const LiveLibrary &library,
                                                         SymbolCache::Shared symbols) = 0;

    // For pointers into patches of another process: so many addresses that nothing else gets, where
    // a call is a crash that names the library. 0: there are none.
    virtual std::uint64_t reserve_lost(std::uint64_t bytes, const std::string &path) = 0;
};

} // namespace hotrun
