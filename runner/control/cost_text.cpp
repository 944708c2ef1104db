#include "control/cost_text.hpp"

namespace hotrun {

namespace {

// With one digit behind the point.
std::string tenths(std::uint64_t tenths, const char *unit) {
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + unit;
}

} // namespace

std::string cost_text(Microseconds time) {
    const auto milliseconds = static_cast<std::uint64_t>((time.count() + 500) / 1000);
    if (milliseconds < 1000)
        return std::to_string(milliseconds) + " ms";
    return tenths((milliseconds + 50) / 100, " s");
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::uint64_t kKilo = 1024;
    if (bytes < kKilo * kKilo)
        return std::to_string((bytes + kKilo - 1) / kKilo) + " KB";
    return tenths(bytes * 10 / (kKilo * kKilo), " MB");
}

} // namespace hotrun
