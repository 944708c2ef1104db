// Pointers into blocks that are made anew.
#include "core/migration.hpp"

#include "core/address_range.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>
#include <utility>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;
using LiveBlock = PermanentHeap::LiveBlock;

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

struct Divided {
    std::uint64_t index;
    std::uint64_t rest;
};

// Where in an array of objects of that size an offset is. Most blocks have one.
Divided divided(std::uint64_t offset, std::uint64_t size_bytes) {
    if (size_bytes == 0 || offset < size_bytes)
        return {0, offset};
    return {offset / size_bytes, offset % size_bytes};
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

bool is_any_number(Kind kind) {
    return kind == Kind::kBoolean || kind == Kind::kSigned || kind == Kind::kUnsigned ||
           kind == Kind::kFloat || kind == Kind::kEnumeration;
}

// Whether a word there can't be one value: it begins in a gap, or with a number that is shorter.
// What lies in a gap is often what was there before.
bool is_no_word(const TypeLayout &type, std::uint64_t offset) {
    if (is_any_number(type.kind))
        return type.size_bytes < kWordBytes;
    if (type.kind == Kind::kArray && type.element->kind == Kind::kStruct &&
        type.element->size_bytes != 0)
        return is_no_word(*type.element, offset % type.element->size_bytes);
    if (type.kind != Kind::kStruct)
        return false;
    for (const MemberLayout &member : type.members) {
        const bool is_in_it =
            offset >= member.offset_bytes && offset - member.offset_bytes < member.type->size_bytes;
        if (is_in_it && !is_no_word(*member.type, offset - member.offset_bytes))
            return false;
    }
    return !type.members.empty() || type.size_bytes < kWordBytes;
}

// In an array of objects.
bool is_between(const TypeLayout &type, std::uint64_t at) {
    return type.kind == Kind::kStruct && type.size_bytes != 0 &&
           is_no_word(type, at % type.size_bytes);
}

} // namespace

// `at`: what is known of pointers that lie there.
void Migration::add_pointers(const TypeLayout &type, Pointer at, std::vector<Pointer> &pointers) {
    const std::uint64_t offset = at.offset_bytes;
    if (type.kind == Kind::kPointer) {
        at.pointee = type.element;
        pointers.push_back(at);
    }
    if (type.kind == Kind::kMemberPointer) {
        at.pointee = type.element;
        at.to_member = &type;
        pointers.push_back(at);
        at.to_member = nullptr;
    }
    if (at.holder == nullptr && is_template(type))
        at.holder = &type;
    for (std::uint64_t i = 0; type.kind == Kind::kArray && i < type.count; ++i) {
        const std::size_t before = pointers.size();
        at.offset_bytes = offset + i * type.element->size_bytes;
        add_pointers(*type.element, at, pointers);
        if (pointers.size() == before)
            break;
    }
    if (type.kind != Kind::kStruct)
        return;
    for (const MemberLayout &member : type.members) {
        at.offset_bytes = offset + member.offset_bytes;
        add_pointers(*member.type, at, pointers);
    }
    const auto choice = choice_of(type);
    if (!choice)
        return;
    at.offset_bytes = offset + choice->value_at;
    at.tag = NumberPlace{offset + choice->tag_at, Kind::kUnsigned,
                         static_cast<std::uint32_t>(choice->tag->size_bytes), 0, 0};
    at.tag_value = choice->first;
    for (const TypeLayout *alternative : choice->alternatives) {
        add_pointers(*alternative, at, pointers);
        ++at.tag_value;
    }
}

// Null: there is none, or it is not in use.
const Migration::Pointer *Migration::pointer_at(const std::vector<Pointer> &pointers,
                                                std::uint64_t offset, const std::byte *object) {
    auto found = std::ranges::lower_bound(pointers, offset, {}, &Pointer::offset_bytes);
    for (; found != pointers.end() && found->offset_bytes == offset; ++found) {
        if (!found->tag || integer_at(*found->tag, object) == found->tag_value)
            return &*found;
    }
    return nullptr;
}

