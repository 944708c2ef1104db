#include "core/pointer_scan.hpp"

#include <cassert>

// Other threads may write to the memory meanwhile, and a sanitized module's heap has red zones.
#define HOTRUN_READS_ALL __attribute__((no_sanitize("address", "thread")))

namespace hotrun {
namespace {

using Word [[gnu::may_alias]] = std::uint64_t;

constexpr std::size_t kBlockWords = 64;

// Most blocks have no such word, so the question is first whether there is any. Four answers that
// do not wait for each other keep a plain loop at the speed of the memory, and no compiler has to
// make vectors of it (x86-64 has no unsigned compare of 64-bit lanes before AVX-512).
HOTRUN_READS_ALL bool has_any(const Word *words, std::uint64_t begin, std::uint64_t bytes) {
    bool a = false;
    bool b = false;
    bool c = false;
    bool d = false;
    for (std::size_t i = 0; i < kBlockWords; i += 4) {
        a |= words[i] - begin < bytes;
        b |= words[i + 1] - begin < bytes;
        c |= words[i + 2] - begin < bytes;
        d |= words[i + 3] - begin < bytes;
    }
    return a || b || c || d;
}

} // namespace

HOTRUN_READS_ALL void find_words(std::span<const std::byte> memory, AddressRange range,
                                 std::vector<std::size_t> &offsets) {
    assert(reinterpret_cast<std::uintptr_t>(memory.data()) % sizeof(Word) == 0);
    const auto *words = reinterpret_cast<const Word *>(memory.data());
    const std::size_t count = memory.size() / sizeof(Word);
    const std::uint64_t bytes = range.end - range.begin;
    for (std::size_t block = 0; block < count; block += kBlockWords) {
        const bool whole = count - block >= kBlockWords;
        if (whole && !has_any(words + block, range.begin, bytes))
            continue;
        const std::size_t end = whole ? block + kBlockWords : count;
        for (std::size_t i = block; i < end; ++i) {
            if (words[i] - range.begin < bytes)
                offsets.push_back(i * sizeof(Word));
        }
    }
}

} // namespace hotrun
