#include "unit/migrated_types.hpp"
#include "unit/module_test.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace hotrun {
namespace {

struct Before {
    int score;
};
struct After {
    long added;
    int score;
};

// Its first code makes a block of Before, which the next one knows as After.
class ModuleMigrationTest : public ModuleTest {
  protected:
    explicit ModuleMigrationTest(OnRefuse on_refuse = OnRefuse::kKeep) : on_refuse_(on_refuse) {
        const TypeLayout &number = types.of<int>();
        old_descriptor_ = &before.add(
            types.object("State", sizeof(Before), {TypeLayouts::member("score", number, 0)}));
        after.add(types.object("State", sizeof(After),
                               {TypeLayouts::member("added", types.of<long>(), 0),
                                TypeLayouts::member("score", number, 8)}));
        trace.effects[CallKind::kInit] = [this](hotrun_context *context) {
            auto *state =
                static_cast<Before *>(context->allocate_typed(context, 1, old_descriptor_));
            state->score = 7;
            context->state = state;
            if (has_untyped_block) // which can't be carried where a layout changes
                static_cast<void>(context->allocate(context, 8, 0));
        };
        migrating.emplace("game", Module::Parts{0, guard, heap, record, false, nullptr, on_refuse_},
                          hooks());
    }

    Module::Switched switch_with(std::shared_ptr<Migration> migration) {
        candidate = {0, next(all_callbacks()), PhaseTimes(clock.now()), nullptr};
        candidate.migration = std::move(migration);
        return migrating->switch_to(candidate, clock);
    }
    std::shared_ptr<Migration> migration() const {
        return std::make_shared<Migration>(std::vector{before.loaded()},
                                           std::vector{after.loaded()});
    }
    void start() {
        EXPECT_FALSE(switch_with(nullptr).failure);
        EXPECT_FALSE(migrating->step());
        take_calls();
    }
    const hotrun_context &now() const { return migrating->context(); }

    TypeLayouts types;
    LibraryVersion before;
    LibraryVersion after;
    std::optional<Module> migrating;
    bool has_untyped_block = false;

  private:
    const hotrun_type *old_descriptor_;
    OnRefuse on_refuse_;
};

TEST_F(ModuleMigrationTest, TheNewCodeGetsTheStateInItsLayout) {
    start();
    int seen = 0;
    trace.effects[CallKind::kReload] = [&](hotrun_context *context) {
        seen = static_cast<const After *>(context->state)->score;
    };
    const Module::Switched switched = switch_with(migration());
    EXPECT_FALSE(switched.failure);
    EXPECT_EQ(switched.state, StateOutcome::kMigrated);
    EXPECT_EQ(switched.detail, "1 object migrated; new: State.added");
    EXPECT_EQ(seen, 7);
    EXPECT_EQ(take_calls(), (Words{"unload 1", "on_switch 2", "reload 2"}));
}

TEST_F(ModuleMigrationTest, NewCodeThatFailsGivesTheOldLayoutBack) {
    start();
    const void *old_state = now().state;
    guard.fail_next(CallKind::kReload);
    const Module::Switched switched = switch_with(migration());
    ASSERT_TRUE(switched.failure);
    EXPECT_EQ(switched.failure->to, 1U);
    EXPECT_EQ(now().state, old_state);
    EXPECT_EQ(static_cast<const Before *>(now().state)->score, 7);
}

TEST_F(ModuleMigrationTest, ARefusalLeavesTheHeapAsItWasAndTheOldCodeGoesOn) {
    has_untyped_block = true;
    start();
    const std::span<std::byte> used = heap.memory().first(migrating->heap().extent_bytes());
    const std::vector<std::byte> before_it(used.begin(), used.end());
    const Module::Switched switched = switch_with(migration());
    ASSERT_TRUE(switched.failure);
    EXPECT_NE(switched.failure->refusal.find("has no type"), std::string::npos);
    EXPECT_EQ(switched.failure->from, 2U);
    EXPECT_EQ(switched.failure->to, 1U);
    EXPECT_FALSE(switched.failure->parked);
    EXPECT_NE(switched.failure->dropped, nullptr);
    EXPECT_EQ(take_calls(), (Words{"unload 1", "reload 1"}));
    EXPECT_TRUE(std::ranges::equal(before_it, used));
    EXPECT_FALSE(migrating->step());
    EXPECT_EQ(take_calls(), Words{"step 1"});
    EXPECT_EQ(now().generation, 1U);
}

class FreshModuleMigrationTest : public ModuleMigrationTest {
  protected:
    FreshModuleMigrationTest() : ModuleMigrationTest(OnRefuse::kFresh) {}
};

TEST_F(FreshModuleMigrationTest, ARefusalStartsTheNewCodeWithFreshState) {
    has_untyped_block = true;
    start();
    const Module::Switched switched = switch_with(migration());
    EXPECT_FALSE(switched.failure);
    EXPECT_EQ(switched.state, StateOutcome::kFresh);
    EXPECT_EQ(switched.detail.find("fresh state, since a block of"), 0U) << switched.detail;
    EXPECT_EQ(take_calls(), (Words{"unload 1", "on_switch 2", "init 2"}));
    EXPECT_EQ(migrating->heap().live_blocks().size(), 2U);
}

} // namespace
} // namespace hotrun
