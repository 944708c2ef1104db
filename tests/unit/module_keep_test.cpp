// A module whose heap is kept in a file.
#include "support/heap_keeping.hpp"
#include "unit/module_test.hpp"

#include <optional>

namespace hotrun {
namespace {

class ModuleKeepTest : public ModuleTest {
  protected:
    ModuleKeepTest() {
        trace.effects[CallKind::kInit] = [](hotrun_context *context) {
            if (context->state == nullptr)
                context->state = context->allocate(context, sizeof(int), 0);
        };
        trace.effects[CallKind::kStep] = [](hotrun_context *context) {
            ++*static_cast<int *>(context->state);
        };
    }

    // Another run on that file, if `root` is one.
    Module &make(std::optional<void *> root = std::nullopt, OnRefuse on_refuse = OnRefuse::kKeep) {
        record = {};
        return kept.emplace("game",
                            Module::Parts{.index = 0,
                                          .guard = guard,
                                          .heap = image,
                                          .record = record,
                                          .on_refuse = on_refuse,
                                          .keeper = &keeping.keeper,
                                          .kept_root = root},
                            hooks());
    }
    Module::Switched switch_kept(const std::string &refusal = "") {
        std::unique_ptr<Generation> generation = next(all_callbacks());
        generation->recipe = recipe_of(generation->code);
        candidate = {0, std::move(generation), PhaseTimes(clock.now()), nullptr};
        candidate.refusal = refusal;
        return kept->switch_to(candidate, clock);
    }
    // A first run of two steps, which leaves the root.
    void *run_once() {
        make();
        EXPECT_FALSE(switch_kept().failure);
        EXPECT_FALSE(kept->step());
        EXPECT_FALSE(kept->step());
        EXPECT_FALSE(kept->shutdown());
        keeping.loop.run_posted();
        take_calls();
        return kept->context().state;
    }
    std::optional<KeptState> in_file() {
        keeping.loop.run_posted();
        return keeping.kept();
    }
    int counter() const { return *static_cast<const int *>(kept->context().state); }

    FakeHeapImage image;
    HeapKeeping keeping{clock, files, image};
    std::optional<Module> kept;
};

TEST_F(ModuleKeepTest, CodeThatHasProvenItselfIsKeptAndEachSnapshotAfterIt) {
    make();
    EXPECT_FALSE(switch_kept().failure);
    EXPECT_FALSE(in_file());
    EXPECT_FALSE(kept->step());
    EXPECT_EQ(in_file()->step, 1U);
    EXPECT_EQ(in_file()->state, reinterpret_cast<std::uintptr_t>(kept->context().state));
    EXPECT_FALSE(kept->step());
    EXPECT_EQ(in_file()->step, 1U);
    kept->take_snapshot();
    EXPECT_EQ(in_file()->step, 2U);
    EXPECT_TRUE(keeping.warnings.empty()) << keeping.warnings[0];
}

TEST_F(ModuleKeepTest, TheNextRunGoesOnWithTheRootAndItsInit) {
    void *const root = run_once();
    make(root);
    const Module::Switched switched = switch_kept();
    EXPECT_EQ(switched.state, StateOutcome::kKept);
    EXPECT_EQ(kept->context().state, root);
    EXPECT_FALSE(kept->step());
    EXPECT_EQ(counter(), 3);
    EXPECT_EQ(kept->context().step, 1U) << "of this run";
    EXPECT_EQ(take_calls(), (Words{"on_switch 2", "init 2", "step 2"}));
}

TEST_F(ModuleKeepTest, AFirstGenerationThatFailsLeavesTheFileAndTheNextOneGetsTheState) {
    void *const root = run_once();
    const std::optional<KeptState> before = in_file();
    make(root);
    guard.fail_next(CallKind::kStep);
    EXPECT_FALSE(switch_kept().failure);
    EXPECT_TRUE(kept->step());
    EXPECT_FALSE(kept->shutdown());
    EXPECT_EQ(in_file(), before);
    EXPECT_EQ(switch_kept().state, StateOutcome::kKept);
    EXPECT_FALSE(kept->step());
    EXPECT_EQ(counter(), 3);
}

TEST_F(ModuleKeepTest, WhatShutdownLeavesIsKept) {
    trace.effects[CallKind::kShutdown] = [](hotrun_context *context) {
        context->release(context, context->state);
        context->state = nullptr;
    };
    run_once();
    EXPECT_EQ(in_file()->state, 0U);
}

TEST_F(ModuleKeepTest, AShutdownThatFailsLosesNoStep) {
    make();
    EXPECT_FALSE(switch_kept().failure);
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(kept->step());
    trace.effects[CallKind::kShutdown] = [](hotrun_context *context) {
        *static_cast<int *>(context->state) = -1;
    };
    guard.fail_next(CallKind::kShutdown);
    EXPECT_TRUE(kept->shutdown());
    EXPECT_EQ(in_file()->step, 4U);
    EXPECT_EQ(counter(), 4);
}

TEST_F(ModuleKeepTest, OfAParkedModuleTheLastSnapshotIsKept) {
    make();
    EXPECT_FALSE(switch_kept().failure);
    EXPECT_FALSE(kept->step());
    EXPECT_FALSE(kept->step());
    kept->take_snapshot();
    guard.fail_next(CallKind::kStep);
    EXPECT_TRUE(kept->step());
    EXPECT_FALSE(kept->shutdown());
    EXPECT_EQ(in_file()->step, 2U);
}

TEST_F(ModuleKeepTest, StateThatCantBeCarriedOverIsRefusedWithNothingToGoBackTo) {
    make(run_once());
    const std::optional<KeptState> before = in_file();
    const Module::Switched switched = switch_kept("a type has changed");
    ASSERT_TRUE(switched.failure);
    EXPECT_EQ(switched.failure->refusal, "a type has changed");
    EXPECT_EQ(switched.failure->to, 0U);
    EXPECT_FALSE(kept->steps());
    EXPECT_FALSE(kept->shutdown());
    EXPECT_EQ(in_file(), before);
    EXPECT_EQ(take_calls(), Words{});
}

TEST_F(ModuleKeepTest, OrIsSetAsideOnceFreshStateHasProvenItself) {
    make(run_once(), OnRefuse::kFresh);
    const Module::Switched switched = switch_kept("a type has changed");
    EXPECT_FALSE(switched.failure);
    EXPECT_EQ(switched.state, StateOutcome::kFresh);
    EXPECT_EQ(switched.detail, "fresh state, since a type has changed");
    EXPECT_EQ(in_file()->step, 2U);
    EXPECT_FALSE(files.exists("/s/heap.bak"));
    EXPECT_FALSE(kept->step());
    EXPECT_EQ(counter(), 1);
    EXPECT_EQ(in_file()->step, 1U);
    EXPECT_TRUE(files.exists("/s/heap.bak"));
}

TEST_F(ModuleKeepTest, AProcessThatTakesOverKeepsWhatItWasHanded) {
    run_once();
    record.step = 2;
    const ModuleRecord before = record;
    HeapKeeper next({keeping.loop, files, keeping.file, image, [](const Error &) {}}, "game", {});
    const Module resumed("game",
                         {.index = 0,
                          .guard = guard,
                          .heap = image,
                          .record = record,
                          .resumes = true,
                          .keeper = &next},
                         hooks());
    const std::uint64_t commits = keeping.file.commit_count();
    EXPECT_EQ(in_file()->generation, before.generation);
    EXPECT_EQ(keeping.file.commit_count(), commits + 1);
}

} // namespace
} // namespace hotrun
