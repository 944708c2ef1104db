#include "core/migration.hpp"

#include "unit/migrated_types.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <numeric>
#include <vector>

namespace hotrun {
namespace {

struct OldNode {
    int value;
    OldNode *next;
};

struct NewNode {
    long added;
    NewNode *next;
    long value;
};

class MigrationTest : public testing::Test {
  protected:
    static constexpr std::size_t kHeapBytes = std::size_t{64} << 10;

    MigrationTest() {
        old_node_ = &node(16, 0, types.of<int>(), 8);
        new_node_ = &node(24, 16, types.of<long>(), 8, true);
        old_descriptor = &before.add(*old_node_);
        new_descriptor = &after.add(*new_node_);
    }

    TypeLayout &node(std::size_t bytes, std::size_t value_at, const TypeLayout &value,
                     std::size_t next_at, bool has_added = false) {
        std::vector<MemberLayout> members;
        if (has_added)
            members.push_back(TypeLayouts::member("added", types.of<long>(), 0));
        members.push_back(TypeLayouts::member("value", value, value_at));
        TypeLayout &type = types.object("Node", bytes, std::move(members));
        type.members.push_back(TypeLayouts::member("next", types.pointer_to(type), next_at));
        return type;
    }

    OldNode *make_nodes(std::size_t count = 1) {
        return static_cast<OldNode *>(heap.allocate_typed(count, *old_descriptor));
    }

    // A block of one pointer of that type.
    void **make_pointer(const TypeLayout &type, void *value) {
        const TypeLayout &holder = types.object("Holder", 8, {TypeLayouts::member("p", type, 0)});
        after.add(holder);
        auto *place = static_cast<void **>(heap.allocate_typed(1, before.add(holder)));
        *place = value;
        return place;
    }

    std::string migrate() {
        migration =
            std::make_unique<Migration>(std::vector{before.loaded()}, std::vector{after.loaded()});
        EXPECT_TRUE(migration->is_needed());
        const auto refusal = migration->apply(
            heap, state, [](auto, void *, std::size_t) { return std::string(); },
            [this](auto, const hotrun_object &old_object, const hotrun_object &new_object) {
                return finish(old_object, new_object);
            });
        EXPECT_TRUE(heap.check());
        return refusal.value_or("");
    }

    // What the module's function does.
    std::function<std::string(const hotrun_object &, const hotrun_object &)> finish;

