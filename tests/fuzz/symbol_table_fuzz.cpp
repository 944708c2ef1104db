// Whatever the bytes are, reading the symbols of a library and asking for every address that they
// name, and for those around, never reads outside of the file.
#include "core/rebind.hpp"
#include "support/memory_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

constexpr std::size_t kMostSymbols = 200; // of large inputs; the time grows with their square

void query(const hotrun::SymbolTable &table) {
    const hotrun::Rebinder rebinder(table, 0, table, 0);
    const auto ask = [&](std::uint64_t address) {
        rebinder.describe(address);
        rebinder.rebind(address);
        table.gap_at(address);
    };
    const std::size_t count = std::min(table.symbols().size(), kMostSymbols);
    for (const hotrun::Symbol &symbol : table.symbols().first(count)) {
        ask(symbol.address);
        ask(symbol.address + symbol.size_bytes / 2);
        ask(symbol.address + symbol.size_bytes);
    }
    for (const hotrun::Region &region : table.regions()) {
        ask(region.range.begin);
        ask(region.range.begin + (region.range.end - region.range.begin) / 2);
        ask(region.range.end);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::vector<std::byte> bytes(size);
    if (size > 0)
        std::memcpy(bytes.data(), data, size);
    const hotrun::MemoryFile file(std::move(bytes));
    query(hotrun::SymbolTable::read(file));
    if (file.outside_read_count() > 0)
        std::abort();
    return 0;
}
