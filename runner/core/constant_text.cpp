#include "core/constant_text.hpp"

#include "control/event_json.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace hotrun {
namespace {

// What literals are made of. Tables of numbers nearly always have something else in them.
bool is_text(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || (byte >= '\a' && byte <= '\r') || byte == 0x1b;
}

// u"a" and U"a" begin like "a", and u"" like "". `rest` starts with the text and goes on after it.
bool may_be_wide(std::uint64_t address, std::string_view rest) {
    if (address % 2 != 0 || rest.size() < 2 || rest[1] != '\0')
        return false;
    return rest[0] == '\0' || rest.size() < 4 || rest[3] == '\0';
}

std::size_t hash_of(std::string_view text) {
    return std::hash<std::string_view>()(text);
}

} // namespace

ConstantText::ConstantText(const SymbolTable &table) : table_(table) {
    std::uint64_t left = table.parts().size_bytes(); // segments could share the file's bytes
    for (const Region &region : table.regions()) {
        const std::uint64_t bytes = region.range.end - region.range.begin;
        if (region.memory != Memory::kConstant || bytes > left)
            continue;
        left -= bytes;
        Block block{region.range.begin, {}};
        const auto offset = table.parts().offset_of(block.address, bytes);
        if (offset && table.parts().read_table(*offset, bytes, block.bytes))
            blocks_.push_back(std::move(block));
    }
}

void ConstantText::index() const {
    for (const Block &block : blocks_)
        index_block(block);
    std::ranges::sort(index_, {},
                      [](const IndexEntry &entry) { return std::pair(entry.hash, entry.address); });
    is_indexed_ = true;
}

void ConstantText::index_block(const Block &block) const {
    for (std::size_t at = 0; at < block.bytes.size();) {
        const std::uint64_t address = block.address + at;
        const Symbol *symbol = table_.find(address);
        const std::uint64_t left = symbol == nullptr
                                       ? table_.gap_at(address).end - address
                                       : symbol->size_bytes - (address - symbol->address);
        const std::size_t end = at + std::clamp<std::uint64_t>(left, 1, block.bytes.size() - at);
        if (symbol == nullptr)
            index_gap(block, at, end);
        at = end;
    }
}

// Other constants have many zeros: of empty texts one is enough.
void ConstantText::index_gap(const Block &block, std::size_t begin, std::size_t end) const {
    const std::string_view bytes = block.view().substr(0, end);
    while (begin < end) {
        const std::size_t nul = bytes.find('\0', begin);
        if (nul == std::string_view::npos)
            return;
        const std::string_view text = bytes.substr(begin, nul + 1 - begin);
        const bool is_first = text.size() > 1 || !std::exchange(has_empty_, true);
        if (is_first && text.size() <= kLongestBytes &&
            std::all_of(text.begin(), text.end() - 1, is_text))
            index_.push_back({hash_of(text), block.address + begin});
        begin = nul + 1;
    }
}

const ConstantText::Block *ConstantText::block_at(std::uint64_t address) const {
    const auto holds = [address](const Block &block) {
        return address >= block.address && address - block.address < block.bytes.size();
    };
    const auto found = std::ranges::find_if(blocks_, holds);
    return found == blocks_.end() ? nullptr : &*found;
}

std::optional<ConstantText::Literal> ConstantText::literal_at(std::uint64_t address) const {
    const Block *block = block_at(address);
    if (block == nullptr || table_.find(address) != nullptr)
        return std::nullopt;
    const AddressRange gap = table_.gap_at(address);
    const std::uint64_t left = std::min(gap.end - block->address, block->bytes.size());
    const std::size_t lowest = gap.begin > block->address ? gap.begin - block->address : 0;
    return literal_in(block->view().substr(lowest, left - lowest), block->address + lowest,
                      address);
}

std::optional<ConstantText::Literal>
ConstantText::literal_in(std::string_view bytes, std::uint64_t begins_at, std::uint64_t address) {
    std::size_t begin = address - begins_at;
    const std::size_t nul = bytes.find('\0', begin);
    while (begin > 0 && is_text(bytes[begin - 1]))
        --begin;
    if (nul == std::string_view::npos || nul + 1 - begin > kLongestBytes)
        return std::nullopt;
    const std::string_view text = bytes.substr(begin, nul - begin);
    if (!std::ranges::all_of(text, is_text) || to_utf8(text) != text ||
        may_be_wide(begins_at + begin, bytes.substr(begin)))
        return std::nullopt;
    return Literal{begins_at + begin, bytes.substr(begin, nul + 1 - begin)};
}

bool ConstantText::has_at(std::uint64_t address, std::string_view text) const {
    const Block *block = block_at(address);
    return block != nullptr && block->view().substr(address - block->address).starts_with(text);
}

bool ConstantText::is_outside_of_symbols(std::uint64_t address, std::size_t bytes) const {
    return table_.find(address) == nullptr && table_.gap_at(address).end - address >= bytes;
}

std::optional<std::uint64_t> ConstantText::find(std::string_view text) const {
    if (!is_indexed_)
        index();
    const std::size_t hash = hash_of(text);
    auto entry = std::ranges::lower_bound(index_, hash, {}, &IndexEntry::hash);
    for (; entry != index_.end() && entry->hash == hash; ++entry) {
        if (has_at(entry->address, text))
            return entry->address;
    }
    // Few get here: those whose text is no longer there, or only as the end of a longer one.
    const std::boyer_moore_horspool_searcher searcher(text.begin(), text.end());
    for (const Block &block : blocks_) {
        const std::string_view bytes = block.view();
        auto found = std::search(bytes.begin(), bytes.end(), searcher);
        for (; found != bytes.end(); found = std::search(found + 1, bytes.end(), searcher)) {
            const auto at = block.address + static_cast<std::uint64_t>(found - bytes.begin());
            if (is_outside_of_symbols(at, text.size()))
                return at;
        }
    }
    return std::nullopt;
}

} // namespace hotrun