    TypeLayouts types;
    LibraryVersion before;
    LibraryVersion after;
    const TypeLayout *old_node_;
    const TypeLayout *new_node_;
    const hotrun_type *old_descriptor;
    const hotrun_type *new_descriptor;
    std::vector<std::max_align_t> memory = std::vector<std::max_align_t>(kHeapBytes / 16);
    PermanentHeap heap{memory.data(), kHeapBytes};
    void *state = nullptr;
    std::unique_ptr<Migration> migration;
};

TEST_F(MigrationTest, IsNotNeededWhereNoLayoutHasChanged) {
    LibraryVersion same;
    same.add(node(16, 0, types.of<int>(), 8));
    EXPECT_FALSE(Migration({before.loaded()}, {same.loaded()}).is_needed());
}

TEST_F(MigrationTest, ObjectsAreMadeAnewAndKeepTheirValues) {
    OldNode *old = make_nodes(3);
    for (int i = 0; i < 3; ++i)
        old[i] = {i + 1, nullptr};
    state = old;
    EXPECT_EQ(migrate(), "");
    const auto *now = static_cast<const NewNode *>(state);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(now[i].value, i + 1);
        EXPECT_EQ(now[i].added, 0);
    }
    const auto blocks = heap.live_blocks();
    ASSERT_EQ(blocks.size(), 1U);
    EXPECT_EQ(blocks[0].type, new_descriptor);
    EXPECT_EQ(blocks[0].payload.size(), 3 * sizeof(NewNode));
    EXPECT_EQ(migration->detail(), "3 objects migrated; new: Node.added");
}

TEST_F(MigrationTest, OfManyLossesTheFirstAreToldAndTheOthersCounted) {
    before = {};
    after = {};
    const auto numbers = [&](const TypeLayout &type, std::size_t bytes) -> const TypeLayout & {
        return types.object("Numbers", 20 * bytes,
                            {TypeLayouts::member("n", types.array_of(type, 20), 0)});
    };
    const hotrun_type &old_type = before.add(numbers(types.of<int>(), 4));
    after.add(numbers(types.of<signed char>(), 1));
    auto *values = static_cast<int *>(heap.allocate_typed(1, old_type));
    std::fill_n(values, 20, 300);
    EXPECT_EQ(migrate(), "");
    const std::string detail = migration->detail();
    EXPECT_TRUE(detail.starts_with("1 object migrated; Numbers.n[0], ")) << detail;
    EXPECT_TRUE(detail.ends_with(": 300 became 44; 15 more values changed")) << detail;
}

TEST_F(MigrationTest, BlocksWhoseTypeIsTheSameStayWhereTheyAre) {
    make_nodes();
    void **pointer = make_pointer(types.pointer_to(types.of<int>()), nullptr);
    int other = 0;
    *pointer = &other;
    EXPECT_EQ(migrate(), "");
    EXPECT_EQ(*pointer, &other);
}

TEST_F(MigrationTest, PointersFollowTheObjectsInACircle) {
    OldNode *first = make_nodes();
    OldNode *second = make_nodes();
    *first = {1, second};
    *second = {2, first};
    heap.set_root(first);
    EXPECT_EQ(migrate(), "");
    const auto *now = static_cast<const NewNode *>(heap.root());
    EXPECT_EQ(now->value, 1);
    EXPECT_EQ(now->next->value, 2);
    EXPECT_EQ(now->next->next, now);
}

TEST_F(MigrationTest, PointersIntoAnArrayAndPastItsEndFollow) {
    OldNode *nodes = make_nodes(4);
    for (int i = 0; i < 4; ++i)
        nodes[i].value = i;
    void **third = make_pointer(types.pointer_to(*old_node_), nodes + 2);
    void **end = make_pointer(types.pointer_to(*old_node_), nodes + 4);
    state = nodes;
    EXPECT_EQ(migrate(), "");
    auto *now = static_cast<NewNode *>(state);
    EXPECT_EQ(*third, now + 2);
    EXPECT_EQ(*end, now + 4);
}

// Small blocks side by side, and large ones.
TEST_F(MigrationTest, PointersFollowIntoBlocksOfAnySize) {
    std::vector<OldNode *> nodes;
    for (const std::size_t count : {1, 1, 1, 300, 1, 1, 2, 500, 1, 40, 1, 1, 1, 1, 7, 1}) {
        OldNode *block = make_nodes(count);
        ASSERT_NE(block, nullptr);
        for (std::size_t i = 0; i < count; ++i)
            nodes.push_back(block + i);
    }
    constexpr std::size_t kStride = 37; // has no divisor in common with their count
    ASSERT_EQ(std::gcd(kStride, nodes.size()), 1U);
    for (std::size_t i = 0; i < nodes.size(); ++i)
        *nodes[i] = {static_cast<int>(i), nodes[(i + kStride) % nodes.size()]};
    state = nodes[0];
    EXPECT_EQ(migrate(), "");
    const auto *node = static_cast<const NewNode *>(state);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        ASSERT_EQ(node->value, static_cast<long>(i * kStride % nodes.size()));
        node = node->next;
    }
    EXPECT_EQ(node, state);
}

TEST_F(MigrationTest, APointerToAMemberFollowsTheMember) {
    OldNode *old = make_nodes();
    void **next = make_pointer(types.pointer_to(types.pointer_to(*old_node_)), &old->next);
    state = old;
    EXPECT_EQ(migrate(), "");
    EXPECT_EQ(*next, &static_cast<NewNode *>(state)->next);
}

