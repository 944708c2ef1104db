#include "core/type_checksum.hpp"

#include "unit/type_layouts.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace hotrun {
namespace {

// A type that leads to others, and in a circle back to itself, changed as the test says.
std::uint64_t checksum_with(const std::function<void(TypeLayout &node, TypeLayout &item)> &change,
                            int times_named = 1) {
    TypeLayouts types;
    TypeLayout &item = types.object(
        "Item", 8,
        {TypeLayouts::member("a", types.of<int>(), 0),
         TypeLayouts::member("color", types.enumeration("Color", {{"red", 1}, {"blue", 2}}), 4)});
    TypeLayout &node =
        types.object("Node", 40, {TypeLayouts::member("items", types.array_of(item, 3), 0)});
    node.members.push_back(TypeLayouts::member("next", types.pointer_to(node), 24));
    node.members.push_back(TypeLayouts::member("item", types.pointer_to(item), 32));
    change(node, item);
    LibraryTypes library;
    for (int i = 0; i < times_named; ++i)
        library.descriptors.push_back({static_cast<std::uint64_t>(i) * 64, &node, 0, 40});
    return checksum_of(library);
}

std::uint64_t unchanged() {
    return checksum_with([](auto &, auto &) {});
}

TEST(TypeChecksum, IsThatOfTheLayoutsAndNotOfWhereTheyAreNamed) {
    EXPECT_EQ(unchanged(), unchanged());
    EXPECT_EQ(checksum_with([](auto &, auto &) {}, 3), unchanged());
    EXPECT_EQ(checksum_with([](TypeLayout &node, TypeLayout &item) {
                  node.file = "other.hpp";
                  item.members[0].line = 9;
              }),
              unchanged());
}

TEST(TypeChecksum, EachPartOfALayoutIsInIt) {
    using Types = TypeLayout;
    const std::function<void(Types &, Types &)> changes[] = {
        [](Types &node, Types &) { node.name = "Knot"; },
        [](Types &node, Types &) { node.scope = "game::"; },
        [](Types &node, Types &) { node.size_bytes = 48; },
        [](Types &node, Types &) { node.members[1].offset_bytes = 32; },
        [](Types &node, Types &) { std::swap(node.members[1], node.members[2]); },
        [](Types &node, Types &) { node.members[2].type = node.members[1].type; },
        [](Types &node, Types &) { node.members.pop_back(); },
        [](Types &node, Types &) { node.has_virtual_bases = true; },
        [](Types &, Types &item) { item.members[0].name = "b"; },
        [](Types &, Types &item) { item.members[0].bit_count = 3; },
        [](Types &, Types &item) { item.members[0].is_base = true; },
        [](Types &, Types &item) { item.kind = Types::Kind::kUnion; },
    };
    for (const auto &change : changes)
        EXPECT_NE(checksum_with(change), unchanged()) << &change - changes;
}

} // namespace
} // namespace hotrun
