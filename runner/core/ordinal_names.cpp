#include "core/ordinal_names.hpp"

#include "core/demangle.hpp"

#include <algorithm>

namespace hotrun {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kDigits = "0123456789";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Whether [number] _ is next.
bool ends_with_number(std::string_view rest) {
    const std::size_t end = rest.find_first_not_of(kDigits);
    return end != kNone && rest[end] == '_';
}

bool is_closure(std::string_view rest) {
    for (std::size_t e = rest.find('E'); e != kNone; e = rest.find('E', e + 1)) {
        if (ends_with_number(rest.substr(e + 1)))
            return true;
    }
    return false;
}

// Where the first "Ul <types> E [number] _" or "Ut [number] _" is. An identifier may look like one,
// which only makes the family larger.
std::size_t find_unnamed(std::string_view name) {
    for (std::size_t u = name.find('U'); u != kNone; u = name.find('U', u + 1)) {
        const std::string_view rest = name.substr(u + 1);
        if ((rest.starts_with('l') && is_closure(rest.substr(1))) ||
            (rest.starts_with('t') && ends_with_number(rest.substr(1))))
            return u;
    }
    return kNone;
}

bool is_clang_ordinal(std::string_view name) {
    return name.find("$_") != kNone;
}

// discriminator ::= _ <digit> | __ <number> _
std::string_view without_discriminator(std::string_view name) {
    std::string_view rest = name;
    const bool is_long = rest.ends_with('_');
    if (is_long)
        rest.remove_suffix(1);
    const std::size_t end = rest.find_last_not_of(kDigits);
    if (end == kNone || end + 1 == rest.size() || rest[end] != '_')
        return name;
    if (is_long && (end == 0 || rest[end - 1] != '_'))
        return name;
    return rest.substr(0, is_long ? end - 1 : end);
}

// The operator() is const and what the closure is converted to is not: _ZZ1fvENKUl, _ZZ1fvENUl.
std::string_view stem_of(std::string_view name) {
    if (is_clang_ordinal(name))
        return {};
    const std::size_t unnamed = find_unnamed(name);
    if (unnamed == kNone)
        return without_discriminator(name);
    const std::string_view before = name.substr(0, unnamed);
    return before.substr(0, before.find_last_not_of("NK") + 1);
}

// The function around the first closure, as far as it is written before it.
std::string enclosing(std::string_view name) {
    const std::string text = demangle(name);
    return text.substr(0, std::min(text.find("{lambda("), text.find("{unnamed type#")));
}

bool are_counted_together(std::string_view a, std::string_view b) {
    if (stem_of(a) != stem_of(b))
        return false;
    return find_unnamed(a) == kNone || enclosing(a) == enclosing(b);
}

} // namespace

bool is_made_up(const Symbol &symbol) {
    if (!symbol.is_local)
        return false;
    for (std::size_t dot = symbol.name.find('.'); dot != kNone;
         dot = symbol.name.find('.', dot + 1)) {
        const std::string_view rest = symbol.name.substr(dot + 1);
        const std::string_view word = rest.substr(0, rest.find('.'));
        if (word.empty() || is_digit(word[0]) || word == "localalias" || word == "cold")
            return true;
    }
    return false;
}

bool has_lost_its_file(const Symbol &symbol) {
    return symbol.is_local && symbol.file.empty() &&
           (symbol.name.starts_with("_ZL") || symbol.name.find("_GLOBAL__N_") != kNone);
}

bool has_ordinal(std::string_view name) {
    return name.starts_with("_ZZ") || is_clang_ordinal(name) || find_unnamed(name) != kNone;
}

std::string_view without_ordinals(std::string_view name) {
    return has_ordinal(name) ? stem_of(name) : name;
}

OrdinalNames::OrdinalNames(const SymbolTable &table) {
    for (const Symbol &symbol : table.symbols()) {
        if (has_ordinal(symbol.name))
            names_.push_back({symbol.file, symbol.is_local, symbol.name});
        const std::size_t dot = symbol.name.find_last_not_of(kDigits);
        const bool is_numbered = dot != kNone && dot + 1 < symbol.name.size();
        if (is_numbered && symbol.name[dot] == '.')
            numbered_.push_back({symbol.file, symbol.is_local, symbol.name.substr(0, dot)});
    }
    std::ranges::sort(names_);
    std::ranges::sort(numbered_);
}

bool OrdinalNames::has_numbered(const Symbol &symbol) const {
    return std::ranges::binary_search(numbered_, Name{symbol.file, symbol.is_local, symbol.name});
}

std::vector<std::string_view> OrdinalNames::family_of(const Symbol &symbol) const {
    std::vector<std::string_view> family;
    const std::string_view stem = stem_of(symbol.name);
    const Name first{symbol.file, symbol.is_local, stem};
    for (auto it = std::ranges::lower_bound(names_, first); it != names_.end(); ++it) {
        if (it->file != symbol.file || it->is_local != symbol.is_local ||
            !it->name.starts_with(stem))
            break;
        if (are_counted_together(symbol.name, it->name))
            family.push_back(it->name);
    }
    return family;
}

} // namespace hotrun
