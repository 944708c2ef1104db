#include "build_shares.hpp"

#include <algorithm>
#include <array>

namespace hotrun {

namespace {

struct Span {
    Microseconds begin;
    Microseconds end;
};

// How much of the time any of them ran.
Microseconds covered(std::vector<Span> spans) {
    std::ranges::sort(spans, {}, &Span::begin);
    Microseconds sum{0};
    Microseconds to{0};
    for (const Span &span : spans) {
        const Microseconds from = std::max(span.begin, to);
        to = std::max(to, span.end);
        sum += std::max(to - from, Microseconds(0));
    }
    return sum;
}

// A program's name has no ending.
bool is_linked(std::string_view output) {
    const std::string_view name = output.substr(output.rfind('/') + 1);
    return name.find(".so") != std::string_view::npos || name.ends_with(".a") ||
           name.find('.') == std::string_view::npos;
}

} // namespace

bool is_compiled(std::string_view output) {
    constexpr std::array<std::string_view, 5> kEndings = {".o", ".obj", ".gch", ".pch", ".pcm"};
    return std::ranges::any_of(kEndings, [&](auto ending) { return output.ends_with(ending); });
}

BuildShares shares_of(const std::vector<BuiltEdge> &edges) {
    std::vector<Span> compiled;
    std::vector<Span> all;
    for (const BuiltEdge &edge : edges) {
        const Span span{edge.start, edge.start + edge.duration};
        if (is_compiled(edge.output))
            compiled.push_back(span);
        if (is_compiled(edge.output) || is_linked(edge.output))
            all.push_back(span);
    }
    const Microseconds compile = covered(std::move(compiled));
    return {compile, covered(std::move(all)) - compile};
}

} // namespace hotrun
