#include "core/symbol_table.hpp"

#include <algorithm>
#include <limits>

namespace hotrun {
namespace {

bool contains(const Symbol &symbol, std::uint64_t address) {
    return address >= symbol.address && address - symbol.address < symbol.size_bytes;
}

} // namespace

std::span<const Symbol> SymbolTable::starting_at(std::uint64_t address) const {
    const auto first = std::ranges::lower_bound(symbols_, address, {}, &Symbol::address);
    const auto last = std::ranges::upper_bound(symbols_, address, {}, &Symbol::address);
    return {first, last};
}

// Symbols overlap: a function may have a part with a name. The ends say when to stop.
const Symbol *SymbolTable::find(std::uint64_t address) const {
    const auto next = std::ranges::upper_bound(symbols_, address, {}, &Symbol::address);
    auto i = static_cast<std::size_t>(next - symbols_.begin());
    if (i > 0 && symbols_[i - 1].address == address)
        return &starting_at(address).front();
    for (; i > 0 && ends_[i - 1] > address; --i) {
        if (contains(symbols_[i - 1], address))
            return &symbols_[i - 1];
    }
    return nullptr;
}

AddressRange SymbolTable::gap_at(std::uint64_t address) const {
    const auto next = std::ranges::upper_bound(symbols_, address, {}, &Symbol::address);
    const auto i = static_cast<std::size_t>(next - symbols_.begin());
    return {i > 0 ? ends_[i - 1] : 0,
            next == symbols_.end() ? std::numeric_limits<std::uint64_t>::max() : next->address};
}

std::span<const SymbolTable::HashedName> SymbolTable::bucket_of(std::uint32_t hash) const {
    if (buckets_.empty())
        return {};
    const std::size_t bucket = hash & (buckets_.size() - 2);
    return std::span(by_name_).subspan(buckets_[bucket], buckets_[bucket + 1] - buckets_[bucket]);
}

template <typename Accepts>
const Symbol *SymbolTable::find_sole_of(std::string_view name, Accepts accepts) const {
    const Symbol *sole = nullptr;
    const std::uint32_t hash = hash_of(name);
    for (const HashedName &candidate : bucket_of(hash)) {
        const Symbol &symbol = symbols_[candidate.index];
        if (candidate.hash != hash || symbol.name != name || !accepts(symbol))
            continue;
        if (sole != nullptr)
            return nullptr;
        sole = &symbol;
    }
    return sole;
}

const Symbol *SymbolTable::find_sole(std::string_view file, std::string_view name,
                                     bool is_local) const {
    return find_sole_of(name, [=](const Symbol &symbol) {
        return symbol.file == file && symbol.is_local == is_local;
    });
}

const Symbol *SymbolTable::find_sole(std::string_view name) const {
    return find_sole_of(name, [](const Symbol &) { return true; });
}

bool SymbolTable::may_have_local(std::string_view file, std::string_view name) const {
    const std::uint32_t hash = hash_of(name);
    return std::ranges::any_of(bucket_of(hash), [&](const HashedName &candidate) {
        const Symbol &symbol = symbols_[candidate.index];
        return symbol.is_local && symbol.name == name &&
               (symbol.file == file || symbol.file.empty());
    });
}

Memory SymbolTable::memory_at(std::uint64_t address) const {
    const auto starts_after = [](std::uint64_t wanted, const Region &region) {
        return wanted < region.range.begin;
    };
    const auto next = std::upper_bound(regions_.begin(), regions_.end(), address, starts_after);
    if (next == regions_.begin() || !std::prev(next)->range.contains(address))
        return Memory::kNone;
    return std::prev(next)->memory;
}

} // namespace hotrun
