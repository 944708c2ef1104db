#include "core/type_descriptors.hpp"

#include "hotrun/module.h"

#include <algorithm>
#include <cstddef>

namespace hotrun {
namespace {

constexpr std::size_t kLongestName = 4096;

// hotrun_type as the file has it.
struct StoredType {
    std::uint64_t name;
    std::uint64_t size_bytes;
    std::uint64_t alignment;
};
static_assert(sizeof(StoredType) == sizeof(hotrun_type));
static_assert(offsetof(StoredType, alignment) == offsetof(hotrun_type, alignment));

} // namespace

bool TypeDescriptors::is_descriptor(const Symbol &symbol) {
    return symbol.kind == Symbol::Kind::kObject && symbol.size_bytes >= sizeof(StoredType) &&
           symbol.name.find("hotrun_type_") != std::string_view::npos;
}

std::optional<TypeDescription>
describe_type(const SymbolTable &table, const RelativePointers &pointers, const Symbol &symbol) {
    StoredType stored{};
    const auto target = pointers.target_at(symbol.address);
    if (!target || !table.read_at(symbol.address, std::as_writable_bytes(std::span(&stored, 1))))
        return std::nullopt;
    auto name = table.parts().text_at(*target, kLongestName);
    if (!name)
        return std::nullopt;
    return TypeDescription{std::move(*name), stored.size_bytes, stored.alignment};
}

TypeDescriptors::TypeDescriptors(const SymbolTable &table)
    : table_(table), pointers_(table.parts()) {
    for (const Symbol &symbol : table.symbols()) {
        if (!is_descriptor(symbol))
            continue;
        if (auto description = describe(symbol))
            entries_.push_back({std::move(*description), symbol.address});
    }
    std::ranges::sort(entries_, {}, &Entry::description);
}

std::optional<std::uint64_t> TypeDescriptors::find(const TypeDescription &description) const {
    const auto found = std::ranges::lower_bound(entries_, description, {}, &Entry::description);
    if (found == entries_.end() || found->description != description)
        return std::nullopt;
    return found->address;
}

} // namespace hotrun
