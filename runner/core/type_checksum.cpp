#include "core/type_checksum.hpp"

#include "core/checksum.hpp"

#include <map>
#include <set>
#include <span>
#include <string>

namespace hotrun {

namespace {

// One type and what it leads to, as text: one after the other, each a number where it is named.
class TypeText {
  public:
    std::string of(const TypeLayout &type) {
        add(&type);
        for (std::size_t i = 0; i < order_.size(); ++i)
            describe(*order_[i]);
        return std::move(text_);
    }

  private:
    void add(const TypeLayout *type) {
        if (type == nullptr)
            return add(std::string("-"));
        const auto [known, is_new] = numbers_.emplace(type, order_.size());
        if (is_new)
            order_.push_back(type);
        add(known->second);
    }
    void describe(const TypeLayout &type) {
        add(static_cast<std::uint64_t>(type.kind));
        add(type.scope);
        add(type.name);
        add(type.size_bytes);
        add(type.count);
        add(std::uint64_t{type.is_signed} | std::uint64_t{type.has_virtual_bases} << 1 |
            std::uint64_t{type.is_room} << 2);
        add(type.element);
        for (const Enumerator &enumerator : type.enumerators) {
            add(enumerator.name);
            add(static_cast<std::uint64_t>(enumerator.value));
        }
        for (const MemberLayout &member : type.members) {
            add(member.name);
            add(member.offset_bytes);
            add(std::uint64_t{member.bit_offset} << 32 | member.bit_count);
            add(std::uint64_t{member.is_base});
            add(member.type);
        }
        text_ += ';';
    }
    void add(const std::string &word) { text_ += word + ','; }
    void add(std::uint64_t number) { text_ += std::to_string(number) + ','; }

    std::map<const TypeLayout *, std::uint64_t> numbers_;
    std::vector<const TypeLayout *> order_;
    std::string text_;
};

} // namespace

std::uint64_t checksum_of(const LibraryTypes &types) {
    std::set<std::string> texts; // a type may be named in many places
    std::set<const TypeLayout *> seen;
    for (const LibraryTypes::Descriptor &descriptor : types.descriptors) {
        if (seen.insert(descriptor.type).second)
            texts.insert(TypeText().of(*descriptor.type));
    }
    Checksum checksum;
    for (const std::string &text : texts)
        checksum.add(std::as_bytes(std::span(text)));
    return checksum.sum();
}

} // namespace hotrun
