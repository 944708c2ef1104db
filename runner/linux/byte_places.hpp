// Where some bytes are in many others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hotrun {

// Calls `visit` with each place of `wanted`, which has two bytes at least. Most blocks have none,
// and a loop that only asks whether there is any takes many bytes at once.
template <typename Visit>
void each_place(std::string_view bytes, std::string_view wanted, Visit visit) {
    using Lanes [[gnu::vector_size(16)]] = char;
    constexpr std::size_t kBlock = 64;
    const Lanes first = Lanes{} + wanted[0];
    const Lanes second = Lanes{} + wanted[1];
    const Lanes last = Lanes{} + wanted.back();
    const std::size_t last_at = wanted.size() - 1;
    const auto look_at = [&](std::size_t begin, std::size_t end) {
        const std::string_view part = bytes.substr(0, end);
        for (std::size_t at = begin; (at = part.find(wanted, at)) != std::string_view::npos; ++at)
            visit(at);
    };
    const auto may_have = [&](const char *block) {
        Lanes found{};
        for (std::size_t i = 0; i < kBlock; i += sizeof found) {
            Lanes here;
            Lanes next;
            Lanes end;
            std::memcpy(&here, block + i, sizeof here);
            std::memcpy(&next, block + i + 1, sizeof next);
            std::memcpy(&end, block + i + last_at, sizeof end);
            found |= (here == first) & (next == second) & (end == last);
        }
        std::array<std::uint64_t, 2> words{};
        static_assert(sizeof words == sizeof found);
        std::memcpy(words.data(), &found, sizeof found);
        return (words[0] | words[1]) != 0;
    };
    std::size_t at = 0;
    for (; at + kBlock + last_at <= bytes.size(); at += kBlock) {
        if (may_have(bytes.data() + at))
            look_at(at, at + kBlock + last_at);
    }
    look_at(at, bytes.size());
}

} // namespace hotrun
