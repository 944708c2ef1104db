#include "core/static_carry.hpp"

#include "unit/code_test.hpp"
#include "unit/type_layouts.hpp"

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hotrun {
namespace {

using CarryNotes = std::vector<std::string>;

// Memory outside, all of which is there.
class AllMemory final : public ProcessMemory {
  public:
    bool read(std::uint64_t address, std::span<std::byte> to) const override {
        std::memcpy(to.data(), reinterpret_cast<const void *>(address), to.size());
        return true;
    }
};

CarryNotes destroyed; // by the functions below

template <int version>
void destroy(void *object) {
    destroyed.push_back(std::to_string(version) + ":" +
                        std::to_string(*static_cast<const int *>(object)));
}

// Two versions of a library whose variables lie in memory of the test's own.
class StaticCarryTest : public CodeTest {
  protected:
    struct Version {
        alignas(16) std::array<std::byte, 4096> memory{};
        std::shared_ptr<LibraryTypes> types = std::make_shared<LibraryTypes>();
        FakeLibrary *library = nullptr;
        LiveLibrary::Shared code;

        template <typename T>
        T &at(std::size_t offset) {
            return *reinterpret_cast<T *>(memory.data() + offset);
        }
        void add(const std::string &name, const TypeLayout &type, std::size_t offset,
                 std::size_t guard = 0, bool resets = false) const {
            StaticVariable variable;
            variable.name = variable.symbol = name;
            variable.address = offset;
            variable.type = &type;
            variable.guard = guard;
            variable.resets = resets;
            types->statics.push_back(variable);
        }
    };

    StaticCarryTest() {
        destroyed.clear();
        load(before, 1);
        load(after, 2);
    }
    void load(Version &version, std::uint64_t number) {
        LiveLibrary code = code_of(number, LibraryBuilder());
        version.library = static_cast<FakeLibrary *>(code.library.get());
        const auto base = reinterpret_cast<std::uintptr_t>(version.memory.data());
        version.library->lies_at = {base, base, base + version.memory.size()};
        version.code = shared(std::move(code));
    }
    // All of them have the first value that is there now.
    static void note_first(Version &version) {
        for (const StaticVariable &variable : version.types->statics) {
            const auto first = version.memory.begin() + static_cast<long>(variable.address);
            version.library->initial[version.library->lies_at.load_bias + variable.address] = {
                first, first + static_cast<long>(variable.type->size_bytes)};
        }
    }

    StaticCarry &prepare() {
        std::vector<StaticCarry::Pair> pairs;
        pairs.push_back({{before.code.get(), before.types},
                         {after.code.get(), after.types},
                         pair_statics(before.types->statics, after.types->statics)});
        Migration::TypePairs types;
        for (const auto &[old_one, new_one] : pairs.front().variables.pairs)
            types.emplace_back(old_one->type, new_one->type);
        auto migration = std::make_shared<Migration>(
            std::vector<Migration::Loaded>{
                {before.types, before.library->lies_at.load_bias, range_of(before)}},
            std::vector<Migration::Loaded>{
                {after.types, after.library->lies_at.load_bias, range_of(after)}},
            types);
        carry.emplace(std::move(pairs), migration);
        auto rebind = std::make_shared<RebindPlan>(files, std::vector{before.code}, after.code);
        rebind->add_answers(carry->answers());
        carry->prepare(files, rebind);
        return *carry;
    }
    static AddressRange range_of(const Version &version) {
        return {version.library->lies_at.begin, version.library->lies_at.end};
    }
    std::optional<std::string> apply(bool is_another = false) {
        const Migration::Construct construct = [](auto...) { return std::string(); };
        const StaticCarry::Destroy call = [this](const ExitCall &exit_call) {
            exit_call.function(exit_call.object);
            return failure;
        };
        return carry->apply({before.code},
                            {{}, construct, {}, call, &outside, nullptr, is_another});
    }
    std::optional<std::string> carry_all() {
        prepare();
        return apply();
    }

    TypeLayouts types;
    const TypeLayout &number = types.of<int>();
    Version before;
    Version after;
    AllMemory outside;
    std::string failure; // of destructors
    std::optional<StaticCarry> carry;
};

TEST_F(StaticCarryTest, WhatTheProgramHasChangedIsCarried) {
    before.add("lives", number, 8);
    before.add("untouched", number, 16);
    after.add("untouched", number, 8);
    after.add("lives", number, 32);
    note_first(before);
    note_first(after);
    before.at<int>(8) = 3;
    after.at<int>(8) = 77; // whatever the new code has there
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<int>(32), 3);
    EXPECT_EQ(after.at<int>(8), 77);
    EXPECT_EQ(carry->detail(), "");
}

// That its bytes are the same does not say that nobody has used it.
TEST_F(StaticCarryTest, WhatAConstructorHasMadeIsCarriedInAnyCase) {
    before.add("computed", number, 8);
    after.add("computed", number, 8);
    before.at<int>(8) = 5;
    note_first(before);
    after.at<int>(8) = 6;
    note_first(after);
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<int>(8), 5);
}

