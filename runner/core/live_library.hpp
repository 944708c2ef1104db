// One version of a hot library's code in this process.
#pragma once

#include "core/library_loader.hpp"
#include "core/live_copy.hpp"
#include "core/symbol_cache.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

class LibraryPatches;

// Shared by all that use it: a generation of the module that it is, and the live libraries that
// link it. Owns the mapping and its file. The members are destroyed from the last to the first: the
// library is closed before its file goes, and before its patches and the libraries that it needs.
struct LiveLibrary {
    using Shared = std::shared_ptr<const LiveLibrary>;

    std::uint64_t id = 0;      // of no other one
    std::string path;          // of the library that the build writes
    Timestamp origin;          // of that file when it was copied
    std::uint64_t content = 0; // of one library, those with the same number have the same bytes
    std::string soname;        // under which others link it; empty: it has kept its own
    LiveCopy copy;
    std::vector<Patch> patches;            // of the copy
    std::vector<Shared> links;             // the hot libraries that it is bound to
    std::vector<std::string> needed_paths; // of `needed`
    std::vector<std::unique_ptr<Library>> needed;
    // What has been changed in it since it was loaded; null: nothing. Runner's thread.
    mutable std::shared_ptr<LibraryPatches> code_patches = nullptr;
    std::unique_ptr<Library> library;
    bool has_unique_symbols = false; // itself or what it is bound to: they stay in the process
    bool is_module = true;           // false: a companion
    std::unique_ptr<SymbolCache> symbols = std::make_unique<SymbolCache>();
    // Whether its static variables have got the values of a version before. Host's thread.
    std::unique_ptr<bool> has_values = std::make_unique<bool>(false);
};

// Where its code and its data lie, with the patches.
std::vector<Library::Place> places_of(const LiveLibrary &library);

// Adds the code and all that it is bound to, each once.
void add_with_links(const LiveLibrary::Shared &code, std::vector<LiveLibrary::Shared> &all);

} // namespace hotrun
