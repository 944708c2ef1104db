#include "core/closures.hpp"

#include "unit/type_layouts.hpp"

#include <gtest/gtest.h>

#include <array>

namespace hotrun {
namespace {

constexpr std::uint64_t kOldBias = 0x1000;
constexpr std::uint64_t kNewBias = 0x2000;
constexpr std::uint64_t kManager = 0x10;

// A struct with a std::function, of which only the word for its manager counts.
class ClosuresTest : public testing::Test {
  protected:
    using Words = std::array<std::uint64_t, 2>;

    ClosuresTest() {
        const TypeLayout &base =
            types.object("_Function_base", 8,
                         {types.member("_M_manager", types.pointer_to(types.nothing()), 0)});
        MemberLayout on_hit =
            types.member("on_hit", types.object("function<void()>", 8, {types.base(base, 0)}), 8);
        on_hit.file = "game.cpp";
        on_hit.line = 12;
        state = &types.object("State", 16, {types.member("x", types.of<long>(), 0), on_hit});
    }

    // One closure in each version, rebound to each other if `is_found`.
    void set(const TypeLayout &old_functor, const TypeLayout &new_functor, bool is_in_place,
             bool is_found = true) {
        before.closures = {{kManager, &old_functor, is_in_place}};
        after.closures = {{kManager, &new_functor, is_in_place}};
        closures = {};
        closures.add_new({after, kNewBias, {kNewBias, kNewBias + 0x100}});
        closures.add_old({before, kOldBias, {}}, diff, [&](std::uint64_t word) {
            return is_found ? std::optional(word - kOldBias + kNewBias) : std::nullopt;
        });
    }
    std::string judge(std::uint64_t manager, bool layouts_change) {
        const Words words = {7, manager};
        return closures.judge(*state, std::as_bytes(std::span(words)), layouts_change).value_or("");
    }
    const TypeLayout &functor(const TypeLayout &capture) {
        return types.object("<lambda()>", capture.size_bytes, {types.member("__a", capture, 0)});
    }

    TypeLayouts types;
    LayoutDiff diff;
    LibraryTypes before;
    LibraryTypes after;
    Closures closures;
    const TypeLayout *state = nullptr;
};

TEST_F(ClosuresTest, AnEmptyOneGoesOn) {
    EXPECT_EQ(judge(0, true), "");
}

TEST_F(ClosuresTest, OneInPlaceGoesOnIfItIsKnownAgain) {
    const TypeLayout &captures = functor(types.pointer_to(*state));
    set(captures, captures, true);
    EXPECT_FALSE(closures.have_changed());
    EXPECT_EQ(judge(kNewBias + kManager, true), "");
    set(captures, captures, true, false);
    EXPECT_EQ(judge(kOldBias + kManager, true),
              "State.on_hit (game.cpp:12): its closure can't be told from others in the new code: "
              "clear it in hotrun_unload");
    EXPECT_EQ(judge(kOldBias + kManager, false), "") << "old code, and the old layout of all";
}

TEST_F(ClosuresTest, OneOfTheHostsGoesOn) {
    const TypeLayout &captures = functor(types.of<int>());
    set(captures, captures, true);
    EXPECT_EQ(judge(0x7000, true), "");
    EXPECT_NE(judge(kNewBias + kManager + 1, true), "") << "of the module's, and not known";
}

TEST_F(ClosuresTest, OneOutsideCannotBeLedAlong) {
    const TypeLayout &pointer = functor(types.pointer_to(*state));
    set(pointer, pointer, false);
    EXPECT_EQ(judge(kNewBias + kManager, false), "");
    EXPECT_EQ(
        judge(kNewBias + kManager, true)
            .find(
                "State.on_hit (game.cpp:12): a closure that its std::function has stored outside"),
        0U);
    const TypeLayout &number = functor(types.of<double>());
    set(number, number, false);
    EXPECT_EQ(judge(kNewBias + kManager, true), "");
}

TEST_F(ClosuresTest, CapturesThatHaveChangedAreRefusedInAnyCase) {
    set(functor(types.of<int>()), functor(types.of<long>()), true);
    EXPECT_TRUE(closures.have_changed());
    for (const bool layouts_change : {false, true})
        EXPECT_EQ(judge(kNewBias + kManager, layouts_change)
                      .find("State.on_hit (game.cpp:12): the captures of its closure have changed"),
                  0U);
}

} // namespace
} // namespace hotrun