// Both are at the start of the old object; what the pointer points to tells them apart.
TEST_F(MigrationTest, ObjectAndFirstMemberAreToldApart) {
    OldNode *old = make_nodes();
    const TypeLayout &number = *old_node_->members[0].type;
    void **object = make_pointer(types.pointer_to(*old_node_), old);
    void **value = make_pointer(types.pointer_to(number), &old->value);
    void **anything = make_pointer(types.pointer_to(types.nothing()), old);
    state = old;
    EXPECT_EQ(migrate(), "");
    auto *now = static_cast<NewNode *>(state);
    EXPECT_EQ(*object, now);
    EXPECT_EQ(*value, &now->value);
    EXPECT_EQ(*anything, now);
}

TEST_F(MigrationTest, APointerThatCannotBeToldIsRefused) {
    OldNode *old = make_nodes();
    make_pointer(types.pointer_to(types.enumeration("E", {})), old);
    EXPECT_NE(migrate().find("a pointer in a Holder leads to a part of Node"), std::string::npos);
}

TEST_F(MigrationTest, APointerToAPartThatIsGoneIsRefused) {
    const TypeLayout &old_type = types.object("Pair", 16,
                                              {TypeLayouts::member("a", types.of<long>(), 0),
                                               TypeLayouts::member("b", types.of<long>(), 8)});
    after.add(types.object("Pair", 8, {TypeLayouts::member("a", types.of<long>(), 0)}));
    auto *pair = static_cast<long *>(heap.allocate_typed(1, before.add(old_type)));
    make_pointer(types.pointer_to(types.of<long>()), pair + 1);
    EXPECT_NE(migrate().find("is gone or can't be told"), std::string::npos);
}

TEST_F(MigrationTest, AStateThatPointsToAPartThatIsGoneIsRefused) {
    const TypeLayout &old_type = types.object("Pair", 16,
                                              {TypeLayouts::member("a", types.of<long>(), 0),
                                               TypeLayouts::member("b", types.of<long>(), 8)});
    after.add(types.object("Pair", 8, {TypeLayouts::member("a", types.of<long>(), 0)}));
    state = static_cast<long *>(heap.allocate_typed(1, before.add(old_type))) + 1;
    EXPECT_EQ(migrate(), "the module's state points into a part of Pair that is gone: let it point "
                         "elsewhere in hotrun_unload");
}

TEST_F(MigrationTest, ATypeThatIsOnlyDeclaredIsRefusedOnceItsSizeIsAnother) {
    const TypeLayout &old_type = types.object("Hidden", 8, {}, TypeLayout::Kind::kIncomplete);
    const TypeLayout &new_type = types.object("Hidden", 24, {}, TypeLayout::Kind::kIncomplete);
    static_cast<void>(heap.allocate_typed(1, before.add(old_type)));
    after.add(new_type);
    EXPECT_EQ(migrate(), "Hidden: the debug information only declares Hidden: compile with "
                         "-fstandalone-debug");
}

TEST_F(MigrationTest, WhatAMemberThatIsGonePointsToIsNotAskedFor) {
    const TypeLayout &number = types.of<long>();
    TypeLayout &old_type = types.object("Own", 24, {TypeLayouts::member("a", number, 0)});
    old_type.members.push_back(TypeLayouts::member("gone", number, 8));
    old_type.members.push_back(TypeLayouts::member("to_gone", types.pointer_to(number), 16));
    after.add(types.object("Own", 8, {TypeLayouts::member("a", number, 0)}));
    auto *own = static_cast<long *>(heap.allocate_typed(1, before.add(old_type)));
    own[0] = 7;
    own[2] = static_cast<long>(reinterpret_cast<std::uintptr_t>(own + 1));
    state = own;
    EXPECT_EQ(migrate(), "");
    EXPECT_EQ(*static_cast<const long *>(state), 7);
}

