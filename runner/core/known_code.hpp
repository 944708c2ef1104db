// What a process that takes over knows of the files in the build folder: from which of them the
// code was made that goes on, and which have failed.
#pragma once

#include "core/code_recipe.hpp"
#include "core/elf_image.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

// The files of a module and of the hot libraries that it links, by path.
using Combination = std::map<std::string, Timestamp>;

Combination combination_of(const std::vector<CodeRecipe> &recipes);

// Bound to the runner's thread. Keeps no code: what nothing else holds is not known any more.
class KnownCode {
  public:
    // Made from exactly these files, `code` goes on; null: it has failed, and is not tried again.
    void add(const std::string &module, Combination combination, const LiveLibrary::Shared &code);

    // Libraries that were loaded again, by what they were made from.
    void add_library(const LiveLibrary::Shared &library) { libraries_.push_back(library); }

    // A file whose static constructors have failed.
    void add_failed(Origin origin, std::string detail) {
        failed_.emplace_back(std::move(origin), std::move(detail));
    }

    struct Verdict {
        LiveLibrary::Shared code; // null: it has failed
    };
    std::optional<Verdict> judge(const std::string &module, const Combination &combination) const;
    LiveLibrary::Shared library(const std::string &path, const Timestamp &timestamp) const;
    std::optional<Rejection> rejection(const std::string &path, const Timestamp &timestamp) const;

    void clear();

  private:
    struct Entry {
        std::string module;
        Combination combination;
        std::weak_ptr<const LiveLibrary> code;
        bool has_failed = false;
    };
    std::vector<Entry> entries_;
    std::vector<std::weak_ptr<const LiveLibrary>> libraries_;
    std::vector<std::pair<Origin, std::string>> failed_;
};

} // namespace hotrun
