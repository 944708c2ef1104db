// Memory beside a library's code, so near that code may refer to it by a distance of 32 bits.
#pragma once

#include "core/address_range.hpp"
#include "core/library_loader.hpp"
#include "hotrun/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hotrun {

// Owns a range of addresses; what has been given of it is not given again, not even when this is
// destroyed: a call there is then a crash that names the library. Thread-bound.
class PatchArea {
  public:
    static constexpr std::uint64_t kBytes = std::uint64_t{256} << 20; // at most; no memory as yet

    static Result<std::unique_ptr<PatchArea>> reserve(const Library::Place &library,
                                                      const std::string &name);

    PatchArea(const PatchArea &) = delete;
    PatchArea &operator=(const PatchArea &) = delete;
    ~PatchArea();

    AddressRange range() const { return range_; }

    // Pages that are not there yet, without access. None: the area is full.
    std::optional<std::uint64_t> take_pages(std::uint64_t bytes);

  private:
    PatchArea(const AddressRange &range, bool is_below, std::string name)
        : range_(range), is_below_(is_below), name_(std::move(name)), free_(range) {}

    const AddressRange range_;
    const bool is_below_; // the library
    const std::string name_;
    AddressRange free_; // what is taken of it is what is nearest to the library
};

// Whole ones.
std::uint64_t page_bytes(std::uint64_t bytes);

} // namespace hotrun