// Such as the list that a constructor makes empty: it points to itself.
TEST_F(MigrationTest, WhatAConstructorWritesIsLeftAsItIs) {
    make_nodes(20);
    NewNode *seen = nullptr;
    after.add_constructor(*new_descriptor);
    migration =
        std::make_unique<Migration>(std::vector{before.loaded()}, std::vector{after.loaded()});
    const auto refusal = migration->apply(heap, state, [&](auto, void *objects, std::size_t count) {
        seen = static_cast<NewNode *>(objects);
        for (std::size_t i = 0; i < count; ++i)
            seen[i].added = static_cast<long>(reinterpret_cast<std::uintptr_t>(seen + i));
        return std::string();
    });
    EXPECT_EQ(refusal, std::nullopt);
    ASSERT_NE(seen, nullptr);
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_EQ(seen[i].added, static_cast<long>(reinterpret_cast<std::uintptr_t>(seen + i)));
}

// A union that has changed, and a pointer whose target goes elsewhere.
class LeftToModuleTest : public MigrationTest {
  protected:
    struct Old {
        int number;
        int kind;
        OldNode *node;
    };
    struct New {
        OldNode *node; // as the function leaves it
        double value;
        int kind;
    };

    LeftToModuleTest() {
        const TypeLayout &u =
            types.object("U", 4, {TypeLayouts::member("number", types.of<int>(), 0)}, kUnion);
        const TypeLayout &v =
            types.object("U", 8, {TypeLayouts::member("number", types.of<double>(), 0)}, kUnion);
        const TypeLayout &pointer = types.pointer_to(*old_node_);
        old_ = &before.add(types.object("Shape", sizeof(Old),
                                        {TypeLayouts::member("value", u, 0),
                                         TypeLayouts::member("kind", types.of<int>(), 4),
                                         TypeLayouts::member("node", pointer, 8)}));
        new_shape_ = &types.object("Shape", sizeof(New),
                                   {TypeLayouts::member("node", pointer, 0),
                                    TypeLayouts::member("value", v, 8),
                                    TypeLayouts::member("kind", types.of<int>(), 16)});
        after.add(*new_shape_);
        auto *shapes = static_cast<Old *>(heap.allocate_typed(2, *old_));
        OldNode *node = make_nodes();
        node->value = 8;
        for (int i = 0; i < 2; ++i)
            shapes[i] = {10 + i, 3, node};
        state = shapes;
    }

    static constexpr TypeLayout::Kind kUnion = TypeLayout::Kind::kUnion;
    const hotrun_type *old_;
    const TypeLayout *new_shape_;
};

TEST_F(LeftToModuleTest, IsRefusedWhereNoFunctionIsNamed) {
    EXPECT_NE(migrate().find("the union U has changed"), std::string::npos);
}

TEST_F(LeftToModuleTest, ItsFunctionGetsEachObjectWhenTheRestIsCarriedOver) {
    after.add_migrator(*new_shape_);
    int calls = 0;
    finish = [&](const hotrun_object &old_object, const hotrun_object &new_object) {
        EXPECT_STREQ(old_object.type, "Shape");
        EXPECT_EQ(old_object.size_bytes, sizeof(Old));
        const int *number = HOTRUN_MEMBER(&old_object, int, "value.number");
        const auto *node = HOTRUN_MEMBER(&old_object, NewNode *, "node");
        auto *now = static_cast<New *>(new_object.bytes);
        EXPECT_EQ(now, static_cast<New *>(state) + calls++) << "the state is the new one by now";
        EXPECT_EQ((*node)->value, 8);
        EXPECT_EQ(now->kind, 3);
        EXPECT_EQ(HOTRUN_MEMBER(&new_object, double, "value.number"), &now->value);
        EXPECT_EQ(HOTRUN_MEMBER(&old_object, long, "value.number"), nullptr) << "of another size";
        EXPECT_EQ(HOTRUN_MEMBER(&old_object, int, "absent"), nullptr);
        now->value = *number;
        return std::string();
    };
    EXPECT_EQ(migrate(), "");
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(static_cast<const New *>(state)[1].value, 11);
    EXPECT_NE(migration->detail().find("3 objects migrated"), std::string::npos);
    EXPECT_NE(migration->detail().find("2 by HOTRUN_MIGRATE"), std::string::npos);
}

