// Pointers into blocks that are made anew.
#include "core/migration.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;
using LiveBlock = PermanentHeap::LiveBlock;

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::size_t kPageBytes = 4096;

std::uint64_t address_of(const void *pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

bool is_class(const TypeLayout &type) {
    return type.kind == Kind::kStruct || type.kind == Kind::kUnion ||
           type.kind == Kind::kIncomplete;
}

bool is_template(const TypeLayout &type) {
    return type.name.ends_with('>');
}

bool is_word_letter(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

bool has_word(const std::string &text, const std::string &word) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || !is_word_letter(text[at - 1])) &&
            (end == text.size() || !is_word_letter(text[end])))
            return true;
    }
    return false;
}

template <typename Pointers>
void add_pointers(const TypeLayout &type, std::uint64_t offset, const TypeLayout *holder,
                  Pointers &pointers) {
    if (type.kind == Kind::kPointer)
        pointers.push_back({offset, type.element, holder});
    if (holder == nullptr && is_template(type))
        holder = &type;
    for (std::uint64_t i = 0; type.kind == Kind::kArray && i < type.count; ++i) {
        const std::size_t before = pointers.size();
        add_pointers(*type.element, offset + i * type.element->size_bytes, holder, pointers);
        if (pointers.size() == before)
            break;
    }
    if (type.kind != Kind::kStruct)
        return;
    for (const MemberLayout &member : type.members)
        add_pointers(*member.type, offset + member.offset_bytes, holder, pointers);
}

} // namespace

// While all words still are those of the old objects: a new block may lie where an old one was, and
// what a constructor writes leads to where it is.
Migration::Answer Migration::lead_pointers(const PermanentHeap &heap,
                                           const std::vector<LiveBlock> &blocks) {
    const std::uint64_t base = address_of(heap.base());
    const AddressRange range{base, base + heap.bytes()};
    for (const Moved &moved : moved_) {
        const std::size_t bytes = moved.old_range.end - moved.old_range.begin;
        if (Answer refusal = lead_words(*moved.change->old_type, moved.change,
                                        {&saved_[moved.saved_at], bytes}, range))
            return refusal;
    }
    for (const LiveBlock &block : blocks) {
        const Change *change = change_of(block.type);
        if (change != nullptr && !change->conversion->is_same)
            continue;
        if (Answer refusal = lead_words(*new_type_of(block.type), nullptr, block.payload, range))
            return refusal;
    }
    return std::nullopt;
}

// A word in a member that is gone may lead anywhere. `change`: of these objects; null: none.
Migration::Answer Migration::lead_words(const TypeLayout &type, const Change *change,
                                        std::span<std::byte> objects, const AddressRange &heap) {
    const Pointers &pointers = pointers_of(type);
    for (std::size_t at = 0; at + kWordBytes <= objects.size(); at += kWordBytes) {
        std::uint64_t word = 0;
        std::byte *const place = objects.data() + at;
        std::memcpy(&word, place, sizeof word);
        if (word == 0)
            continue;
        const auto member = [&]() -> const Pointer * {
            const std::uint64_t offset = type.size_bytes == 0 ? at : at % type.size_bytes;
            const auto found =
                std::ranges::lower_bound(pointers, offset, {}, &Pointer::offset_bytes);
            return found != pointers.end() && found->offset_bytes == offset ? &*found : nullptr;
        };
        if (const Moved *moved = moved_at(word)) {
            const Pointer *pointer = member();
            const auto found = now(*moved, word, pointer == nullptr ? nullptr : pointer->pointee);
            if (!found && is_gone(change, at))
                continue;
            if (!found)
                return "a pointer in a " + type_name(type) + " leads to a part of " +
                       type_name(*moved->change->old_type) +
                       " that is gone or can't be told from another: clear it in hotrun_unload";
            std::memcpy(place, &*found, sizeof *found);
        } else if (is_outside(word, heap)) {
            const Pointer *pointer = member();
            const std::string *changed = pointer == nullptr ? nullptr : changed_behind(*pointer);
            if (changed != nullptr && !is_gone(change, at))
                return "a pointer in a " + type_name(type) + " leads to a " + *changed +
                       " outside the permanent heap, and that type has changed: make it in the "
                       "heap, or clear the pointer in hotrun_unload";
        }
    }
    return std::nullopt;
}

