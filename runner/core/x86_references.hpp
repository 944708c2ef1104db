// What the instruction does whose last field, or last but a number, is a reference relative to its
// end: Intel SDM volume 2, chapter 2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hotrun {

// LEA of 64 bits: the address itself is what the code wants, and nothing follows the reference.
inline bool takes_address(std::span<const std::byte> code, std::uint64_t reference) {
    if (reference < 3 || reference + 4 > code.size())
        return false;
    const auto byte = [&](std::uint64_t back) {
        return std::to_integer<unsigned>(code[reference - back]);
    };
    return (byte(1) & 0xc7) == 0x05 && byte(2) == 0x8d && (byte(3) & 0xf8) == 0x48;
}

// Whether surely no number follows the reference, as with what loads constants: LEA, MOV, and the
// moves, conversions and arithmetic of the vector registers.
inline bool ends_with_reference(std::span<const std::byte> code, std::uint64_t reference) {
    if (reference < 3 || reference + 4 > code.size())
        return false;
    const auto byte = [&](std::uint64_t back) {
        return std::to_integer<unsigned>(code[reference - back]);
    };
    if ((byte(1) & 0xc7) != 0x05)
        return false;
    if (byte(3) == 0x0f)
        return byte(2) >= 0x10 && byte(2) < 0x70 && byte(2) != 0x38 && byte(2) != 0x3a;
    return byte(2) == 0x8d || byte(2) == 0x8b;
}

} // namespace hotrun
