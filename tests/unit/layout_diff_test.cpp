#include "core/layout_diff.hpp"

#include "unit/type_layouts.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <limits>
#include <tuple>
#include <utility>

namespace hotrun {
namespace {

class LayoutDiffTest : public testing::Test {
  protected:
    using Kind = TypeLayout::Kind;

    // Converts one object; the new one is zeroed before, as a new block is.
    template <typename New, typename Old>
    New converted(const Old &object, const TypeLayout &old_type, const TypeLayout &new_type) {
        const Conversion &conversion = diff.between(old_type, new_type);
        EXPECT_FALSE(conversion.refusal) << *conversion.refusal;
        New now{};
        convert(conversion, reinterpret_cast<const std::byte *>(&object),
                reinterpret_cast<std::byte *>(&now), report);
        return now;
    }

    // A struct with one member of that type each.
    template <typename New, typename Old>
    New converted_number(Old value) {
        return converted<New>(
            value, types.object("State", sizeof(Old), {types.member("n", types.of<Old>(), 0)}),
            types.object("State", sizeof(New), {types.member("n", types.of<New>(), 0)}));
    }

    const TypeLayout &integers(const std::string &name, std::vector<std::string> members) {
        std::vector<MemberLayout> all;
        for (std::size_t i = 0; i < members.size(); ++i)
            all.push_back(types.member(members[i], types.of<int>(), 4 * i));
        return types.object(name, 4 * members.size(), std::move(all));
    }

