#include "core/outside_words.hpp"

#include "core/copy_bytes.hpp"
#include "core/pointer_scan.hpp"

#include <algorithm>
#include <string_view>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

constexpr std::size_t kMostOutside = 4096; // each is a call of the system's
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 10;

std::uint64_t member_word(const TypeLayout &type, std::span<const std::byte> object,
                          std::string_view name) {
    const auto found = std::ranges::find(type.members, name, &MemberLayout::name);
    return found == type.members.end() ? 0 : word_at(object, found->offset_bytes);
}

using Seen = std::set<const TypeLayout *>;

// What a container's nodes hold only its template's arguments tell.
bool may_lead_to_code(const TypeLayout &type, Seen &seen) {
    if (!seen.insert(&type).second)
        return false;
    const auto leads = [&seen](const TypeLayout *other) {
        return other != nullptr && may_lead_to_code(*other, seen);
    };
    switch (type.kind) {
    case Kind::kPointer:
        return type.element != nullptr && (type.element->is_function || leads(type.element));
    case Kind::kMemberPointer:
        return true;
    case Kind::kArray:
        return leads(type.element);
    case Kind::kStruct:
    case Kind::kUnion:
        return std::ranges::any_of(type.members,
                                   [&](const MemberLayout &member) {
                                       return is_vtable_pointer(member) || leads(member.type);
                                   }) ||
               std::ranges::any_of(type.arguments, leads);
    default:
        return type.is_function;
    }
}

} // namespace

bool may_lead_to_code(const TypeLayout &type) {
    Seen seen;
    return may_lead_to_code(type, seen);
}

bool OutsideWords::follow(const TypeLayout &type, std::span<const std::byte> object) {
    is_code_hidden_ = false;
    follow_members(type, object);
    while (!to_visit_.empty()) {
        const auto [next, address] = to_visit_.back();
        to_visit_.pop_back();
        visit(*next, address);
    }
    return !is_code_hidden_;
}

void OutsideWords::follow_members(const TypeLayout &type, std::span<const std::byte> object) {
    if (type.kind == Kind::kPointer) {
        const std::uint64_t word = word_at(object, 0);
        if (word == 0 || !is_outside_(word) || type.element == nullptr)
            return;
        is_code_hidden_ |= may_lead_to_code(*type.element);
        if (visited_.size() < kMostOutside && visited_.emplace(type.element, word).second)
            to_visit_.emplace_back(type.element, word);
    } else if (type.kind == Kind::kArray && type.element->size_bytes != 0) {
        for (std::uint64_t at = 0; at < object.size(); at += type.element->size_bytes)
            follow_members(*type.element, object.subspan(at, std::min(type.element->size_bytes,
                                                                      object.size() - at)));
    } else if (type.kind == Kind::kStruct) {
        if (type.name.starts_with("_Hashtable<"))
            follow_buckets(type, object);
        for (const MemberLayout &member : type.members) {
            const std::uint64_t end = member.offset_bytes + member.type->size_bytes;
            if (end <= object.size())
                follow_members(*member.type,
                               object.subspan(member.offset_bytes, member.type->size_bytes));
        }
    }
}

// libstdc++: the bucket of the first node leads to a member of the table, which comes before it.
void OutsideWords::follow_buckets(const TypeLayout &table, std::span<const std::byte> object) {
    constexpr std::size_t kAtOnce = 4096;
    const std::uint64_t buckets = member_word(table, object, "_M_buckets");
    const std::uint64_t count = member_word(table, object, "_M_bucket_count");
    if (!is_outside_(buckets))
        return;
    std::vector<std::byte> bytes;
    for (std::uint64_t at = 0; at < count; at += kAtOnce) {
        bytes.resize(std::min<std::uint64_t>(kAtOnce, count - at) * kWordBytes);
        if (!memory_.read(buckets + at * kWordBytes, bytes))
            return;
        lead_words(buckets + at * kWordBytes, bytes);
    }
}

void OutsideWords::visit(const TypeLayout &type, std::uint64_t address) {
    std::vector<std::byte> bytes(std::min(type.size_bytes, kMostBytes));
    if (address % kWordBytes != 0 || bytes.size() < kWordBytes || !memory_.read(address, bytes))
        return;
    lead_words(address, bytes);
    follow_members(type, bytes);
}

void OutsideWords::lead_words(std::uint64_t address, std::span<const std::byte> bytes) {
    for (std::size_t at = 0; at + kWordBytes <= bytes.size(); at += kWordBytes) {
        const std::uint64_t word = word_at(bytes, at);
        const std::optional<std::uint64_t> now = lead_(word);
        if (!now || *now == word)
            continue;
        written_.emplace_back(address + at, word);
        copy_bytes(reinterpret_cast<std::byte *>(address + at),
                   reinterpret_cast<const std::byte *>(&*now), sizeof *now);
    }
}

void OutsideWords::undo() {
    for (const auto &[address, before] : written_)
        copy_bytes(reinterpret_cast<std::byte *>(address),
                   reinterpret_cast<const std::byte *>(&before), sizeof before);
    written_.clear();
}

} // namespace hotrun
