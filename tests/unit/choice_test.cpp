#include "core/choice.hpp"
#include "core/layout_diff.hpp"

#include "unit/type_layouts.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace hotrun {
namespace {

// As libstdc++ has them: the union first, the tag behind it.
class ChoiceTest : public testing::Test {
  protected:
    using Kind = TypeLayout::Kind;
    struct Optional {
        long value;
        bool has_value;
    };
    struct Variant {
        long value;
        unsigned char index;
    };

    const TypeLayout &tagged(const std::string &name, const char *union_name, const char *tag_name,
                             const TypeLayout &tag, std::vector<const TypeLayout *> alternatives) {
        std::vector<MemberLayout> members;
        for (const TypeLayout *each : alternatives)
            members.push_back(types.member("m" + std::to_string(members.size()), *each, 0));
        const TypeLayout &values = types.object("_U", 8, std::move(members), Kind::kUnion);
        const TypeLayout &base =
            types.object("_Base<" + name + ">", 16,
                         {types.member(union_name, values, 0), types.member(tag_name, tag, 8)});
        TypeLayout &type = types.object(name, 16, {types.base(base, 0)});
        type.arguments = std::move(alternatives);
        return type;
    }
    const TypeLayout &optional(const TypeLayout &value) {
        return tagged("optional<T>", "_M_payload", "_M_engaged", types.of<bool>(), {&value});
    }
    const TypeLayout &variant(std::vector<const TypeLayout *> alternatives) {
        return tagged("variant<T>", "_M_u", "_M_index", types.of<unsigned char>(),
                      std::move(alternatives));
    }
    const TypeLayout &item(const std::string &name, std::vector<std::string> members) {
        std::vector<MemberLayout> all;
        for (std::size_t i = 0; i < members.size(); ++i)
            all.push_back(types.member(members[i], types.of<int>(), 4 * i));
        return types.object(name, 4 * members.size(), std::move(all));
    }
    template <typename T>
    T converted(const T &object, const TypeLayout &old_type, const TypeLayout &new_type) {
        T now{};
        report = {};
        report.construct = [](const TypeLayout &, std::byte *place) {
            const int initial[2] = {-1, -1};
            std::memcpy(place, initial, sizeof initial);
            return std::string();
        };
        convert(diff.between(old_type, new_type), reinterpret_cast<const std::byte *>(&object),
                reinterpret_cast<std::byte *>(&now), report);
        return now;
    }
    static long two(int first, int second) {
        const int both[2] = {first, second};
        long value = 0;
        std::memcpy(&value, both, sizeof value);
        return value;
    }

    TypeLayouts types;
    LayoutDiff diff;
    ConversionReport report;
};

TEST_F(ChoiceTest, WhatAnOptionalHoldsIsCarriedOver) {
    const TypeLayout &before = optional(item("Item", {"x"}));
    const TypeLayout &after = optional(item("Item", {"added", "x"}));
    const Optional now = converted(Optional{two(7, 0), true}, before, after);
    EXPECT_TRUE(now.has_value);
    EXPECT_EQ(now.value, two(-1, 7)) << "constructed first";
    EXPECT_FALSE(converted(Optional{two(7, 0), false}, before, after).has_value);
    EXPECT_EQ(report.refusal, "");
}

TEST_F(ChoiceTest, AnOptionalNumberMayBecomeAnother) {
    const Optional now =
        converted(Optional{5, true}, optional(types.of<int>()), optional(types.of<long>()));
    EXPECT_EQ(now.value, 5);
}

TEST_F(ChoiceTest, AlternativesOfAVariantAreFoundByTheirNames) {
    const TypeLayout &before = variant({&item("A", {"x"}), &item("B", {"x"}), &item("C", {"x"})});
    const TypeLayout &after =
        variant({&item("New", {"x"}), &item("B", {"y", "x"}), &item("A", {"y", "x"})});
    Variant now = converted(Variant{two(7, 0), 0}, before, after);
    EXPECT_EQ(now.index, 2);
    EXPECT_EQ(now.value, two(-1, 7));
    EXPECT_EQ(converted(Variant{two(7, 0), 1}, before, after).index, 1);
    EXPECT_EQ(converted(Variant{0, 255}, before, after).index, 255) << "valueless";
    EXPECT_EQ(report.refusal, "");
    converted(Variant{two(7, 0), 2}, before, after);
    EXPECT_NE(report.refusal.find("what the variant<T> holds has no place"), std::string::npos);
}

TEST_F(ChoiceTest, PartsOfAnAlternativeAreThoseOfItsCounterpart) {
    const TypeLayout &before = variant({&item("A", {"x", "z"}), &item("B", {"x", "y"})});
    const TypeLayout &after = variant({&item("B", {"y", "x"}), &item("C", {"x"})});
    const auto parts = diff.parts_at(before, after, 4);
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].place, std::nullopt) << "A.z";
    EXPECT_EQ(parts[1].place, 0U) << "B.y";
}

TEST_F(ChoiceTest, AnAlternativeThatCannotBecomeIsRefusedOnlyIfItIsInUse) {
    const TypeLayout &u =
        types.object("U", 4, {types.member("m", types.of<int>(), 0)}, Kind::kUnion);
    const TypeLayout &v =
        types.object("U", 8, {types.member("m", types.of<long>(), 0)}, Kind::kUnion);
    const TypeLayout &before = variant({&types.of<long>(), &u});
    const TypeLayout &after = variant({&types.of<long>(), &v});
    EXPECT_EQ(converted(Variant{9, 0}, before, after).value, 9);
    EXPECT_EQ(report.refusal, "");
    converted(Variant{9, 1}, before, after);
    EXPECT_NE(report.refusal.find("the union U has changed"), std::string::npos);
}

TEST_F(ChoiceTest, BasesOfATemplateWithOtherTypesAreThoseOfBefore) {
    const auto tuple = [&](const TypeLayout &value, const std::string &name) -> const TypeLayout & {
        const TypeLayout &head = types.object("_Head_base<0, " + name + ">", value.size_bytes,
                                              {types.member("_M_head_impl", value, 0)});
        return types.object("tuple<" + name + ">", value.size_bytes, {types.base(head, 0)});
    };
    EXPECT_EQ(converted(5L, tuple(types.of<int>(), "int"), tuple(types.of<long>(), "long")), 5);
    EXPECT_TRUE(diff.gone().empty());
}

} // namespace
} // namespace hotrun
