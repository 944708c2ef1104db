#include "linux/mount_points.hpp"

#include "core/ninja_syntax.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace hotrun {

namespace {

constexpr int kFieldOfThePoint = 4; // from 0

std::string_view field_of(std::string_view line, int number) {
    for (int skipped = 0; skipped < number; ++skipped)
        line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
    return line.substr(0, line.find(' '));
}

bool is_octal(std::string_view text) {
    return text.size() == 3 && text.find_first_not_of("01234567") == std::string_view::npos;
}

std::string unescape(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const bool escaped = text.front() == '\\' && is_octal(text.substr(1, 3));
        plain +=
            escaped
                ? static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'))
                : text.front();
        text.remove_prefix(escaped ? 4 : 1);
    }
    return plain;
}

} // namespace

std::set<std::string> parse_mount_points(std::string_view mountinfo) {
    std::set<std::string> points;
    while (!mountinfo.empty()) {
        const std::string_view point = field_of(take_line(mountinfo), kFieldOfThePoint);
        if (!point.empty())
            points.insert(unescape(point));
    }
    return points;
}

std::set<std::string> mount_points() {
    std::ifstream file("/proc/self/mountinfo");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return parse_mount_points(text);
}

} // namespace hotrun