// Whether what lies there in an array of the old objects has no place in the new ones.
bool Migration::is_gone(const Change *change, std::uint64_t offset) const {
    if (change == nullptr)
        return false;
    const auto parts =
        diff_.parts_at(*change->old_type, *change->new_type, offset % change->old_type->size_bytes);
    return !parts.empty() && std::ranges::none_of(parts, [](const LayoutDiff::Part &part) {
        return part.place.has_value();
    });
}

bool Migration::is_outside(std::uint64_t word, const AddressRange &heap) const {
    const auto has_word = [word](const Loaded &library) { return library.range.contains(word); };
    return !heap.contains(word) && std::ranges::none_of(olds_, has_word) &&
           std::ranges::none_of(news_, has_word);
}

// A type that has changed and that lies where the pointer leads: what it points to, or what the
// container holds whose node it is. Null: none.
const std::string *Migration::changed_behind(const Pointer &pointer) const {
    const std::map<std::string, std::string> &changed = diff_.changed();
    auto found = changed.end();
    if (pointer.pointee != nullptr && is_class(*pointer.pointee))
        found = changed.find(type_name(*pointer.pointee));
    if (found == changed.end() && pointer.holder != nullptr)
        found = std::ranges::find_if(changed, [&](const auto &entry) {
            return has_word(pointer.holder->name, entry.second);
        });
    return found == changed.end() ? nullptr : &found->first;
}

const Migration::Pointers &Migration::pointers_of(const TypeLayout &type) {
    const auto [found, is_new] = pointers_.try_emplace(&type);
    if (is_new) {
        add_pointers(type, 0, nullptr, found->second);
        std::ranges::sort(found->second, {}, &Pointer::offset_bytes);
    }
    return found->second;
}

void Migration::index_moved() {
    if (moved_.empty())
        return;
    moved_range_ = {moved_.front().old_range.begin, moved_.back().old_range.end + 1};
    std::size_t index = 0;
    for (std::uint64_t page = moved_range_.begin; page < moved_range_.end; page += kPageBytes) {
        while (moved_[index].old_range.end < page)
            ++index;
        moved_in_page_.push_back(index);
    }
}

// One past the last object is where arrays end.
const Migration::Moved *Migration::moved_at(std::uint64_t address) const {
    if (!moved_range_.contains(address))
        return nullptr;
    std::size_t index = moved_in_page_[(address - moved_range_.begin) / kPageBytes];
    while (moved_[index].old_range.end < address)
        ++index;
    return moved_[index].old_range.begin <= address ? &moved_[index] : nullptr;
}

std::optional<std::uint64_t> Migration::now(const Moved &moved, std::uint64_t word,
                                            const TypeLayout *pointee) {
    const Change &change = *moved.change;
    const std::uint64_t offset = word - moved.old_range.begin;
    const std::uint64_t index = offset / change.old_type->size_bytes;
    const std::uint64_t object = moved.now + index * change.new_type->size_bytes;
    if (index == moved.count)
        return object;
    const std::uint64_t part = offset % change.old_type->size_bytes;
    const auto [known, is_new] = places_.try_emplace({&change, part, pointee});
    if (is_new)
        known->second = place_of(change, part, pointee);
    return known->second ? std::optional(object + *known->second) : std::nullopt;
}

std::optional<std::uint64_t> Migration::place_of(const Change &change, std::uint64_t offset,
                                                 const TypeLayout *pointee) const {
    const auto parts = diff_.parts_at(*change.old_type, *change.new_type, offset);
    if (parts.empty())
        return std::nullopt;
    const auto is_elsewhere = [&](const LayoutDiff::Part &part) {
        return part.place != parts.front().place;
    };
    const bool is_known = pointee != nullptr && pointee->kind != Kind::kVoid;
    if (!is_known || std::ranges::none_of(parts, is_elsewhere))
        return parts.front().place;
    const auto found = std::ranges::find_if(parts, [&](const LayoutDiff::Part &part) {
        return type_name(*part.type) == type_name(*pointee) ||
               diff_.renames().is_same_name(*part.type, *pointee);
    });
    return found == parts.end() ? std::nullopt : found->place;
}

} // namespace hotrun
