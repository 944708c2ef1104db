#include "core/code_difference.hpp"

#include "core/demangle.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace hotrun {

namespace {

using Definition =
    std::tuple<std::string_view, std::uint64_t, std::uint8_t, std::uint8_t, std::uint8_t>;

std::multiset<Definition> definitions_of(const ObjectFile &object) {
    std::multiset<Definition> definitions;
    for (const ObjectSymbol &symbol : object.symbols()) {
        if (symbol.section != ObjectFile::kUndefined && !symbol.is_place() && !symbol.name.empty())
            definitions.emplace(symbol.name, symbol.size_bytes, symbol.type, symbol.binding,
                                symbol.visibility);
    }
    return definitions;
}

bool is_loaded(const ObjectSection &section) {
    return section.role != SectionRole::kIgnored && section.size_bytes != 0;
}

std::string difference_of_sections(const ObjectMatch &match) {
    const auto before = match.before().sections();
    const auto after = match.after().sections();
    for (std::uint32_t i = 1; i < after.size(); ++i) {
        const std::uint32_t partner = match.before_of(i);
        if (is_loaded(after[i]) && (partner == 0 || !match.same_section(partner, i)))
            return "the section " + std::string(after[i].name) + " is another one";
    }
    for (std::uint32_t i = 1; i < before.size(); ++i) {
        if (is_loaded(before[i]) && match.after_of(i) == 0)
            return "there is no section " + std::string(before[i].name);
    }
    return {};
}

} // namespace

std::string difference_of_code(const ObjectMatch &match) {
    const std::multiset<Definition> ours = definitions_of(match.before());
    const std::multiset<Definition> theirs = definitions_of(match.after());
    const auto [one, other] = std::ranges::mismatch(ours, theirs);
    if (one != ours.end() || other != theirs.end()) {
        const Definition &first = one != ours.end() ? *one : *other;
        return demangle(std::get<std::string_view>(first)) + " is another one";
    }
    return difference_of_sections(match);
}

} // namespace hotrun
