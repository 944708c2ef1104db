#include "unit/module_test.hpp"

#include "support/fake_patch_loader.hpp"

namespace hotrun {
namespace {

// The next generation is a patch of the one that runs.
class ModulePatchTest : public CountingModuleTest {
  protected:
    ModulePatchTest() {
        run_next();
        generation_ = module.context().generation;
    }
    Module::Switched patch() {
        auto next = make_generation(files, ++last_number, all_callbacks(),
                                    {std::as_writable_bytes(std::span(variables))});
        candidate = {0, std::move(next), PhaseTimes(clock.now()), nullptr};
        candidate.patch = &patch_;
        return module.switch_to(candidate, clock);
    }

    PatchTrace patches_;
    FakeCodePatch patch_{patches_};
    std::uint64_t generation_ = 0;
};

TEST_F(ModulePatchTest, IsAppliedBetweenUnloadAndReload) {
    patches_.calls.clear();
    trace.effects[CallKind::kUnload] = [this](hotrun_context *) {
        EXPECT_EQ(patches_.calls, Words{});
    };
    trace.effects[CallKind::kReload] = [this](hotrun_context *) {
        EXPECT_EQ(patches_.calls, Words{"apply 1"});
    };
    EXPECT_FALSE(patch().failure);
    EXPECT_FALSE(module.step());
    EXPECT_EQ(context().generation, generation_ + 1);
    EXPECT_EQ(patches_.calls, Words{"apply 1"});
}

TEST_F(ModulePatchTest, FailureBeforeItIsProvenUndoesIt) {
    const int before = counter();
    EXPECT_FALSE(patch().failure);
    guard.fail_next(CallKind::kStep);
    const auto failure = module.step();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->to, generation_);
    EXPECT_EQ(patches_.calls, (Words{"apply 1", "undo 1"}));
    EXPECT_EQ(counter(), before + 2) << "unload, and reload of the old code";
}

TEST_F(ModulePatchTest, LaterFailureKeepsIt) {
    EXPECT_FALSE(patch().failure);
    EXPECT_FALSE(module.step());
    guard.fail_next(CallKind::kStep);
    EXPECT_TRUE(module.step());
    EXPECT_EQ(patches_.calls, Words{"apply 1"});
    EXPECT_FALSE(module.steps());
}

TEST_F(ModulePatchTest, WhatCantBeAppliedLeavesTheOldCode) {
    patches_.apply_failure = "a thread is in it";
    const auto switched = patch();
    ASSERT_TRUE(switched.failure);
    EXPECT_TRUE(switched.failure->is_patch_refused);
    EXPECT_EQ(switched.failure->refusal, "a thread is in it");
    EXPECT_EQ(context().generation, generation_);
    EXPECT_EQ(take_calls(), (Words{"unload 1", "reload 1"}));
    EXPECT_FALSE(module.step());
}

TEST_F(ModulePatchTest, WhatCantBeUndoneIsCalledNoMore) {
    patches_.can_be_undone = false;
    EXPECT_FALSE(patch().failure);
    guard.fail_next(CallKind::kStep);
    const auto failure = module.step();
    ASSERT_TRUE(failure);
    EXPECT_TRUE(failure->parked);
    EXPECT_EQ(failure->detail, "the code can't be written");
    EXPECT_FALSE(module.steps());
}

} // namespace
} // namespace hotrun