// While all words still are those of the old objects: a new block may lie where an old one was, and
// what a constructor writes leads to where it is.
Migration::Answer Migration::lead_pointers(const PermanentHeap &heap,
                                           const std::vector<LiveBlock> &blocks) {
    const std::uint64_t base = address_of(heap.base());
    const AddressRange range{base, base + heap.bytes()};
    std::byte *saved = saved_.get();
    for (const Moved &moved : moved_) {
        if (Answer refusal =
                lead_words(*moved.change->old_type, moved.change, {saved, moved.bytes()}, range))
            return refusal;
        saved += moved.saved_bytes();
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

// `change`: of these objects; null: none.
Migration::Answer Migration::lead_words(const TypeLayout &type, const Change *change,
                                        std::span<std::byte> objects, const AddressRange &heap) {
    const Pointers &pointers = pointers_of(type);
    const Holder holder{type, change, heap};
    for (std::size_t at = 0; at + kWordBytes <= objects.size(); at += kWordBytes) {
        const auto member = [&]() -> const Pointer * {
            const std::uint64_t offset = divided(at, type.size_bytes).rest;
            return pointer_at(pointers.all, offset, objects.data() + at - offset);
        };
        if (Answer refusal = lead_word(holder, objects.data() + at, at, member))
            return refusal;
    }
    return pointers.are_plain ? std::nullopt : lead_unusual(holder, pointers.all, objects);
}

// A word in a member that is gone may lead anywhere.
template <typename Member>
Migration::Answer Migration::lead_word(const Holder &holder, std::byte *place, std::size_t at,
                                       const Member &member) {
    std::uint64_t word = 0;
    std::memcpy(&word, place, sizeof word);
    if (word == 0)
        return std::nullopt;
    if (const Moved *moved = moved_at(word)) {
        const Pointer *pointer = member();
        if (pointer == nullptr && is_between(holder.type, at))
            return std::nullopt;
        const auto found = now(*moved, word, pointer == nullptr ? nullptr : pointer->pointee);
        if (!found && is_gone(holder.change, at))
            return std::nullopt;
        if (!found)
            return "a pointer in a " + type_name(holder.type) + " leads to a part of " +
                   type_name(*moved->change->old_type) +
                   " that is gone or can't be told from another: clear it in hotrun_unload";
        std::memcpy(place, &*found, sizeof *found);
    } else if (is_outside(word, holder.heap)) {
        const Pointer *pointer = member();
        const std::string *changed = pointer == nullptr ? nullptr : changed_behind(*pointer);
        if (changed != nullptr && !is_gone(holder.change, at))
            return "a pointer in a " + type_name(holder.type) + " leads to a " + *changed +
                   " outside the permanent heap, and that type has changed: make it in the "
                   "heap, or clear the pointer in hotrun_unload";
    }
    return std::nullopt;
}

// Pointers that lie at no multiple of a word, and those to members, which lead to no address.
Migration::Answer Migration::lead_unusual(const Holder &holder,
                                          const std::vector<Pointer> &pointers,
                                          std::span<std::byte> objects) {
    const std::uint64_t size = holder.type.size_bytes;
    for (std::size_t object = 0; object + size <= objects.size(); object += size) {
        for (const Pointer &pointer : pointers) {
            const std::size_t at = object + pointer.offset_bytes;
            if (pointer.tag &&
                integer_at(*pointer.tag, objects.data() + object) != pointer.tag_value)
                continue;
            std::byte *const place = objects.data() + at;
            Answer refusal;
            if (pointer.to_member != nullptr)
                refusal = judge_member_pointer(holder, pointer, place, at);
            else if (at % kWordBytes != 0)
                refusal = lead_unaligned(holder, pointer, place, at);
            if (refusal)
                return refusal;
        }
    }
    return std::nullopt;
}

// What leads into code was not found there, and not rebound.
Migration::Answer Migration::lead_unaligned(const Holder &holder, const Pointer &pointer,
                                            std::byte *place, std::size_t at) {
    std::uint64_t word = 0;
    std::memcpy(&word, place, sizeof word);
    const auto has_word = [word](const Loaded &library) { return library.range.contains(word); };
    if (std::ranges::any_of(olds_, has_word) && !is_gone(holder.change, at))
        return "a pointer in a " + type_name(holder.type) +
               " leads into code or data of the library and lies at no multiple of 8 bytes, where "
               "it is not found: clear it in hotrun_unload, or do not pack the struct";
    return lead_word(holder, place, at, [&] { return &pointer; });
}

Migration::Answer Migration::judge_member_pointer(const Holder &holder, const Pointer &pointer,
                                                  const std::byte *place, std::size_t at) const {
    const TypeLayout &type = *pointer.to_member;
    const bool is_function = type.size_bytes > kWordBytes;
    std::uint64_t word = 0;
    std::memcpy(&word, place, sizeof word);
    const bool is_null = word == (is_function ? 0 : UINT64_MAX);
    if (is_null || type.arguments.empty() || is_gone(holder.change, at))
        return std::nullopt;
    const TypeLayout &owner = *type.arguments.front();
    const bool is_declared = owner.kind == Kind::kIncomplete;
    if (!is_declared && !diff_.changed().contains(type_name(owner)))
        return std::nullopt;
    return "a pointer in a " + type_name(holder.type) + " leads to a member of the class " +
           type_name(owner) + (is_declared ? ", which may have changed" : ", which has changed") +
           ": set it to nullptr in hotrun_unload";
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
    if (pointer.pointee != nullptr && is_class(pointer.pointee->kind))
        found = changed.find(type_name(*pointer.pointee));
    if (found == changed.end() && pointer.holder != nullptr)
        found = std::ranges::find_if(changed, [&](const auto &entry) {
            return has_word(pointer.holder->name, entry.second);
        });
    return found == changed.end() ? nullptr : &found->first;
}

const Migration::Pointers &Migration::pointers_of(const TypeLayout &type) {
    if (last_holder_ == &type) // blocks of one type come one after another
        return *last_pointers_;
    const auto [found, is_new] = pointers_.try_emplace(&type);
    if (is_new) {
        Pointers &pointers = found->second;
        add_pointers(type, {}, pointers.all);
        std::ranges::stable_sort(pointers.all, {}, &Pointer::offset_bytes);
        pointers.are_plain = std::ranges::all_of(pointers.all, [&type](const Pointer &pointer) {
            return pointer.to_member == nullptr && pointer.offset_bytes % kWordBytes == 0 &&
                   type.size_bytes % kWordBytes == 0;
        });
    }
    last_holder_ = &type;
    last_pointers_ = &found->second;
    return found->second;
}

// About as many parts as there are blocks: of the smallest there are few in a part.
void Migration::index_moved() {
    constexpr std::uint64_t kSmallest = 64;
    constexpr std::uint64_t kLargest = 4096;
    if (moved_.empty())
        return;
    moved_range_ = {moved_.front().old_range.begin, moved_.back().old_range.end + 1};
    const std::uint64_t bytes = moved_range_.end - moved_range_.begin;
    part_bytes_ = std::clamp(std::bit_ceil(bytes / moved_.size()), kSmallest, kLargest);
    moved_in_part_.reserve(bytes / part_bytes_ + 1);
    std::size_t index = 0;
    for (std::uint64_t part = moved_range_.begin; part < moved_range_.end; part += part_bytes_) {
        while (moved_[index].old_range.end < part)
            ++index;
        moved_in_part_.push_back(index);
    }
}

// One past the last object is where arrays end.
const Migration::Moved *Migration::moved_at(std::uint64_t address) const {
    if (!moved_range_.contains(address))
        return nullptr;
    std::size_t index = moved_in_part_[(address - moved_range_.begin) / part_bytes_];
    while (moved_[index].old_range.end < address)
        ++index;
    return moved_[index].old_range.begin <= address ? &moved_[index] : nullptr;
}

std::optional<std::uint64_t> Migration::now(const Moved &moved, std::uint64_t word,
                                            const TypeLayout *pointee) {
    const Change &change = *moved.change;
    const std::uint64_t offset = word - moved.old_range.begin;
    const auto [index, part] = divided(offset, change.old_type->size_bytes);
    const std::uint64_t object = moved.now + index * change.new_type->size_bytes;
    if (word == moved.old_range.end)
        return object;
    const Part asked{&change, part, pointee};
    if (asked != last_part_) {
        const auto [known, is_new] = places_.try_emplace(asked);
        if (is_new)
            known->second = place_of(change, part, pointee);
        last_part_ = asked;
        last_place_ = known->second;
    }
    return last_place_ ? std::optional(object + *last_place_) : std::nullopt;
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
