#include "control/frame_text.hpp"

#include <array>
#include <charconv>

namespace hotrun {

std::string to_hex(std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return "0x" + std::string(digits.data(), end);
}

std::string frame_text(const StackFrame &frame) {
    std::string text = frame.function.empty() ? to_hex(frame.address) : frame.function;
    if (!frame.file.empty())
        text += " at " + frame.file + (frame.line == 0 ? "" : ":" + std::to_string(frame.line));
    else if (!frame.library.empty())
        text += " in " + frame.library;
    return text;
}

} // namespace hotrun
