// The states that a module can go back to, and what its record says of them.
#include "unit/module_test.hpp"

namespace hotrun {
namespace {

class ModuleSnapshotTest : public CountingModuleTest {
  protected:
    // In its own words, as a process finds it that takes over.
    std::string recorded() const {
        std::string words = std::to_string(record.generation) + " of " +
                            std::to_string(record.last_number) + " at " +
                            std::to_string(record.step);
        if (record.candidate != 0)
            words += ", candidate " + std::to_string(record.candidate);
        words += record.init_returned ? ", init" : "";
        return words + (record.parked ? ", parked" : "");
    }
    // The record during each call from now on.
    void record_calls() {
        for (auto &[kind, effect] : trace.effects) {
            effect = [this, own = effect, name = name_of(kind)](hotrun_context *context) {
                recorded_calls.push_back(std::string(name) + ": " + recorded());
                own(context);
            };
        }
    }

    Words recorded_calls;
};

TEST_F(ModuleSnapshotTest, RecordSaysWhatRuns) {
    record_calls();
    run_next();
    run_next();
    EXPECT_EQ(
        recorded_calls,
        (Words{"hotrun_init: 0 of 1 at 0, candidate 1", "hotrun_step: 0 of 1 at 0, candidate 1",
               "hotrun_unload: 1 of 1 at 1, init", "hotrun_reload: 1 of 2 at 1, candidate 2, init",
               "hotrun_step: 1 of 2 at 1, candidate 2, init"}));
    EXPECT_EQ(recorded(), "2 of 2 at 2, init");
    EXPECT_EQ(std::string(record.code), "recipe of 2");
    EXPECT_EQ(record.state, reinterpret_cast<std::uintptr_t>(context().state));
}

TEST_F(ModuleSnapshotTest, RecordSaysWhatHasFailed) {
    guard.fail_next(CallKind::kInit);
    switch_to_next();
    EXPECT_EQ(recorded(), "0 of 1 at 0");
    EXPECT_EQ(std::string(record.code), "");
    run_next();
    guard.fail_next(CallKind::kReload);
    switch_to_next();
    EXPECT_EQ(recorded(), "2 of 3 at 1, init");
    EXPECT_EQ(std::string(record.candidate_code), "recipe of 3");
    EXPECT_FALSE(module.step());
    guard.fail_next(CallKind::kStep);
    EXPECT_TRUE(module.step());
    EXPECT_EQ(recorded(), "2 of 3 at 1, init, parked");
    EXPECT_FALSE(switch_to_next().failure);
    EXPECT_EQ(recorded(), "2 of 4 at 1, candidate 4, init");
    EXPECT_FALSE(module.step());
    EXPECT_EQ(recorded(), "4 of 4 at 2, init");
    EXPECT_EQ(std::string(record.code), "recipe of 4");
}

// If the old code takes the process with it, the new code is to be remembered as bad.
TEST_F(ModuleSnapshotTest, CandidateIsOneUntilTheOldCodeRunsOn) {
    run_next();
    record_calls();
    guard.fail_next(CallKind::kReload);
    switch_to_next();
    EXPECT_EQ(recorded_calls.back(), "hotrun_reload: 1 of 2 at 1, candidate 2, init");
    EXPECT_EQ(recorded(), "1 of 2 at 1, init");
}

TEST_F(ModuleSnapshotTest, RecipeThatIsTooLongIsNone) {
    for (const std::size_t length : {ModuleRecord::kCodeBytes - 1, ModuleRecord::kCodeBytes}) {
        std::unique_ptr<Generation> generation = next(all_callbacks());
        generation->recipe = std::string(length, 'x');
        EXPECT_FALSE(switch_to(std::move(generation)).failure);
        const std::size_t kept = length < ModuleRecord::kCodeBytes ? length : 0;
        EXPECT_EQ(std::string(record.candidate_code).size(), kept);
        EXPECT_FALSE(module.step());
        EXPECT_EQ(std::string(record.code).size(), kept);
    }
}

TEST_F(ModuleSnapshotTest, SnapshotIsOnlyTakenOfProvenCodeThatRuns) {
    module.take_snapshot();
    EXPECT_EQ(heap.takes.size(), 1u) << "the one of the empty heap";
    switch_to_next();
    module.take_snapshot();
    EXPECT_EQ(heap.takes.size(), 1u) << "of code that has proven nothing";
    EXPECT_FALSE(module.step());
    module.take_snapshot();
    EXPECT_EQ(heap.takes.size(), 3u);
    guard.fail_next(CallKind::kStep);
    EXPECT_TRUE(module.step());
    module.take_snapshot();
    EXPECT_EQ(heap.takes.size(), 3u) << "of a parked module";
    EXPECT_EQ(heap.restore_count, 1);
}

// By the contract no thread of the module runs between unload and reload, and only then.
TEST_F(ModuleSnapshotTest, MemoryIsGivenBackAfterUnload) {
    using enum HeapImage::Memory;
    run_next();
    module.take_snapshot();
    heap.takes.clear();
    trace.effects[CallKind::kUnload] = [this](auto) { EXPECT_EQ(heap.takes, std::vector{kKept}); };
    run_next();
    EXPECT_EQ(heap.takes, (std::vector{kKept, kGivenBack, kKept}));
}

TEST_F(ModuleSnapshotTest, HostThatStepsByItselfProvesTheCode) {
    run_next();
    EXPECT_FALSE(switch_to_next().failure);
    EXPECT_FALSE(module.is_proven());
    EXPECT_EQ(module.take_old(), nullptr);
    module.prove();
    EXPECT_TRUE(module.is_proven());
    EXPECT_EQ(recorded(), "2 of 2 at 1, init");
    const std::unique_ptr<Generation> old = module.take_old();
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->number, 1u);
    guard.fail_next(CallKind::kStep);
    const FailureReport failure = module.step().value();
    EXPECT_EQ(failure.to, 2u);
    EXPECT_TRUE(failure.parked);
}

TEST_F(ModuleSnapshotTest, ImageThatCantBeTakenIsWarnedOfOnce) {
    heap.failure = Error{ErrorKind::kFailed, "can't take a snapshot of the heap", 28};
    run_next();
    run_next();
    module.take_snapshot();
    EXPECT_EQ(warnings, Words{"can't take a snapshot of the heap"});
    EXPECT_FALSE(module.step());
    EXPECT_EQ(take_calls(), Words{"step 2"});
    EXPECT_EQ(recorded(), "2 of 2 at 2, init");
}

TEST_F(ModuleSnapshotTest, VariablesOfCompanionsGoBackToo) {
    int own = 1;
    int of_companion = 1;
    int of_module = 1;
    const auto segment = [](int &variable) {
        return Statics{std::as_writable_bytes(std::span(&variable, 1))};
    };
    LiveLibrary companion = make_code(files, 100, {}, segment(of_companion));
    companion.is_module = false;
    LiveLibrary code = make_code(files, ++last_number, all_callbacks(), segment(own));
    code.links.push_back(std::make_shared<const LiveLibrary>(std::move(companion)));
    code.links.push_back(
        std::make_shared<const LiveLibrary>(make_code(files, 101, {}, segment(of_module))));
    EXPECT_FALSE(switch_to(generation_of(std::move(code), last_number)).failure);
    EXPECT_FALSE(module.step());
    trace.effects[CallKind::kStep] = [&](auto) { own = of_companion = of_module = 2; };
    guard.fail_next(CallKind::kStep);
    EXPECT_TRUE(module.step());
    EXPECT_EQ(own, 1);
    EXPECT_EQ(of_companion, 1);
    EXPECT_EQ(of_module, 2) << "another module's are that module's own";
}

} // namespace
} // namespace hotrun
