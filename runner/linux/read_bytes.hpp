// Which bytes of a unit of debug information were read. What is read of one that has the same bytes
// there is the same, too: reading goes by nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace hotrun {

struct DwarfUnit;

class ReadBytes {
  public:
    // Places count from the unit's header.
    void add(std::size_t begin, std::size_t end);

    // A value that leads to a text: that is what was read.
    void add_text(std::size_t at, unsigned form) { texts_.emplace_back(at, form); }

    // Nothing is added any more.
    void finish();

    // A checksum of those in a unit of the same size and with the same shapes of entries: where it
    // is the same they are. None: a text is damaged.
    std::optional<std::uint64_t> sum_in(const DwarfUnit &unit) const;

  private:
    static constexpr std::size_t kPart = 64; // bytes, one bit each

    std::vector<std::uint64_t> parts_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> texts_; // where, and the form
};

} // namespace hotrun
