#include "core/layout_diff.hpp"

#include "unit/type_layouts.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace hotrun {
namespace {

TEST(RenamedTypes, AreFoundInTheNamesOfOthers) {
    RenamedTypes types;
    types.add("game::Enemy", "world::Foe");
    types.add("::Slot<int>", "Cell<int, 4>");
    EXPECT_EQ(types.apply("game::Enemy"), "world::Foe");
    EXPECT_EQ(types.apply("game::Enemy::Kind"), "world::Foe::Kind");
    EXPECT_EQ(types.apply("std::vector<game::Enemy, hotrun::allocator<game::Enemy> >"),
              "std::vector<world::Foe, hotrun::allocator<world::Foe>>");
    EXPECT_EQ(types.apply("hit(game::(anonymous namespace)::Enemy*)"), "hit(world::Foe*)");
    EXPECT_EQ(types.apply("Slot<int>"), "Cell<int, 4>");
}

TEST(RenamedTypes, EachTypeHasAName) {
    TypeLayout nameless;
    nameless.kind = TypeLayout::Kind::kStruct;
    TypeLayout pointer;
    pointer.kind = TypeLayout::Kind::kPointer;
    EXPECT_EQ(type_name(pointer), "void *");
    pointer.element = &nameless;
    EXPECT_EQ(type_name(pointer), "a type without a name *");
}

TEST(RenamedTypes, LongerNamesAndOtherScopesAreOthers) {
    RenamedTypes types;
    types.add("Enemy", "Foe");
    for (const char *other : {"Enemys", "MyEnemy", "game::Enemy", "Enemy_"})
        EXPECT_EQ(types.apply(other), other);
    EXPECT_EQ(types.apply("pair<Enemy, Enemy>"), "pair<Foe, Foe>");
}

class RenamesTest : public testing::Test {
  protected:
    using Kind = TypeLayout::Kind;

    TypeLayout &add(LibraryTypes &library, const std::string &name,
                    std::vector<std::string> members, Kind kind = Kind::kStruct) {
        auto part = std::make_shared<LibraryTypes::Types>(1);
        TypeLayout &type = part->front();
        library.types.push_back(std::move(part));
        type.kind = kind;
        type.name = name;
        type.size_bytes = 4 * members.size();
        for (std::size_t i = 0; i < members.size(); ++i)
            type.members.push_back(TypeLayouts::member(members[i], types.of<int>(), 4 * i));
        return type;
    }
    TypeLayout &add_enumeration(LibraryTypes &library, std::vector<Enumerator> enumerators) {
        TypeLayout &type = add(library, "Color", {"unused"}, Kind::kEnumeration);
        type.enumerators = std::move(enumerators);
        type.members.clear();
        return type;
    }
    LayoutDiff diff() const {
        Renames renames;
        renames.add_new(after);
        renames.add_old(before);
        return LayoutDiff(renames);
    }

