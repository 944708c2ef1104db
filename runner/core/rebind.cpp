#include "core/rebind.hpp"

#include "core/address_words.hpp"
#include "core/demangle.hpp"

namespace hotrun {
namespace {

// Itanium C++ ABI 2.5.2: a vtable begins with the offset to the top and the type_info; an object
// points to what comes after them.
constexpr std::uint64_t kFirstAddressPoint = 16;

bool is_vtable(const Symbol &symbol) {
    return symbol.name.starts_with("_ZTV") || symbol.name.starts_with("_ZTT") ||
           symbol.name.starts_with("_ZTC");
}

// Guards are the compiler's own, and temporaries that a reference keeps alive are counted.
bool is_never_kept(const Symbol &symbol) {
    return symbol.name.starts_with("_ZG");
}

} // namespace

Rebinder::Rebinder(const SymbolTable &old_table, std::uint64_t old_bias,
                   const SymbolTable &new_table, std::uint64_t new_bias, RenamedTypes renamed)
    : old_table_(old_table), new_table_(new_table), old_bias_(old_bias), new_bias_(new_bias),
      renamed_(std::move(renamed)) {}

std::optional<std::uint64_t> Rebinder::rebind(std::uint64_t word) const {
    const auto [entry, is_new] = known_.try_emplace(word);
    if (is_new) {
        if (const Address found = find(word - old_bias_))
            entry->second = *found + new_bias_;
    }
    return entry->second;
}

std::string Rebinder::describe(std::uint64_t word) const {
    return describe_address(old_table_, word - old_bias_);
}

Rebinder::Address Rebinder::find(std::uint64_t address) const {
    if (const Symbol *symbol = old_table_.find(address))
        return find_in_symbols(*symbol, address);
    return find_outside(address);
}

// A thing may have several names, as constructors and folded functions have. All of them have to
// say the same, but for those that are made up.
Rebinder::Address Rebinder::find_in_symbols(const Symbol &found, std::uint64_t address) const {
    Address common;
    for (const Symbol &symbol : old_table_.starting_at(found.address)) {
        if (TypeDescriptors::is_descriptor(symbol))
            return find_descriptor(symbol, address - symbol.address);
        const std::uint64_t offset = address - symbol.address;
        if (is_made_up(symbol) || offset > symbol.size_bytes)
            continue;
        const Address one = find_symbol(symbol, offset);
        if (!one || (common && *common != *one))
            return std::nullopt;
        common = one;
    }
    return common;
}

// The end of a constant may be the start of a literal, which then have to stay together.
Rebinder::Address Rebinder::find_outside(std::uint64_t address) const {
    const bool is_end = old_table_.gap_at(address).begin == address;
    const bool is_constant = old_table_.memory_at(address) == Memory::kConstant;
    if (!is_constant)
        return is_end ? find_end(address) : std::nullopt;
    if (!old_table_.has_local_symbols() || !new_table_.has_local_symbols())
        return std::nullopt;
    const bool is_literal = old_text_.of(old_table_).literal_at(address).has_value();
    if (!is_end)
        return find_literal(address);
    const Address end = find_end(address);
    return !is_literal || end == find_literal(address) ? end : std::nullopt;
}

Rebinder::Address Rebinder::find_end(std::uint64_t address) const {
    const Symbol *before = address == 0 ? nullptr : old_table_.find(address - 1);
    return before == nullptr ? std::nullopt : find_in_symbols(*before, address);
}

Rebinder::Address Rebinder::find_literal(std::uint64_t address) const {
    const auto literal = old_text_.of(old_table_).literal_at(address);
    if (!literal)
        return std::nullopt;
    const Address found = new_text_.of(new_table_).find(literal->text);
    return found ? Address(*found + (address - literal->address)) : std::nullopt;
}

Rebinder::Address Rebinder::find_descriptor(const Symbol &symbol, std::uint64_t offset) const {
    const auto description = old_types_.of(old_table_).describe(symbol);
    if (!description || offset != 0)
        return std::nullopt;
    return new_types_.of(new_table_).find(*description);
}

// Whether nothing was counted to make the name, or the same things in both libraries.
bool Rebinder::has_same_family(const Symbol &symbol) const {
    if (symbol.is_local && (old_ordinals_.of(old_table_).has_numbered(symbol) ||
                            new_ordinals_.of(new_table_).has_numbered(symbol)))
        return false;
    return !has_ordinal(symbol.name) || old_ordinals_.of(old_table_).family_of(symbol) ==
                                            new_ordinals_.of(new_table_).family_of(symbol);
}

const Symbol *Rebinder::counterpart_of(const Symbol &symbol) const {
    if (has_lost_its_file(symbol))
        return nullptr;
    if (!renamed_.is_empty()) {
        const std::string name = demangle(symbol.name);
        const std::string new_name = renamed_.apply(name);
        if (new_name != RenamedTypes::without_nameless(name))
            return renamed(symbol, new_name);
    }
    const auto sole_in = [&symbol](const SymbolTable &table) {
        return table.find_sole(symbol.file, symbol.name, symbol.is_local);
    };
    const Symbol *counterpart = sole_in(new_table_);
    if (counterpart == nullptr || sole_in(old_table_) == nullptr ||
        counterpart->kind != symbol.kind || !has_same_family(symbol))
        return nullptr;
    return counterpart;
}

// The virtual table of a renamed class, a function that takes such.
const Symbol *Rebinder::renamed(const Symbol &symbol, const std::string &new_name) const {
    if (has_ordinal(symbol.name))
        return nullptr;
    if (written_.empty()) {
        for (const Symbol &each : new_table_.symbols())
            written_.emplace(RenamedTypes::without_nameless(demangle(each.name)), &each);
    }
    const Symbol *sole = nullptr;
    const auto [begin, end] = written_.equal_range(new_name);
    for (auto each = begin; each != end; ++each) {
        const Symbol &found = *each->second;
        if (found.kind != symbol.kind || found.file != symbol.file ||
            found.is_local != symbol.is_local)
            continue;
        if (sole != nullptr)
            return nullptr;
        sole = &found;
    }
    return sole;
}

Rebinder::Address Rebinder::find_symbol(const Symbol &symbol, std::uint64_t offset) const {
    const bool is_function = symbol.kind == Symbol::Kind::kFunction;
    if (is_never_kept(symbol) || (is_function && offset != 0))
        return std::nullopt;
    const Symbol *counterpart = counterpart_of(symbol);
    if (counterpart == nullptr)
        return std::nullopt;
    return is_function ? counterpart->address : find_in_object(symbol, *counterpart, offset);
}

Rebinder::Address Rebinder::find_in_object(const Symbol &symbol, const Symbol &counterpart,
                                           std::uint64_t offset) const {
    const bool same_size = symbol.size_bytes == counterpart.size_bytes;
    const bool is_first = symbol.name.starts_with("_ZTV") && offset == kFirstAddressPoint &&
                          counterpart.size_bytes > offset;
    if (!same_size && !is_first)
        return std::nullopt;
    if (is_vtable(symbol) && offset == 0 && vtable_ends_at(symbol.address))
        return std::nullopt;
    if (old_table_.memory_at(symbol.address) != new_table_.memory_at(counterpart.address))
        return std::nullopt;
    return counterpart.address + offset;
}

// Of a class with virtual bases and no virtual functions, objects point to the vtable's end.
// Nothing points to a vtable's start.
bool Rebinder::vtable_ends_at(std::uint64_t address) const {
    const Symbol *before = address == 0 ? nullptr : old_table_.find(address - 1);
    return before != nullptr && is_vtable(*before);
}

} // namespace hotrun
