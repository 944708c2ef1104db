#include "core/choice.hpp"

#include <string_view>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

struct Place {
    const TypeLayout *type = nullptr;
    std::uint64_t offset_bytes = 0;
};

// At any depth in structs, bases first, as derived classes may have a member of that name too.
std::optional<Place> find_member(const TypeLayout &type, std::string_view name, Kind kind) {
    if (type.kind != Kind::kStruct)
        return std::nullopt;
    for (const MemberLayout &member : type.members) {
        if (member.name == name && member.type->kind == kind)
            return Place{member.type, member.offset_bytes};
        if (const auto inner = find_member(*member.type, name, kind))
            return Place{inner->type, member.offset_bytes + inner->offset_bytes};
    }
    return std::nullopt;
}

std::optional<Choice> choice_in(const TypeLayout &type, const char *tag_name, Kind tag_kind,
                                const char *union_name) {
    const auto tag = find_member(type, tag_name, tag_kind);
    const auto values = find_member(type, union_name, Kind::kUnion);
    if (!tag || !values || type.arguments.empty())
        return std::nullopt;
    Choice choice;
    choice.tag = tag->type;
    choice.tag_at = tag->offset_bytes;
    choice.value_at = values->offset_bytes;
    choice.alternatives = type.arguments;
    return choice;
}

} // namespace

std::optional<Choice> choice_of(const TypeLayout &type) {
    if (type.kind != Kind::kStruct)
        return std::nullopt;
    std::optional<Choice> choice;
    if (type.name.starts_with("optional<")) {
        choice = choice_in(type, "_M_engaged", Kind::kBoolean, "_M_payload");
        if (choice)
            choice->first = 1;
    } else if (type.name.starts_with("variant<")) {
        choice = choice_in(type, "_M_index", Kind::kUnsigned, "_M_u");
        if (choice) // std::variant_npos, cut to the size
            choice->none = (std::int64_t{1} << (8 * choice->tag->size_bytes)) - 1;
    }
    return choice;
}

} // namespace hotrun
