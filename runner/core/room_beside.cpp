#include "core/room_beside.hpp"

#include <algorithm>

namespace hotrun {
namespace {

constexpr std::uint64_t kReach = std::uint64_t{1} << 31;

struct Room {
    AddressRange range;
    std::uint64_t bytes = 0;
    std::uint64_t distance = 0;

    bool is_better_than(const Room &other) const {
        return bytes != other.bytes ? bytes > other.bytes : distance < other.distance;
    }
};

// The part of a gap that is nearest to the library.
Room room_in(AddressRange gap, const AddressRange &library, std::uint64_t most_bytes) {
    gap.begin = std::max(gap.begin, library.end > kReach ? library.end - kReach : 0);
    gap.end = std::min(gap.end, library.begin + kReach);
    if (gap.begin >= gap.end)
        return {};
    const std::uint64_t bytes = std::min(gap.end - gap.begin, most_bytes);
    if (gap.end <= library.begin)
        return {{gap.end - bytes, gap.end}, bytes, library.begin - gap.end};
    return {{gap.begin, gap.begin + bytes}, bytes, gap.begin - library.end};
}

} // namespace

std::optional<AddressRange> room_beside(const AddressRange &library,
                                        std::span<const AddressRange> taken,
                                        std::uint64_t least_bytes, std::uint64_t most_bytes) {
    Room best;
    std::uint64_t free_from = 0;
    const auto look = [&](std::uint64_t end) {
        const Room room = room_in({free_from, end}, library, most_bytes);
        if (room.is_better_than(best))
            best = room;
    };
    for (const AddressRange &range : taken) {
        look(range.begin);
        free_from = std::max(free_from, range.end);
    }
    return best.bytes >= least_bytes ? std::optional(best.range) : std::nullopt;
}

} // namespace hotrun
