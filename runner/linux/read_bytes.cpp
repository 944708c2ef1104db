#include "linux/read_bytes.hpp"

#include "core/checksum.hpp"
#include "linux/dwarf_entry.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>

namespace hotrun {

namespace {

// For eight bits, those of eight bytes.
constexpr std::array<std::uint64_t, 256> kMasks = [] {
    std::array<std::uint64_t, 256> masks{};
    for (unsigned bits = 0; bits < masks.size(); ++bits) {
        for (unsigned i = 0; i < 8; ++i)
            masks[bits] |= (bits >> i & 1U) != 0 ? std::uint64_t{0xff} << 8 * i : 0;
    }
    return masks;
}();

std::uint64_t word_at(const unsigned char *at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

// So many bytes, at most 64, where a bit is set.
void add_part(const unsigned char *at, std::size_t bytes, std::uint64_t bits, Checksum &sum) {
    for (; bytes >= sizeof bits; bytes -= sizeof bits, at += sizeof bits, bits >>= sizeof bits) {
        if ((bits & 0xff) != 0)
            sum.add(word_at(at) & kMasks[bits & 0xff]);
    }
    for (; bytes != 0; --bytes, ++at, bits >>= 1) {
        if ((bits & 1) != 0)
            sum.add(std::uint64_t{*at});
    }
}

} // namespace

void ReadBytes::add(std::size_t begin, std::size_t end) {
    if (end > parts_.size() * kPart)
        parts_.resize((end + kPart - 1) / kPart);
    while (begin < end) {
        const std::size_t shift = begin % kPart;
        const std::size_t count = std::min(end - begin, kPart - shift);
        parts_[begin / kPart] |= (~std::uint64_t{0} >> (kPart - count)) << shift;
        begin += count;
    }
}

void ReadBytes::finish() {
    parts_.shrink_to_fit();
    std::ranges::sort(texts_);
    texts_.erase(std::unique(texts_.begin(), texts_.end()), texts_.end());
    texts_.shrink_to_fit();
}

std::optional<std::uint64_t> ReadBytes::sum_in(const DwarfUnit &unit) const {
    Checksum sum;
    const auto size = static_cast<std::size_t>(unit.end - unit.header);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (parts_[i] != 0)
            add_part(unit.header + i * kPart, std::min(kPart, size - i * kPart), parts_[i], sum);
    }
    for (const auto &[at, form] : texts_) {
        const char *text = text_at(unit, unit.header + at, form);
        if (text == nullptr)
            return std::nullopt;
        const std::string_view whole(text);
        sum.add(whole.size());
        sum.add(std::as_bytes(std::span(whole)));
    }
    return sum.sum();
}

} // namespace hotrun
