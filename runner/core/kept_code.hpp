// Copies of the libraries that the words of a heap lead into, beside its file.
#pragma once

#include "core/code_recipe.hpp"
#include "core/file_system.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hotrun {

// Code of another process, which is not loaded in this one: its words may still be there.
struct KeptCode {
    std::string file;                // the heap's
    std::vector<CodeRecipe> recipes; // with the copies in that folder; the module's own is the last
    bool is_recorded = false; // `file` is a recording: static variables lie where the places say
};

// As live code, with nothing to call in it: the libraries lie where they lay. Those that now make
// up the module `library` take the place of those that made it up when it lay elsewhere.
LiveLibrary::Shared live_code_of(const KeptCode &kept, FileSystem &files,
                                 const std::string &library);

// In the folder beside the heap's file. Thread-bound.
class KeptLibraries {
  public:
    KeptLibraries(FileSystem &files, std::string folder)
        : files_(files), folder_(std::move(folder)) {}

    // Copies those of that recipe, and gives the recipe of the copies. `number`: of no other call
    // whose copies are still there.
    Result<std::string> keep(const std::string &recipe, std::uint64_t number);

    // All but those of that recipe go.
    void remove_others(const std::string &recipe);

    // What that recipe names, once it has been compared with what was copied.
    Result<std::vector<CodeRecipe>> find(const std::string &recipe) const;

    // Copies them for a copy of the heap.
    Status copy_to(const std::string &recipe, const std::string &folder);

  private:
    std::string path(const std::string &name) const { return folder_ + "/" + name; }

    FileSystem &files_;
    std::string folder_;
};

} // namespace hotrun