TEST_F(StaticCarryTest, WhatIsToStartAfreshDoes) {
    before.add("frames", number, 8);
    after.add("frames", number, 8, 0, true);
    before.add("other", number, 16);
    after.add("other", types.object("Other", 4, {TypeLayouts::member("x", number, 0)}), 16);
    before.at<int>(8) = before.at<int>(16) = 5;
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<int>(8), 0);
    EXPECT_EQ(after.at<int>(16), 0);
    EXPECT_EQ(carry->detail(), "other starts afresh: it was number and is Other");
}

TEST_F(StaticCarryTest, WhyAVariableStartsAfreshIsToldWithTheRemedy) {
    for (const Version *version : {&before, &after}) {
        version->add("twice", number, 8);
        version->add("twice", number, 16);
        version->add("held", number, 24);
    }
    after.types->statics.back().is_computed = true;
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(carry->detail(),
              "held starts afresh: optimised code does not keep it in memory as it is declared "
              "(compile it with -O0); twice starts afresh: there are several variables of that "
              "name (give each a name of its own)");
}

TEST_F(StaticCarryTest, ConvertedVariablesAreCounted) {
    const TypeLayout &now =
        types.object("State", 8, {TypeLayouts::member("x", types.of<long>(), 0)});
    const TypeLayout &then = types.object("State", 4, {TypeLayouts::member("x", number, 0)});
    for (const std::size_t at : {8U, 16U}) {
        before.add("state" + std::to_string(at), then, at);
        after.add("state" + std::to_string(at), now, at);
        before.at<int>(at) = -5;
    }
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(carry->detail(), "2 static variables migrated");
}

TEST_F(StaticCarryTest, AChangedTypeIsConverted) {
    before.add("state", types.object("State", 4, {TypeLayouts::member("x", number, 0)}), 8);
    after.add("state",
              types.object("State", 16,
                           {TypeLayouts::member("added", number, 0),
                            TypeLayouts::member("x", types.of<long>(), 8)}),
              8);
    before.at<int>(8) = -5;
    after.at<int>(8) = 9; // by its initialiser
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<int>(8), 9);
    EXPECT_EQ(after.at<long>(16), -5);
    EXPECT_EQ(carry->migrated_count(), 1U);
    EXPECT_EQ(carry->detail(), "1 static variable migrated");
}

TEST_F(StaticCarryTest, WhatCanNotBeCarriedIsRefusedAndNothingIsChanged) {
    const auto union_of = [&](const TypeLayout &other) -> const TypeLayout & {
        return types.object(
            "Value", 8, {TypeLayouts::member("x", number, 0), TypeLayouts::member("y", other, 0)},
            TypeLayout::Kind::kUnion);
    };
    before.add("a", number, 8);
    after.add("a", number, 8);
    before.add("value", union_of(types.of<long>()), 16);
    after.add("value", union_of(types.of<double>()), 16);
    before.at<int>(8) = before.at<int>(16) = 1;
    const auto refusal = carry_all();
    ASSERT_TRUE(refusal);
    EXPECT_TRUE(refusal->starts_with("the static variable value can't be carried over: Value"))
        << *refusal;
    EXPECT_TRUE(refusal->ends_with(", or mark it HOTRUN_RESET")) << *refusal;
    EXPECT_EQ(after.at<int>(8), 0);
}

