// A log of any content, cut in two at any place, must be read the same way as in one piece.
#include "core/ninja_deps.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view log(reinterpret_cast<const char *>(data) + 1, size - 1);

    hotrun::NinjaDeps whole;
    whole.append(log);

    hotrun::NinjaDeps pieces;
    const std::size_t cut = log.size() * data[0] / 255;
    pieces.append(log.substr(0, cut));
    if (pieces.consumed() > cut)
        std::abort();
    pieces.append(log.substr(pieces.consumed()));

    if (whole.consumed() != pieces.consumed() || whole.broken() != pieces.broken())
        std::abort();
    for (const std::string_view output : whole.outputs_of("x.h")) {
        const auto inputs = whole.inputs_of(output);
        const auto same = pieces.inputs_of(output);
        if (!inputs || !same || !std::ranges::equal(*inputs, *same))
            std::abort();
    }
    return 0;
}
