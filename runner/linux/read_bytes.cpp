#include "linux/read_bytes.hpp"

#include "linux/dwarf_entry.hpp"
#include "linux/read_texts.hpp"

#include <algorithm>
#include <array>
#include <cstring>

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

bool ReadBytes::finish(const DwarfUnit &unit, ReadTexts &texts) {
    const auto size = static_cast<std::size_t>(unit.end - unit.header);
    for (std::size_t part = 0; part < parts_.size() && size >= sizeof(std::uint64_t); ++part)
        add_words(unit.header, size, part);
    parts_ = {};
    std::ranges::sort(text_forms_);
    text_forms_.erase(std::unique(text_forms_.begin(), text_forms_.end()), text_forms_.end());
    texts_.reserve(text_forms_.size());
    for (const auto &[at, form] : std::exchange(text_forms_, {})) {
        const char *text = text_at(unit, unit.header + at, form);
        if (text == nullptr)
            return false;
        texts_.push_back({at, form, texts.number_of(text)});
    }
    words_.shrink_to_fit();
    places_.shrink_to_fit();
    return true;
}

// The last word of the unit ends with it.
void ReadBytes::add_words(const unsigned char *header, std::size_t size, std::size_t part) {
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    std::size_t at = part * kPart;
    for (std::uint64_t bits = parts_[part]; bits != 0; bits >>= kWord, at += kWord) {
        if ((bits & 0xff) == 0)
            continue;
        const std::size_t place = std::min(at, size - kWord);
        const std::uint64_t mask = kMasks[bits & 0xff] << 8 * (at - place);
        places_.push_back(static_cast<std::uint32_t>(place));
        words_.push_back({mask, word_at(header + place) & mask});
    }
}

bool ReadBytes::are_same_in(const DwarfUnit &unit, TextPlaces &texts) const {
    std::uint64_t differing = 0;
    for (std::size_t i = 0; i < words_.size(); ++i)
        differing |= (word_at(unit.header + places_[i]) & words_[i].mask) ^ words_[i].value;
    return differing == 0 && std::ranges::all_of(texts_, [&](const Text &known) {
               const char *text = text_at(unit, unit.header + known.at, known.form);
               return text != nullptr && texts.is_at(known.number, text);
           });
}

} // namespace hotrun
