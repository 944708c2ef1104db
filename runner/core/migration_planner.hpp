// From the debug information of two versions of a module's code to a Migration.
#pragma once

#include "core/live_library.hpp"
#include "core/migration.hpp"
#include "core/static_carry.hpp"
#include "core/type_layout.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

// Bound to the runner's thread.
class MigrationPlanner {
  public:
    explicit MigrationPlanner(TypeReader &reader) : reader_(reader) {}

    // Null: there is no such, or one of the versions is not known, for want of debug information.
    struct Plan {
        std::shared_ptr<Migration> migration; // of the heap
        std::shared_ptr<StaticCarry> statics;
    };

    // From any of `olds`, and what they link, to `code` and what it links.
    Plan plan(const std::vector<LiveLibrary::Shared> &olds, const LiveLibrary::Shared &code);

    bool has_debug_info(const LiveLibrary &library) { return types_of(library) != nullptr; }

    // Of its types; 0: it has no debug information.
    std::uint64_t checksum(const LiveLibrary &library);

  private:
    using Types = std::shared_ptr<const LibraryTypes>;
    struct Known {
        std::string path; // that the build writes
        Types types;
    };

    const Types &types_of(const LiveLibrary &library);
    std::vector<StaticCarry::Pair> pair(const std::vector<LiveLibrary::Shared> &olds,
                                        const std::vector<LiveLibrary::Shared> &news) const;

    std::vector<Migration::Loaded> loaded(const std::vector<LiveLibrary::Shared> &libraries);

    TypeReader &reader_;
    std::map<std::uint64_t, Known> known_; // by the library's id; those of the last plan
};

} // namespace hotrun