TEST_F(StaticCarryTest, PointersToVariablesLeadToTheNewOnes) {
    const TypeLayout &pointer = types.pointer_to(number);
    before.add("itself", pointer, 8);
    after.add("itself", pointer, 64);
    before.add("other", types.pointer_to(types.nothing()), 16);
    after.add("other", types.pointer_to(types.nothing()), 72);
    before.at<void *>(8) = &before.at<int>(8);
    before.at<void *>(16) = &before.at<int>(12); // in the middle
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<void *>(64), &after.at<int>(64));
    EXPECT_EQ(after.at<void *>(72), &after.at<int>(68));
    EXPECT_TRUE(carry->holds().empty());
}

TEST_F(StaticCarryTest, OfAnotherProcessOnlyWhatLeadsNowhereElseIsCarried) {
    const TypeLayout &pointer = types.pointer_to(number);
    const std::vector<std::string> names = {"count", "inside", "null", "outside", "object"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool is_number = names[i] == "count" || names[i] == "object";
        for (Version *version : {&before, &after})
            version->add(names[i], is_number ? number : pointer, 8 * i);
    }
    before.at<int>(0) = 3;
    before.at<int *>(8) = &before.at<int>(0);
    before.at<int *>(24) = &before.at<int>(2000) + 4096;
    before.at<int>(32) = 4;
    after.library->add_exit_call(destroy<2>, &after.at<int>(32));
    prepare();
    EXPECT_EQ(apply(true), std::nullopt);
    EXPECT_EQ(after.at<int>(0), 3);
    EXPECT_EQ(after.at<int *>(8), &after.at<int>(0));
    EXPECT_EQ(after.at<int *>(24), nullptr);
    EXPECT_EQ(after.at<int>(32), 0);
    EXPECT_EQ(destroyed, CarryNotes{});
    const std::string why = " starts afresh: what it has outside of the permanent heap was left in "
                            "the other process";
    EXPECT_EQ(carry->detail(), "outside" + why + "; object" + why);
}

TEST_F(StaticCarryTest, WhatIsGoneHoldsTheOldCode) {
    const TypeLayout &pointer = types.pointer_to(number);
    before.add("one", pointer, 8);
    after.add("one", pointer, 8);
    before.at<void *>(8) = &before.at<int>(100);
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<void *>(8), &before.at<int>(100));
    ASSERT_EQ(carry->holds().size(), 1U);
    EXPECT_EQ(carry->holds()[0].variable, "one");
    EXPECT_EQ(carry->holds()[0].word, reinterpret_cast<std::uintptr_t>(&before.at<int>(100)));
}

class ObjectCarryTest : public StaticCarryTest {
  protected:
    ObjectCarryTest() {
        before.add("object", number, 8);
        after.add("object", number, 16);
        before.library->add_exit_call(destroy<1>, &before.at<int>(8));
        before.at<int>(8) = 5;
        after.at<int>(16) = 6; // made by the new library's constructors
    }
    ExitCall &old_call() { return before.library->calls.front(); }
    ExitCall &new_call() { return after.library->calls.front(); }
};

TEST_F(ObjectCarryTest, AnObjectIsDestroyedByTheNewCodeOnly) {
    after.library->add_exit_call(destroy<2>, &after.at<int>(16));
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(destroyed, CarryNotes{"2:6"}) << "the one that the value takes the place of";
    EXPECT_EQ(after.at<int>(16), 5);
    EXPECT_TRUE(old_call().is_off);
    EXPECT_FALSE(new_call().is_off);
}

TEST_F(ObjectCarryTest, IsTheOldCodesAgainWhenTheNewCodeFails) {
    after.library->add_exit_call(destroy<2>, &after.at<int>(16));
    EXPECT_EQ(carry_all(), std::nullopt);
    carry->undo();
    EXPECT_FALSE(old_call().is_off);
    EXPECT_TRUE(new_call().is_off);
}

TEST_F(ObjectCarryTest, ADestructorThatFailsIsARefusal) {
    after.library->add_exit_call(destroy<2>, &after.at<int>(16));
    failure = "SIGFPE";
    EXPECT_EQ(carry_all(), "a destructor of a static object has failed (SIGFPE)");
    EXPECT_FALSE(old_call().is_off);
    EXPECT_TRUE(new_call().is_off) << "it has run";
    EXPECT_EQ(after.at<int>(16), 6);
}