TEST_F(LeftToModuleTest, AFunctionThatFailsIsARefusal) {
    after.add_migrator(*new_shape_);
    finish = [](auto &&...) { return std::string("SIGSEGV"); };
    EXPECT_EQ(migrate(), "the function that HOTRUN_MIGRATE names for Shape has failed (SIGSEGV)");
}

TEST_F(MigrationTest, BlocksWithoutATypeAreRefused) {
    make_nodes();
    static_cast<void>(heap.allocate(100, 0));
    const std::string refusal = migrate();
    EXPECT_TRUE(refusal.ends_with(
        " bytes has no type, and may hold one of those that have changed (Node): allocate it with "
        "a type, by HOTRUN_NEW or allocate_typed"))
        << refusal;
}

TEST_F(MigrationTest, ATypeThatTheNewCodeDoesNotHaveIsRefusedIfThereAreBlocksOfIt) {
    const hotrun_type &gone = before.add(types.object("Gone", 8, {}));
    EXPECT_EQ(migrate(), "");
    static_cast<void>(heap.allocate_typed(1, gone));
    EXPECT_EQ(migrate(),
              "Gone: the new code makes no block of this type, so what it looks like there is not "
              "known: name it in a HOTRUN_TYPE, or in a HOTRUN_RENAMED_TYPE if it has another name "
              "now, or release the blocks in hotrun_unload, in a save before this one");
    static_cast<void>(heap.allocate_typed(1, before.add(types.object("Also", 8, {}))));
    EXPECT_EQ(migrate(),
              "Also, Gone: the new code makes no block of these types, so what they look like "
              "there is not known: name each in a HOTRUN_TYPE, or in a HOTRUN_RENAMED_TYPE if it "
              "has another name now, or release the blocks in hotrun_unload, in a save before this "
              "one");
}

TEST_F(MigrationTest, TypesOfTheSameNameThatDifferAreRefused) {
    after.add(types.object("Node", 32, {}));
    make_nodes();
    EXPECT_EQ(migrate().find("several types are called Node, and which of them a block has can't "
                             "be known: give them different names"),
              0U);
}

TEST_F(MigrationTest, OfTypesOfTheSameNameTheOneThatIsTheSameIsTaken) {
    after.add(node(16, 0, types.of<int>(), 8));
    OldNode *old = make_nodes();
    old->value = 7;
    state = old;
    before.add(types.object("Other", 8, {}));
    after.add(types.object("Other", 16, {TypeLayouts::member("x", types.of<long>(), 0)}));
    EXPECT_EQ(migrate(), "");
    EXPECT_EQ(state, old);
    EXPECT_EQ(old->value, 7);
}

// Nobody knows how far it extends, nor who else points to it.
TEST_F(MigrationTest, AnObjectOfAChangedTypeOutsideTheHeapIsRefused) {
    OldNode elsewhere{};
    make_pointer(types.pointer_to(*old_node_), &elsewhere);
    EXPECT_NE(migrate().find("leads to a Node outside the permanent heap"), std::string::npos);
}

TEST_F(MigrationTest, APointerInAnOptionalCountsWhileItIsThere) {
    OldNode elsewhere{};
    const TypeLayout &pointer = types.pointer_to(*old_node_);
    const TypeLayout &values = types.object(
        "_Storage", 8, {TypeLayouts::member("value", pointer, 0)}, TypeLayout::Kind::kUnion);
    TypeLayout &optional = types.object("optional<Node *>", 16,
                                        {TypeLayouts::member("_M_payload", values, 0),
                                         TypeLayouts::member("_M_engaged", types.of<bool>(), 8)});
    optional.arguments = {&pointer};
    after.add(optional);
    auto *words = static_cast<std::uint64_t *>(heap.allocate_typed(1, before.add(optional)));
    words[0] = reinterpret_cast<std::uintptr_t>(&elsewhere);
    EXPECT_EQ(migrate(), "");
    words[1] = 1;
    EXPECT_NE(migrate().find("leads to a Node outside the permanent heap"), std::string::npos);
}

