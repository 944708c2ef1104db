// What lies at addresses that no file has been loaded for: which library it belongs to, and which
// object file it was made from.
#pragma once

#include "core/address_range.hpp"
#include "core/object_constants.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

struct link_map;

namespace hotrun {

// The memory of the patches of a library, as long as this object is there. Any thread.
class PatchRoom {
  public:
    PatchRoom(const AddressRange &range, const link_map *library);
    PatchRoom(const PatchRoom &) = delete;
    PatchRoom &operator=(const PatchRoom &) = delete;
    ~PatchRoom();

    bool is_known() const { return index_.has_value(); } // false: there are too many

  private:
    std::optional<std::size_t> index_;
};

// The library that the address is in a patch of; null: in none. In a signal handler too.
const link_map *library_patched_at(std::uintptr_t address);

// The sections of an object file that are loaded, as long as this object is there. Any thread.
class PatchSections {
  public:
    using Bytes = std::shared_ptr<const std::vector<std::byte>>; // of the object file

    struct Section {
        AddressRange range;
        std::uint32_t index = 0;
    };
    PatchSections(Bytes object, std::vector<Section> sections);
    PatchSections(const PatchSections &) = delete;
    PatchSections &operator=(const PatchSections &) = delete;
    ~PatchSections();

    struct Found {
        Bytes object;
        ObjectPlace place;
    };
    static std::optional<Found> at(std::uint64_t address);

  private:
    const Bytes object_;
    const std::vector<Section> sections_;
};

} // namespace hotrun