// A companion of two modules.
TEST_F(ObjectCarryTest, WhatAnotherModuleHasBroughtAlongStays) {
    EXPECT_EQ(carry_all(), std::nullopt);
    after.at<int>(16) = 7;
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<int>(16), 7);
}

TEST_F(ObjectCarryTest, ElementsOfAnArrayAreDestroyedByTheNewCodeOnly) {
    const TypeLayout &pair = types.array_of(number, 2);
    before.add("array", pair, 32);
    after.add("array", pair, 32);
    before.at<int>(32) = 1;
    const auto add_call = [](Version &version) {
        version.types->array_destructors = {reinterpret_cast<std::uintptr_t>(&destroy<3>) -
                                            version.library->lies_at.load_bias};
        return &version.library->add_exit_call(destroy<3>, nullptr);
    };
    const ExitCall *old_elements = add_call(before);
    const ExitCall *new_elements = add_call(after);
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_TRUE(old_elements->is_off);
    EXPECT_FALSE(new_elements->is_off);
    carry->undo();
    EXPECT_FALSE(old_elements->is_off);
    EXPECT_TRUE(new_elements->is_off);
}

class LocalCarryTest : public StaticCarryTest {
  protected:
    static constexpr std::size_t kOldGuard = 24;
    static constexpr std::size_t kNewGuard = 48;

    LocalCarryTest() {
        before.add("step::object", number, 8, kOldGuard);
        after.add("step::object", number, 16, kNewGuard);
        before.at<int>(8) = 5;
    }
};

TEST_F(LocalCarryTest, OneThatWasNotReachedHasNoValue) {
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<int>(16), 0);
    EXPECT_EQ(after.at<char>(kNewGuard), 0);
}

TEST_F(LocalCarryTest, OneThatWasReachedIsNotConstructedAgain) {
    before.at<char>(kOldGuard) = 1;
    before.library->add_exit_call(destroy<1>, &before.at<int>(8));
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<int>(16), 5);
    EXPECT_EQ(after.at<char>(kNewGuard), 1);
    EXPECT_TRUE(before.library->calls.front().is_off);
    ASSERT_EQ(after.library->calls.size(), 1U) << "the new code has not registered it";
    EXPECT_EQ(after.library->calls.front().object, &after.at<int>(16));
}

// As the nodes of a list, the first and the last of which lead to the list itself.
TEST_F(StaticCarryTest, WhatLeadsBackFromOutsideIsLedAlong) {
    struct Node {
        void *next;
        void *previous;
    };
    TypeLayout &node = types.object("Node", sizeof(Node), {});
    node.members = {TypeLayouts::member("next", types.pointer_to(node), 0),
                    TypeLayouts::member("previous", types.pointer_to(node), 8)};
    before.add("list", node, 16);
    after.add("list", node, 64);
    Node first{};
    Node last{&before.at<Node>(16), &first};
    first = {&last, &before.at<Node>(16)};
    before.at<Node>(16) = {&first, &last};
    EXPECT_EQ(carry_all(), std::nullopt);
    EXPECT_EQ(after.at<Node>(64).next, &first);
    EXPECT_EQ(first.previous, &after.at<Node>(64));
    EXPECT_EQ(last.next, &after.at<Node>(64));
    carry->undo();
    EXPECT_EQ(first.previous, &before.at<Node>(16));
    EXPECT_EQ(last.next, &before.at<Node>(16));
    EXPECT_TRUE(carry->holds().empty()) << "no code is behind it";
}

TEST_F(StaticCarryTest, CodeThatMayBeBehindAPointerStays) {
    TypeLayout function;
    function.is_function = true;
    const TypeLayout &object = types.object(
        "Object", 8, {TypeLayouts::member("_vptr.Object", types.pointer_to(function), 0)});
    before.add("owner", types.pointer_to(object), 8);
    after.add("owner", types.pointer_to(object), 8);
    void *outside_object = nullptr;
    before.at<void *>(8) = &outside_object;
    EXPECT_EQ(carry_all(), std::nullopt);
    ASSERT_EQ(carry->holds().size(), 1U);
    EXPECT_EQ(carry->holds()[0].variable, "owner");
    EXPECT_FALSE(carry->holds()[0].word);
}

} // namespace
} // namespace hotrun