// Of what was there before, often a pointer.
TEST_F(MigrationTest, WhatLiesInAGapIsNoPointer) {
    OldNode *old = make_nodes();
    const TypeLayout &type = types.object("Padded", 24,
                                          {TypeLayouts::member("flag", types.of<bool>(), 0),
                                           TypeLayouts::member("a", types.of<int>(), 8),
                                           TypeLayouts::member("b", types.of<int>(), 12),
                                           TypeLayouts::member("word", types.of<long>(), 16)});
    after.add(type);
    auto *words = static_cast<std::uint64_t *>(heap.allocate_typed(1, before.add(type)));
    const std::uint64_t into_node = reinterpret_cast<std::uintptr_t>(old) + 1;
    words[0] = words[1] = into_node;
    EXPECT_EQ(migrate(), "");
    EXPECT_EQ(words[0], into_node);
    EXPECT_EQ(words[1], into_node);
}

TEST_F(MigrationTest, AWordThatMayHideAPointerIsNotLeftBehind) {
    OldNode *old = make_nodes();
    const TypeLayout &type =
        types.object("Hiding", 8, {TypeLayouts::member("word", types.of<long>(), 0)});
    after.add(type);
    auto *word = static_cast<std::uint64_t *>(heap.allocate_typed(1, before.add(type)));
    *word = reinterpret_cast<std::uintptr_t>(old) + 1;
    EXPECT_NE(migrate().find("a pointer in a Hiding leads to a part of Node"), std::string::npos);
}

TEST_F(MigrationTest, AContainerOutsideTheHeapWithAChangedTypeIsRefused) {
    const TypeLayout &base = types.object("_Rb_tree_node_base", 8, {});
    const TypeLayout &map =
        types.object("map<int, Node>", 8, {TypeLayouts::member("root", types.pointer_to(base), 0)});
    long elsewhere = 0;
    make_pointer(map, &elsewhere);
    EXPECT_NE(migrate().find("leads to a Node outside the permanent heap"), std::string::npos);
}

TEST_F(MigrationTest, ADamagedHeapIsRefused) {
    make_nodes();
    auto *second = reinterpret_cast<std::byte *>(make_nodes());
    make_nodes();
    std::memset(second - 16, 0xff, 8);
    migration =
        std::make_unique<Migration>(std::vector{before.loaded()}, std::vector{after.loaded()});
    const auto refusal =
        migration->apply(heap, state, [](auto, void *, std::size_t) { return std::string(); });
    EXPECT_EQ(refusal, "the heap is damaged: a header of a block was written over");
}

TEST_F(MigrationTest, AHeapThatIsTooSmallIsRefused) {
    OldNode *nodes = make_nodes(3000);
    ASSERT_NE(nodes, nullptr);
    EXPECT_NE(migrate().find("the heap has no 72000 bytes left for 3000 objects of the new Node"),
              std::string::npos);
}

TEST_F(MigrationTest, TheHeapNeedsNoRoomForBothLayouts) {
    OldNode *nodes = make_nodes(2000);
    ASSERT_NE(nodes, nullptr);
    nodes[1999].value = 5;
    state = nodes;
    EXPECT_EQ(migrate(), "");
    EXPECT_EQ(static_cast<NewNode *>(state)[1999].value, 5);
}

TEST_F(MigrationTest, ThereAndBackAgainIsWhatItWas) {
    OldNode *nodes = make_nodes(5);
    for (int i = 0; i < 5; ++i)
        nodes[i] = {i, nodes + (i + 1) % 5};
    state = nodes;
    EXPECT_EQ(migrate(), "");
    std::swap(before, after);
    EXPECT_EQ(migrate(), "");
    const auto *now = static_cast<const OldNode *>(state);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(now[i].value, i);
        EXPECT_EQ(now[i].next, now + (i + 1) % 5);
    }
    EXPECT_EQ(heap.live_blocks()[0].payload.size(), 5 * sizeof(OldNode));
}

} // namespace
} // namespace hotrun
