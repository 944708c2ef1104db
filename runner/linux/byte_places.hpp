// Where some bytes are in many others.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hotrun {

// Calls `visit` with each place of each of `wanted`, which have two bytes at least, and with the
// number of the one that is there; those of one number come in their order. Most blocks have none,
// and a loop that only asks whether there is any takes many bytes at once.
template <std::size_t count, typename Visit>
void each_place(std::string_view bytes, const std::array<std::string_view, count> &wanted,
                Visit visit) {
    using Lanes [[gnu::vector_size(16)]] = std::uint16_t;
    constexpr std::size_t kBlock = 64;
    struct Pair { // by which one is found
        std::size_t shift;
        std::uint16_t value;
        Lanes lanes;
    };
    const auto value_at = [](std::string_view text, std::size_t at) {
        std::uint16_t value = 0;
        std::memcpy(&value, text.data() + at, sizeof value);
        return value;
    };
    std::array<Pair, count> pairs;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t shift = wanted[i].size() > 2 && wanted[i][1] == '\0' ? 1 : 0;
        const std::uint16_t value = value_at(wanted[i], shift);
        pairs[i] = {shift, value, Lanes{} + value};
    }
    const auto look_at = [&](std::size_t begin, std::size_t end) {
        for (std::size_t at = begin; at < end; ++at) {
            const std::uint16_t value = value_at(bytes, at);
            for (std::size_t i = 0; i < count; ++i) {
                const Pair &pair = pairs[i];
                if (value == pair.value && at >= pair.shift &&
                    bytes.substr(at - pair.shift).starts_with(wanted[i]))
                    visit(i, at - pair.shift);
            }
        }
    };
    const auto found_at = [&](const char *at) {
        Lanes even;
        Lanes odd;
        std::memcpy(&even, at, sizeof even);
        std::memcpy(&odd, at + 1, sizeof odd);
        Lanes found{};
        for (const Pair &pair : pairs)
            found |= (even == pair.lanes) | (odd == pair.lanes);
        return found;
    };
    const auto is_any = [](const Lanes &found) {
        std::array<std::uint64_t, 2> words{};
        static_assert(sizeof words == sizeof found);
        std::memcpy(words.data(), &found, sizeof found);
        return (words[0] | words[1]) != 0;
    };
    std::size_t at = 0;
    for (; at + kBlock < bytes.size(); at += kBlock) {
        const char *block = bytes.data() + at;
        if (!is_any(found_at(block) | found_at(block + 16) | found_at(block + 32) |
                    found_at(block + 48)))
            continue;
        for (std::size_t i = 0; i < kBlock; i += sizeof(Lanes)) {
            if (is_any(found_at(block + i)))
                look_at(at + i, at + i + sizeof(Lanes));
        }
    }
    look_at(at, std::max(bytes.size(), at + 1) - 1);
}

} // namespace hotrun