    TypeLayouts types;
    LayoutDiff diff;
    ConversionReport report;
};

constexpr std::tuple<signed char, unsigned char, short, unsigned short, int, unsigned, long,
                     unsigned long>
    kEachInteger;

using Ints2 = std::array<int, 2>;
using Ints3 = std::array<int, 3>;

TEST_F(LayoutDiffTest, EqualLayoutsAreTheSameAndOneCopy) {
    const TypeLayout &a = integers("State", {"x", "y"});
    const TypeLayout &b = integers("State", {"x", "y"});
    EXPECT_TRUE(diff.are_same(a, b));
    EXPECT_EQ(diff.between(a, b).steps.size(), 1U);
    EXPECT_TRUE(diff.changed().empty());
}

TEST_F(LayoutDiffTest, MembersAreFoundByTheirNames) {
    const Ints3 now = converted<Ints3>(Ints2{1, 2}, integers("State", {"x", "y"}),
                                       integers("State", {"y", "added", "x"}));
    EXPECT_EQ(now, (Ints3{2, 0, 1}));
    EXPECT_EQ(diff.added(), std::set<std::string>{"State.added"});
    EXPECT_TRUE(diff.changed().contains("State"));
}

TEST_F(LayoutDiffTest, AMemberThatIsGoneIsTold) {
    const Ints2 now = converted<Ints2>(Ints3{1, 2, 3}, integers("State", {"x", "y", "z"}),
                                       integers("State", {"z", "x"}));
    EXPECT_EQ(now, (Ints2{3, 1}));
    EXPECT_EQ(diff.gone(), std::set<std::string>{"State.y"});
}

TEST_F(LayoutDiffTest, NumbersAreConvertedAsTheLanguageDoes) {
    EXPECT_EQ(converted_number<long>(-5), -5);
    EXPECT_EQ(converted_number<double>(3), 3.0);
    EXPECT_EQ(converted_number<double>(0.5F), 0.5);
    EXPECT_EQ(converted_number<int>(2.0), 2);
    EXPECT_EQ(converted_number<unsigned>(7L), 7U);
    EXPECT_EQ(converted_number<int>(true), 1);
    EXPECT_EQ(converted_number<short>(-1L), -1);
    EXPECT_EQ(converted_number<long double>(std::numeric_limits<unsigned long>::max()),
              static_cast<long double>(std::numeric_limits<unsigned long>::max()));
    EXPECT_EQ(report.loss_count, 0U);
}

TEST_F(LayoutDiffTest, AFloatOfLessPrecisionIsNoLoss) {
    EXPECT_EQ(converted_number<float>(0.1), 0.1F);
    EXPECT_EQ(report.loss_count, 0U);
}

TEST_F(LayoutDiffTest, AValueThatIsLostIsTold) {
    EXPECT_EQ(converted_number<short>(70000), 4464);
    ASSERT_EQ(report.losses.size(), 1U);
    EXPECT_EQ(report.losses[0], "State.n: 70000 became 4464");
    converted_number<int>(2.5);
    converted_number<unsigned char>(-1);
    converted_number<bool>(2);
    EXPECT_EQ(report.loss_count, 4U);
    EXPECT_EQ(converted_number<float>(1e300), std::numeric_limits<float>::infinity());
    EXPECT_EQ(report.loss_count, 5U);
}

TEST_F(LayoutDiffTest, IntegersOfEachSizeKeepTheirValueOrTellOfTheLoss) {
    const auto convert_to_each = [&]<typename Old>(Old value) {
        const auto convert_to = [&]<typename New>(New) {
            const std::size_t before = report.loss_count;
            const New now = converted_number<New>(value);
            EXPECT_EQ(now, static_cast<New>(value));
            EXPECT_EQ(report.loss_count - before, std::cmp_equal(now, value) ? 0U : 1U)
                << +value << " became " << +now;
        };
        std::apply([&](auto... each) { (convert_to(each), ...); }, kEachInteger);
    };
    const auto convert_from = [&]<typename Old>(Old) {
        using Limits = std::numeric_limits<Old>;
        for (const Old value : {Limits::min(), Old{0}, static_cast<Old>(-1), Limits::max()})
            convert_to_each(value);
    };
    std::apply([&](auto... each) { (convert_from(each), ...); }, kEachInteger);
}

TEST_F(LayoutDiffTest, BitFieldsAreFoundByTheirBits) {
    const TypeLayout &u = types.of<unsigned>();
    const TypeLayout &s = types.of<int>();
    const TypeLayout &before =
        types.object("State", 4, {types.bits("a", u, 0, 3), types.bits("b", s, 3, 5)});
    const TypeLayout &after =
        types.object("State", 4, {types.bits("b", s, 0, 9), types.bits("a", u, 9, 2)});
    const unsigned now = converted<unsigned>(3U | (0x1dU << 3), before, after); // b is -3
    EXPECT_EQ(now, 0x1fdU | (3U << 9));
    EXPECT_EQ(report.loss_count, 0U);
    converted<unsigned>(7U, before, after); // of two bits
    EXPECT_EQ(report.losses, std::vector<std::string>{"State.a: 7 became 3"});
}

TEST_F(LayoutDiffTest, ABitFieldMayBecomeAMember) {
    const TypeLayout &before =
        types.object("State", 4, {types.bits("a", types.of<unsigned>(), 4, 4)});
    EXPECT_EQ(converted<long>(0x50U, before,
                              types.object("State", 8, {types.member("a", types.of<long>(), 0)})),
              5);
}

TEST_F(LayoutDiffTest, EnumeratorsAreFoundByTheirNames) {
    const TypeLayout &before = types.object(
        "State", 4, {types.member("e", types.enumeration("E", {{"kRed", 0}, {"kBlue", 1}}), 0)});
    const TypeLayout &after = types.object(
        "State", 4,
        {types.member("e", types.enumeration("E", {{"kGreen", 0}, {"kBlue", 1}, {"kRed", 2}}), 0)});
    EXPECT_EQ(converted<int>(0, before, after), 2);
    EXPECT_EQ(converted<int>(1, before, after), 1);
    EXPECT_EQ(report.refusal, "");
}

TEST_F(LayoutDiffTest, AnEnumeratorThatIsGoneIsRefusedWhereItIsTheValue) {
    const TypeLayout &before = types.object(
        "State", 4, {types.member("e", types.enumeration("E", {{"kRed", 5}, {"kBlue", 1}}), 0)});
    const TypeLayout &after =
        types.object("State", 4, {types.member("e", types.enumeration("E", {{"kBlue", 2}}), 0)});
    EXPECT_EQ(converted<int>(1, before, after), 2);
    EXPECT_EQ(converted<int>(0, before, after), 0) << "memory that was never written";
    EXPECT_EQ(report.refusal, "");
    converted<int>(5, before, after);
    EXPECT_NE(report.refusal.find("State.e: its value 5 is none of"), std::string::npos);
}

TEST_F(LayoutDiffTest, ArraysAreCutOrFilledWithZeros) {
    const auto array = [&](std::uint64_t count) -> const TypeLayout & {
        return types.object("State", 4 * count,
                            {types.member("a", types.array_of(types.of<int>(), count), 0)});
    };
    EXPECT_EQ((converted<Ints3>(Ints2{1, 2}, array(2), array(3))), (Ints3{1, 2, 0}));
    EXPECT_EQ((converted<Ints2>(Ints3{1, 2, 3}, array(3), array(2))), (Ints2{1, 2}));
}

TEST_F(LayoutDiffTest, StructsAndBasesInStructsAreConvertedToo) {
    struct After {
        int added, y, x, own;
    };
    const TypeLayout &old_base = integers("Base", {"x", "y"});
    const TypeLayout &new_base = integers("Base", {"added", "y", "x"});
    const TypeLayout &before = types.object(
        "State", 12, {types.base(old_base, 0), types.member("own", types.of<int>(), 8)});
    const TypeLayout &after = types.object(
        "State", 16, {types.base(new_base, 0), types.member("own", types.of<int>(), 12)});
    const After now = converted<After>(Ints3{1, 2, 3}, before, after);
    EXPECT_EQ(now.x, 1);
    EXPECT_EQ(now.y, 2);
    EXPECT_EQ(now.own, 3);
    EXPECT_TRUE(diff.changed().contains("Base"));
}

TEST_F(LayoutDiffTest, AChangedUnionIsRefusedUnlessItIsZero) {
    const auto state = [&](const TypeLayout &member) -> const TypeLayout & {
        return types.object(
            "State", 8,
            {types.member("u", types.object("U", 8, {types.member("m", member, 0)}, Kind::kUnion),
                          0)});
    };
    const TypeLayout &before = state(types.of<int>());
    const TypeLayout &after = state(types.of<long>());
    EXPECT_EQ(converted<long>(0L, before, after), 0);
    EXPECT_EQ(report.refusal, "");
    converted<long>(1L, before, after);
    EXPECT_NE(report.refusal.find("State.u: the union U has changed"), std::string::npos);
}

TEST_F(LayoutDiffTest, APointerToAnotherTypeIsRefusedUnlessItIsNull) {
    const TypeLayout &before =
        types.object("State", 8, {types.member("p", types.pointer_to(types.of<int>()), 0)});
    const TypeLayout &after =
        types.object("State", 8, {types.member("p", types.pointer_to(types.of<long>()), 0)});
    EXPECT_EQ(converted<long>(0L, before, after), 0);
    EXPECT_EQ(report.refusal, "");
    converted<long>(1L, before, after);
    EXPECT_EQ(report.refusal,
              "State.p: a pointer to number can't become one to number: clear it in hotrun_unload");
}

TEST_F(LayoutDiffTest, AKindThatCannotBecomeAnotherIsRefusedWithItsPlace) {
    MemberLayout member = types.member("n", integers("Inner", {"x"}), 0);
    const TypeLayout &before = types.object("State", 4, {types.member("n", types.of<int>(), 0)});
    member.file = "game.cpp";
    member.line = 12;
    const TypeLayout &after = types.object("State", 4, {member});
    converted<int>(1, before, after);
    EXPECT_EQ(report.refusal, "State.n (game.cpp:12): number can't become Inner: clear it in "
                              "hotrun_unload, or give the member another name");
}

TEST_F(LayoutDiffTest, ABitFieldThatBecomesNoNumberIsRefusedUnlessItIsZero) {
    const TypeLayout &before =
        types.object("State", 4, {types.bits("a", types.of<unsigned>(), 0, 3)});
    const TypeLayout &after =
        types.object("State", 4, {types.member("a", integers("Inner", {"x"}), 0)});
    converted<int>(0U, before, after);
    EXPECT_EQ(report.refusal, "");
    converted<int>(5U, before, after);
    EXPECT_EQ(report.refusal,
              "State.a: number can't become Inner, since one of them is a bit-field: clear it in "
              "hotrun_unload, or give the member another name");
}

TEST_F(LayoutDiffTest, AMemberThatIsOnlyDeclaredIsRefusedWhereItWouldHaveToBeCarried) {
    const auto state = [&](std::uint64_t at) -> const TypeLayout & {
        return types.object(
            "State", 16,
            {types.member("text", types.object("string", 0, {}, Kind::kIncomplete), at)});
    };
    EXPECT_FALSE(diff.between(state(0), state(0)).refusal);
    EXPECT_EQ(diff.between(state(0), state(8)).refusal,
              "State.text: the debug information only declares string: compile with "
              "-fstandalone-debug");
}

TEST_F(LayoutDiffTest, AChangedClassWithVirtualBasesIsRefused) {
    TypeLayout &before = types.object("State", 4, {types.member("x", types.of<int>(), 0)});
    before.has_virtual_bases = true;
    const Conversion &conversion = diff.between(before, integers("State", {"x", "y"}));
    ASSERT_TRUE(conversion.refusal);
    EXPECT_EQ(*conversion.refusal,
              "State: a class with virtual bases has changed, and can't be carried over: take that "
              "change back, or start with fresh state by --on-refuse fresh");
    const TypeLayout &now = integers("State", {"x", "y"});
    const Conversion &elements = diff.between(types.array_of(before, 3), types.array_of(now, 3));
    ASSERT_TRUE(elements.refusal);
    EXPECT_EQ(elements.refusal->find("State[3]: in its elements, State: a class with virtual"), 0U)
        << *elements.refusal;
}

TEST_F(LayoutDiffTest, TheFirstVirtualFunctionIsRefused) {
    const TypeLayout &before = integers("State", {"x"});
    const TypeLayout &after =
        types.object("State", 16,
                     {types.member("_vptr.State", types.pointer_to(types.nothing()), 0),
                      types.member("x", types.of<int>(), 8)});
    EXPECT_EQ(diff.between(before, after).refusal,
              "State: its class has got its first virtual function, or lost its last: take that "
              "change back, or start with fresh state by --on-refuse fresh");
}

// A node of a list: what is before the element is a copy that would go on into it.
TEST_F(LayoutDiffTest, AnElementIsConstructedBeforeItsOldMembersArePutIn) {
    const auto node = [&](const TypeLayout &element) -> const TypeLayout & {
        TypeLayout &room =
            types.object("room", element.size_bytes, {types.member("element", element, 0)});
        room.is_room = true;
        return types.object(
            "Node", 4 + element.size_bytes,
            {types.member("next", types.of<int>(), 0), types.member("room", room, 4)});
    };
    report.construct = [](const TypeLayout &, std::byte *place) {
        const Ints2 initial = {-1, 3};
        std::memcpy(place, &initial, sizeof initial);
        return std::string();
    };
    EXPECT_EQ((converted<Ints3>(Ints2{8, 1}, node(integers("Element", {"x"})),
                                node(integers("Element", {"x", "added"})))),
              (Ints3{8, 1, 3}));
}

// In an array in it as well; the same elements elsewhere are refused.
TEST_F(LayoutDiffTest, WhatIsLeftToTheModuleIsNotRefused) {
    const TypeLayout &red = types.enumeration("E", {{"kRed", 5}});
    const TypeLayout &blue = types.enumeration("E", {{"kBlue", 5}});
    const auto item = [&](const TypeLayout &e) -> const TypeLayout & {
        return types.object("Item", 4, {types.member("e", e, 0)});
    };
    const TypeLayout &old_array = types.array_of(item(red), 2);
    const TypeLayout &new_array = types.array_of(item(blue), 2);
    LayoutDiff leaving({}, {"State"});
    ConversionReport left;
    const Ints2 reds = {5, 5};
    Ints2 now = {7, 7};
    const auto convert_by = [&](const Conversion &conversion) {
        convert(conversion, reinterpret_cast<const std::byte *>(&reds),
                reinterpret_cast<std::byte *>(&now), left);
    };
    convert_by(leaving.between(types.object("State", 8, {types.member("a", old_array, 0)}),
                               types.object("State", 8, {types.member("a", new_array, 0)})));
    EXPECT_EQ(left.refusal, "");
    EXPECT_EQ(now, (Ints2{7, 7}));
    EXPECT_EQ(left.left.size(), 1U);
    convert_by(leaving.between(old_array, new_array));
    EXPECT_NE(left.refusal, "");
}

TEST_F(LayoutDiffTest, WhatPointersLeadToIsComparedToo) {
    TypeLayout &old_node = types.object("Node", 16, {types.member("x", types.of<int>(), 8)});
    old_node.members.push_back(types.member("next", types.pointer_to(old_node), 0));
    TypeLayout &new_node = types.object("Node", 16, {types.member("x", types.of<long>(), 8)});
    new_node.members.push_back(types.member("next", types.pointer_to(new_node), 0));
    const TypeLayout &before =
        types.object("State", 8, {types.member("list", types.pointer_to(old_node), 0)});
    const TypeLayout &after =
        types.object("State", 8, {types.member("list", types.pointer_to(new_node), 0)});
    EXPECT_TRUE(diff.between(before, after).is_same);
    EXPECT_TRUE(diff.changed().empty());
    diff.follow_pointers();
    ASSERT_EQ(diff.changed().size(), 1U);
    EXPECT_EQ(diff.changed().begin()->first, "Node");
}

TEST_F(LayoutDiffTest, PartsAreTheObjectAndItsMembersAtThatPlace) {
    const TypeLayout &inner = integers("Inner", {"a", "b"});
    const TypeLayout &new_inner = integers("Inner", {"b", "a"});
    const TypeLayout &before = types.object("State", 8, {types.member("i", inner, 0)});
    const TypeLayout &after = types.object(
        "State", 12, {types.member("n", types.of<int>(), 0), types.member("i", new_inner, 4)});
    const auto at_start = diff.parts_at(before, after, 0);
    ASSERT_EQ(at_start.size(), 3U);
    EXPECT_EQ(at_start[0].place, 0U);
    EXPECT_EQ(at_start[1].place, 4U); // i
    EXPECT_EQ(at_start[2].place, 8U); // i.a
    const auto inside = diff.parts_at(before, after, 4);
    ASSERT_EQ(inside.size(), 1U);
    EXPECT_EQ(inside[0].place, 4U);
    EXPECT_TRUE(diff.parts_at(before, after, 5).empty());
}

TEST_F(LayoutDiffTest, APartThatIsGoneHasNoPlace) {
    const auto parts = diff.parts_at(integers("State", {"a", "b"}), integers("State", {"a"}), 4);
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_FALSE(parts[0].place);
}

TEST_F(LayoutDiffTest, BitFieldsOfAnEnumerationGoByTheNames) {
    const TypeLayout &old_color = types.enumeration("Color", {{"kRed", 0}, {"kBlue", 1}});
    const TypeLayout &new_color = types.enumeration("Color", {{"kBlue", 2}, {"kRed", 3}});
    const auto now = converted<std::uint32_t>(
        std::uint32_t{1} << 3, types.object("State", 4, {types.bits("color", old_color, 3, 2)}),
        types.object("State", 4, {types.bits("color", new_color, 5, 4)}));
    EXPECT_EQ(now, std::uint32_t{2} << 5);
}

TEST_F(LayoutDiffTest, ANewEnumeratorChangesNothingAndCombinedFlagsStay) {
    const TypeLayout &two = types.enumeration("Flags", {{"kA", 1}, {"kB", 2}});
    const TypeLayout &three = types.enumeration("Flags", {{"kA", 1}, {"kB", 2}, {"kC", 4}});
    EXPECT_TRUE(diff.are_same(two, three));
    const TypeLayout &with_three = types.object("State", 4, {types.member("f", three, 0)});
    const TypeLayout &with_two = types.object("State", 4, {types.member("f", two, 0)});
    EXPECT_EQ(converted<int>(3, with_three, with_two), 3);
    EXPECT_EQ(report.refusal, "");
    converted<int>(5, with_three, with_two);
    EXPECT_NE(report.refusal.find("State.f: its value 5 is none"), std::string::npos);
}

TEST_F(LayoutDiffTest, ABaseOfTheSameTemplateIsTheSameBase) {
    const TypeLayout &old_base =
        types.object("Holder<int>", 4, {types.member("v", types.of<int>(), 0)});
    const TypeLayout &new_base =
        types.object("Holder<long>", 8, {types.member("v", types.of<long>(), 0)});
    EXPECT_EQ(converted<long>(-7, types.object("State", 4, {types.base(old_base, 0)}),
                              types.object("State", 8, {types.base(new_base, 0)})),
              -7);
}

TEST_F(LayoutDiffTest, NamelessStructsAreKnownByTheirMembers) {
    const TypeLayout &old_one = integers("", {"x"});
    const TypeLayout &added = integers("", {"added"});
    const TypeLayout &new_one = integers("", {"x"});
    const Ints2 now = converted<Ints2>(
        5, types.object("State", 4, {types.member("", old_one, 0)}),
        types.object("State", 8, {types.member("", added, 0), types.member("", new_one, 4)}));
    EXPECT_EQ(now, (Ints2{0, 5}));
}

// The base has room for one more behind its member, and a base without members for all.
TEST_F(LayoutDiffTest, WhatABaseHasNoMemberForIsNotCopied) {
    const TypeLayout &base = types.object("Base", 8, {types.member("x", types.of<int>(), 0)});
    const TypeLayout &empty = types.object("Empty", 1, {});
    const std::vector<MemberLayout> bases = {types.base(base, 0), types.base(empty, 4)};
    std::vector<MemberLayout> old_members = bases;
    old_members.push_back(types.member("gone", types.of<int>(), 4));
    std::vector<MemberLayout> new_members = bases;
    new_members.push_back(types.member("added", types.of<int>(), 4));
    EXPECT_EQ(converted<Ints2>(Ints2{1, 77}, types.object("State", 8, old_members),
                               types.object("State", 8, new_members)),
              (Ints2{1, 0}));
}

TEST_F(LayoutDiffTest, IntegersOf128BitsKeepTheirSignAndTellOfALoss) {
    const TypeLayout &wide = types.object("__int128", 16, {}, Kind::kSigned);
    const TypeLayout &with_wide = types.object("State", 16, {types.member("n", wide, 0)});
    const TypeLayout &with_long =
        types.object("State", 8, {types.member("n", types.of<long>(), 0)});
    using Halves = std::array<std::int64_t, 2>;
    EXPECT_EQ(converted<Halves>(std::int64_t{-5}, with_long, with_wide), (Halves{-5, -1}));
    EXPECT_EQ(converted<std::int64_t>(Halves{-5, -1}, with_wide, with_long), -5);
    EXPECT_EQ(report.loss_count, 0U);
    converted<std::int64_t>(Halves{0, 1}, with_wide, with_long);
    EXPECT_EQ(report.loss_count, 1U);
}

TEST_F(LayoutDiffTest, ADurationOfAnotherUnitIsRefusedUnlessItIsZero) {
    const auto duration = [&](const char *ratio) -> const TypeLayout & {
        TypeLayout &type = types.object("duration<long, " + std::string(ratio) + ">", 8,
                                        {types.member("__r", types.of<long>(), 0)});
        type.scope = "std::chrono::";
        type.arguments = {&types.of<long>(), &types.object(ratio, 1, {})};
        return type;
    };
    const TypeLayout &seconds = duration("ratio<1, 1>");
    const TypeLayout &milliseconds = duration("ratio<1, 1000>");
    EXPECT_EQ(converted<long>(0L, seconds, milliseconds), 0);
    EXPECT_EQ(report.refusal, "");
    converted<long>(5L, seconds, milliseconds);
    EXPECT_EQ(report.refusal,
              "std::chrono::duration<long, ratio<1, 1>>: std::chrono::duration<long, ratio<1, 1>> "
              "can't become std::chrono::duration<long, ratio<1, 1000>>, which counts in another "
              "unit: clear it in hotrun_unload, or give the member another name");
}

} // namespace
} // namespace hotrun
