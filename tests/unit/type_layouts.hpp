// Layouts as debug information would tell of them, made by hand.
#pragma once

#include "core/type_layout.hpp"

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

namespace hotrun {

class TypeLayouts {
  public:
    using Kind = TypeLayout::Kind;

    // Of a number's type.
    template <typename T>
    const TypeLayout &of() {
        constexpr Kind kKind = std::is_same_v<T, bool>       ? Kind::kBoolean
                               : std::is_floating_point_v<T> ? Kind::kFloat
                               : std::is_signed_v<T>         ? Kind::kSigned
                                                             : Kind::kUnsigned;
        return add(kKind, "number", sizeof(T));
    }
    const TypeLayout &pointer_to(const TypeLayout &pointee) {
        TypeLayout &type = add(Kind::kPointer, "", sizeof(void *));
        type.element = &pointee;
        return type;
    }
    const TypeLayout &nothing() { return add(Kind::kVoid, "", 0); }
    const TypeLayout &array_of(const TypeLayout &element, std::uint64_t count) {
        TypeLayout &type = add(Kind::kArray, "", count * element.size_bytes);
        type.element = &element;
        type.count = count;
        return type;
    }
    const TypeLayout &enumeration(const std::string &name, std::vector<Enumerator> enumerators,
                                  std::size_t bytes = 4) {
        TypeLayout &type = add(Kind::kEnumeration, name, bytes);
        type.enumerators = std::move(enumerators);
        return type;
    }
    TypeLayout &object(const std::string &name, std::size_t bytes,
                       std::vector<MemberLayout> members, Kind kind = Kind::kStruct) {
        TypeLayout &type = add(kind, name, bytes);
        type.members = std::move(members);
        return type;
    }
    static MemberLayout member(const std::string &name, const TypeLayout &type,
                               std::uint64_t offset) {
        MemberLayout member;
        member.name = name;
        member.type = &type;
        member.offset_bytes = offset;
        return member;
    }
    static MemberLayout base(const TypeLayout &type, std::uint64_t offset) {
        MemberLayout base = member(type.name, type, offset);
        base.is_base = true;
        return base;
    }
    static MemberLayout bits(const std::string &name, const TypeLayout &type, std::uint32_t first,
                             std::uint32_t count) {
        MemberLayout bits = member(name, type, 0);
        bits.bit_offset = first;
        bits.bit_count = count;
        return bits;
    }

  private:
    TypeLayout &add(Kind kind, const std::string &name, std::size_t bytes) {
        TypeLayout &type = types_.emplace_back();
        type.kind = kind;
        type.name = name;
        type.size_bytes = bytes;
        return type;
    }

    std::deque<TypeLayout> types_;
};

} // namespace hotrun
