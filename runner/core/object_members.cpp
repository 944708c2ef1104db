#include "core/object_members.hpp"

#include "core/renames.hpp"

#include <utility>

namespace hotrun {

hotrun_object ObjectMembers::object(const TypeLayout &type, std::byte *bytes) {
    const Members &members = of(type);
    return {members.type, bytes, type.size_bytes, members.all.data(), members.all.size()};
}

const ObjectMembers::Members &ObjectMembers::of(const TypeLayout &type) {
    const auto [found, is_new] = known_.try_emplace(&type);
    if (is_new) {
        found->second.type = kept(type_name(type));
        add(type, {}, 0, found->second.all);
    }
    return found->second;
}

void ObjectMembers::add(const TypeLayout &type, const std::string &prefix, std::size_t offset,
                        std::vector<hotrun_member> &all) {
    for (const MemberLayout &member : type.members) {
        const bool has_name = !member.is_base && !member.name.empty();
        const std::string name = has_name ? prefix + member.name : prefix;
        const std::size_t at = offset + member.offset_bytes;
        if (has_name)
            all.push_back({kept(name), kept(type_name(*member.type)), at,
                           member.bit_count == 0 ? member.type->size_bytes : 0, member.bit_offset,
                           member.bit_count});
        const bool is_class = member.type->kind == TypeLayout::Kind::kStruct ||
                              member.type->kind == TypeLayout::Kind::kUnion;
        if (is_class)
            add(*member.type, has_name ? name + "." : prefix, at, all);
    }
}

} // namespace hotrun
