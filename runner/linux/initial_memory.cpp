#include "linux/initial_memory.hpp"

#include "core/address_range.hpp"
#include "core/copy_bytes.hpp"
#include "linux/page_map.hpp"

#include <algorithm>

namespace hotrun {

namespace {

// More than that is no variable whose first value somebody edits.
constexpr std::size_t kMostStored = std::size_t{16} << 20;

} // namespace

// Of what is zero at first only the pages that constructors have written are kept.
InitialMemory::InitialMemory(const LibraryLayout &layout) {
    PageMap pages;
    for (std::size_t i = 0; i < layout.writable.size(); ++i) {
        const std::span<std::byte> memory = layout.writable[i];
        const std::size_t stored = layout.stored_bytes[i];
        const bool is_large = stored > kMostStored;
        Segment segment{address_of(memory.data()) + (is_large ? stored : 0),
                        address_of(memory.data() + memory.size()),
                        {}};
        const auto add = [&segment](std::span<std::byte> part) {
            std::vector<std::byte> bytes(part.size());
            copy_bytes(bytes.data(), part.data(), part.size());
            segment.parts.push_back({address_of(part.data()), std::move(bytes)});
        };
        if (stored != 0 && !is_large)
            add(memory.first(stored));
        for (const std::span<std::byte> part : pages.written_in(memory.subspan(stored)))
            add(part);
        segments_.push_back(std::move(segment));
    }
}

bool InitialMemory::read(std::uint64_t address, std::span<std::byte> to) const {
    const std::uint64_t end = address + to.size();
    const auto segment = std::ranges::find_if(
        segments_, [&](const Segment &each) { return address >= each.begin && end <= each.end; });
    if (segment == segments_.end())
        return false;
    std::ranges::fill(to, std::byte{});
    for (const Part &part : segment->parts) {
        const std::uint64_t first = std::max(address, part.begin);
        const std::uint64_t last = std::min(end, part.begin + part.bytes.size());
        if (first < last)
            std::copy_n(part.bytes.begin() + static_cast<std::ptrdiff_t>(first - part.begin),
                        last - first, to.begin() + static_cast<std::ptrdiff_t>(first - address));
    }
    return true;
}

} // namespace hotrun
