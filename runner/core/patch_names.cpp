#include "core/patch_names.hpp"

#include "core/demangle.hpp"
#include "core/ordinal_names.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace hotrun {
namespace {

// What begins there or before.
template <typename Map>
auto last_until(const Map &map, std::uint64_t address) {
    const auto next = map.upper_bound(address);
    return next == map.begin() ? map.end() : std::prev(next);
}

// A counted name may have become another thing's.
bool is_counted(const PatchName &name) {
    return has_ordinal(name.name) || name.name.find('.') != std::string::npos;
}

} // namespace

void PatchNames::add(PatchName name) {
    const std::uint64_t address = name.address;
    names_.insert_or_assign(address, std::move(name));
}

void PatchNames::add_constants(std::uint64_t address, std::string bytes) {
    constants_.insert_or_assign(address, std::move(bytes));
}

const PatchName *PatchNames::name_at(std::uint64_t word) const {
    const auto found = last_until(names_, word);
    const bool is_in = found != names_.end() &&
                       (word == found->first || word - found->first < found->second.size_bytes);
    return is_in ? &found->second : nullptr;
}

// What is the end of something may not be the start of another thing.
std::optional<ConstantText::Literal> PatchNames::literal_at(std::uint64_t word) const {
    const auto found = last_until(constants_, word);
    if (found == constants_.end() || word - found->first >= found->second.size())
        return std::nullopt;
    std::uint64_t begin = found->first;
    std::uint64_t end = begin + found->second.size();
    if (const auto before = last_until(names_, word); before != names_.end())
        begin = std::max(begin, before->first + before->second.size_bytes);
    if (const auto next = names_.upper_bound(word); next != names_.end())
        end = std::min(end, next->first);
    if (word < begin || (word == begin && begin != found->first))
        return std::nullopt;
    const std::string_view bytes = found->second;
    return ConstantText::literal_in(bytes.substr(begin - found->first, end - begin), begin, word);
}

std::string PatchNames::describe(std::uint64_t word) const {
    const PatchName *name = name_at(word);
    return name == nullptr ? "a constant without a name" : demangle(name->name);
}

std::optional<std::uint64_t> PatchRebinder::rebind(std::uint64_t word) {
    const auto [entry, is_new] = known_.try_emplace(word);
    if (is_new) {
        if (const auto found = find(word))
            entry->second = *found + load_bias_;
    }
    return entry->second;
}

std::optional<std::uint64_t> PatchRebinder::find(std::uint64_t word) {
    const PatchName *name = names_.name_at(word);
    if (name == nullptr)
        return find_text(word);
    if (is_counted(*name))
        return std::nullopt;
    const std::uint64_t offset = word - name->address;
    const Symbol *symbol = library_.find_sole(name->is_local ? name->source : std::string(),
                                              name->name, name->is_local);
    if (symbol == nullptr && !name->is_local) // linkers make what is hidden local
        symbol = library_.find_sole(name->name);
    if (symbol == nullptr || (symbol->kind == Symbol::Kind::kFunction) != name->is_function)
        return std::nullopt;
    const bool is_same = name->is_function
                             ? offset == 0
                             : symbol->size_bytes == name->size_bytes &&
                                   library_.memory_at(symbol->address) == Memory::kConstant;
    if (!is_same)
        return std::nullopt;
    return symbol->address + offset;
}

std::optional<std::uint64_t> PatchRebinder::find_text(std::uint64_t word) {
    const auto text = names_.literal_at(word);
    if (!text || !library_.has_local_symbols())
        return std::nullopt;
    if (!text_)
        text_.emplace(library_);
    const auto address = text_->find(text->text);
    return address ? std::optional(*address + (word - text->address)) : std::nullopt;
}

} // namespace hotrun