    TypeLayouts types;
    LibraryTypes before;
    LibraryTypes after;
};

TEST_F(RenamesTest, ARenamedMemberStaysWhereItIsIfNothingElseHasChanged) {
    const TypeLayout &old_type = add(before, "State", {"lives", "x"});
    const TypeLayout &new_type = add(after, "State", {"hearts", "x"});
    EXPECT_FALSE(diff().are_same(old_type, new_type));
    after.renames.push_back({&new_type, "lives", "hearts"});
    EXPECT_TRUE(diff().are_same(old_type, new_type));
}

TEST_F(RenamesTest, ARenamedMemberIsCarriedAndPointersToItFollow) {
    const TypeLayout &old_type = add(before, "State", {"lives", "x"});
    const TypeLayout &new_type = add(after, "State", {"x", "added", "hearts"});
    after.renames.push_back({&new_type, "lives", "hearts"});
    LayoutDiff changed = diff();
    EXPECT_EQ(changed.parts_at(old_type, new_type, 0).back().place, 8U);
    changed.between(old_type, new_type);
    EXPECT_TRUE(changed.gone().empty());
    EXPECT_EQ(changed.added(), std::set<std::string>{"State.added"});
}

// So that the line may stay, and the old name may be given to something else.
TEST_F(RenamesTest, AMemberThatHasTheNewNameAlreadyIsItself) {
    const TypeLayout &old_type = add(before, "State", {"hearts", "lives"});
    const TypeLayout &new_type = add(after, "State", {"lives", "hearts"});
    after.renames.push_back({&new_type, "lives", "hearts"});
    EXPECT_EQ(diff().parts_at(old_type, new_type, 0).back().place, 4U);
    EXPECT_EQ(diff().parts_at(old_type, new_type, 4).back().place, 0U);
}

TEST_F(RenamesTest, AMemberIsTheOneOfTheClassThatHasIt) {
    const TypeLayout &old_base = add(before, "Base", {"lives"});
    const TypeLayout &new_base = add(after, "Base", {"hearts"});
    TypeLayout &old_type = add(before, "State", {"x"});
    TypeLayout &new_type = add(after, "State", {"x"});
    old_type.members = {TypeLayouts::base(old_base, 0)};
    new_type.members = {TypeLayouts::base(new_base, 0)};
    after.renames.push_back({&new_type, "lives", "hearts"});
    EXPECT_TRUE(diff().are_same(old_type, new_type));
}

TEST_F(RenamesTest, ALineOfAMemberThatWasNeverThereSaysNothing) {
    const TypeLayout &old_type = add(before, "State", {"x"});
    const TypeLayout &new_type = add(after, "State", {"x", "hearts"});
    after.renames.push_back({&new_type, "lives", "hearts"});
    LayoutDiff changed = diff();
    changed.between(old_type, new_type);
    EXPECT_EQ(changed.added(), std::set<std::string>{"State.hearts"});
}

TEST_F(RenamesTest, EnumeratorsAreFoundByTheirNewNames) {
    const TypeLayout &old_type = add_enumeration(before, {{"kRed", 0}, {"kBlue", 1}});
    const TypeLayout &same = add_enumeration(after, {{"kCrimson", 0}, {"kBlue", 1}});
    const TypeLayout &moved = add_enumeration(after, {{"kBlue", 0}, {"kCrimson", 1}});
    after.renames.push_back({&same, "kRed", "kCrimson"});
    LayoutDiff changed = diff();
    EXPECT_TRUE(changed.are_same(old_type, same));
    const int red = 0;
    int now = -1;
    ConversionReport report;
    convert(changed.between(old_type, moved), reinterpret_cast<const std::byte *>(&red),
            reinterpret_cast<std::byte *>(&now), report);
    EXPECT_EQ(now, 1);
    EXPECT_EQ(report.refusal, "");
}

TEST_F(RenamesTest, RenamedTypesAreTheSame) {
    const TypeLayout &enemy = add(before, "Enemy", {"x"});
    const TypeLayout &foe = add(after, "Foe", {"x"});
    const TypeLayout &old_list = add(before, "vector<Enemy, allocator<Enemy> >", {"first"});
    const TypeLayout &new_list = add(after, "vector<Foe, allocator<Foe> >", {"first"});
    EXPECT_FALSE(diff().are_same(old_list, new_list));
    after.renames.push_back({&foe, "Enemy", ""});
    EXPECT_TRUE(diff().are_same(enemy, foe));
    EXPECT_TRUE(diff().are_same(old_list, new_list));
    EXPECT_TRUE(diff().are_same(types.pointer_to(enemy), types.pointer_to(foe)));
    EXPECT_FALSE(diff().are_same(enemy, add(after, "Enemy", {"x"}))) << "which is another one now";
}

TEST_F(RenamesTest, ATypeOfTheNewNameWasRenamedBefore) {
    const TypeLayout &enemy = add(before, "Enemy", {"x"});
    const TypeLayout &old_foe = add(before, "Foe", {"x"});
    const TypeLayout &foe = add(after, "Foe", {"x"});
    after.renames.push_back({&foe, "Enemy", ""});
    EXPECT_TRUE(diff().are_same(old_foe, foe));
    EXPECT_FALSE(diff().are_same(enemy, foe));
    EXPECT_TRUE(diff().are_same(enemy, add(after, "Enemy", {"x"})));
}

TEST_F(RenamesTest, ABaseMayBeRenamed) {
    const TypeLayout &old_base = add(before, "Enemy", {"x"});
    const TypeLayout &new_base = add(after, "Foe", {"x"});
    TypeLayout &old_type = add(before, "Boss", {"y", "y2"});
    TypeLayout &new_type = add(after, "Boss", {"y", "y2"});
    old_type.members.front() = TypeLayouts::base(old_base, 0);
    new_type.members.front() = TypeLayouts::base(new_base, 0);
    after.renames.push_back({&new_base, "Enemy", ""});
    EXPECT_TRUE(diff().are_same(old_type, new_type));
}

} // namespace
} // namespace hotrun
