#include "core/object_members.hpp"

#include "unit/type_layouts.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

TEST(ObjectMembers, HaveNamesThatLeadIntoStructsAndBases) {
    TypeLayouts types;
    const TypeLayout &number = types.of<int>();
    const TypeLayout &base = types.object("Base", 4, {TypeLayouts::member("id", number, 0)});
    const TypeLayout &part = types.object("Part", 4, {TypeLayouts::member("power", number, 0)});
    const TypeLayout &nameless = types.object("", 4, {TypeLayouts::member("inner", number, 0)});
    const TypeLayout &type = types.object(
        "State", 24,
        {TypeLayouts::base(base, 4), TypeLayouts::member("part", part, 8),
         TypeLayouts::member("", nameless, 12), TypeLayouts::bits("flag", number, 3, 2)});
    std::byte bytes[24];
    ObjectMembers members;
    const hotrun_object object = members.object(type, bytes);
    EXPECT_STREQ(object.type, "State");
    EXPECT_EQ(object.bytes, bytes);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < object.member_count; ++i)
        names.emplace_back(object.members[i].name);
    EXPECT_EQ(names, (std::vector<std::string>{"id", "part", "part.power", "inner", "flag"}));
    EXPECT_STREQ(object.members[1].type, "Part");
    EXPECT_EQ(hotrun_member_at(&object, "id", 4), bytes + 4);
    EXPECT_EQ(hotrun_member_at(&object, "part.power", 4), bytes + 8);
    EXPECT_EQ(hotrun_member_at(&object, "inner", 4), bytes + 12);
    EXPECT_EQ(hotrun_member_at(&object, "flag", 4), nullptr) << "it is no whole member";
    EXPECT_EQ(object.members[4].bit_offset, 3U);
    EXPECT_EQ(object.members[4].bit_count, 2U);
}

} // namespace
} // namespace hotrun
