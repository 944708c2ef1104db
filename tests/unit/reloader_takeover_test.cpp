// A reloader in the process that has taken over.
#include "unit/reloader_test.hpp"

#include "core/code_recipe.hpp"
#include "support/run_record_memory.hpp"

namespace hotrun {
namespace {

using Where = FailureRecord::Where;

// In the process before, the game is at generation 2 and the music, which needs nothing, at 1.
class TakeoverTest : public ReloaderTest {
  protected:
    TakeoverTest() {
        reload("game", "one");
        reload("game", "two");
        reload("music", "one");
        for (std::size_t i = 0; i < 2; ++i) {
            ModuleRecord &module = record().modules()[i];
            module.generation = module.last_number = host.live(i)->number;
            module.init_returned = true;
            copy_recipe(host.live(i)->code, module.code);
        }
        words();
    }

    RunRecord &record() { return memory.record(); }
    ModuleRecord &game() { return record().modules()[0]; }
    static void copy_recipe(const LiveLibrary::Shared &code, char *to) {
        recipe_of(code).copy(to, ModuleRecord::kCodeBytes - 1);
    }

    // The candidate runs, and has not proven itself.
    void switch_to_candidate(const std::string &mark) {
        build("game", mark);
        look();
        before = host.switch_now();
        game().candidate = game().last_number = 3;
        copy_recipe(host.live(0)->code, game().candidate_code);
    }
    void fail_in(CallKind kind) {
        FailureRecord &failure = record().failure;
        failure.where = Where::kCall;
        failure.site = {0, kind};
        failure.signal_number = 11;
        std::string("SIGSEGV").copy(failure.signal, sizeof failure.signal - 1);
    }

    // The game has been patched in the process before.
    void set_patched() {
        std::vector<CodeRecipe> recipes = *parse_recipe(game().code);
        recipes.back().patches = {0x7c0000000000, 0x7c0000001000};
        hotrun::copy_recipe(text_of(recipes), game().code);
    }

    std::optional<int> take_over(OnCrash on_crash = OnCrash::kPark) {
        next.emplace(
            HotLibrary::Services{files, loader, processes, clock}, loop, events, next_handover,
            std::vector<ModuleTarget>{{"game", "/b/libgame.so"}, {"music", "/b/libmusic.so"}},
            true);
        loader.loaded.clear();
        const std::optional<int> status = next->take_over(record(), on_crash);
        next->set_ready();
        return status;
    }
    bool look_next() { return next->look(Writer::kSomebodyElse, PhaseTimes(clock.now())); }
    // What is offered, and switched to: "game 2 resumed".
    Words switch_next() {
        Words switched;
        for (SwitchReport &report : next_host.switch_now()) {
            switched.push_back((report.module == 0 ? "game " : "music ") +
                               std::to_string(report.generation) +
                               (report.resumed ? " resumed" : "") +
                               (next_host.is_parked(report.module) ? " parked" : ""));
            next->switched(std::move(report));
        }
        loop.run_posted();
        return switched;
    }

    std::vector<SwitchReport> before;
    RunRecordMemory memory{2};
    Handover next_handover{[] {}};
    std::optional<Reloader> next;
    FakeHost next_host{next_handover, clock};
};

TEST_F(TakeoverTest, CandidateThatFailedIsRememberedAsBad) {
    switch_to_candidate("three");
    fail_in(CallKind::kReload);
    EXPECT_EQ(take_over(OnCrash::kExit), std::nullopt);
    EXPECT_EQ(words(), (Words{"restarted", "rolled_back game 3 to 2 crash"}));
    EXPECT_EQ(loader.loaded, (Words{"/b/libgame_live.42.2.so", "/b/libmusic_live.42.1.so"}));
    EXPECT_FALSE(files.exists("/b/libgame_live.42.3.so"));
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed", "music 1 resumed"}));
    EXPECT_EQ(words(), Words{}) << "they have been told by the process before";
    EXPECT_EQ(next->statuses()[0].generation, 2u);
    EXPECT_TRUE(look_next());
    EXPECT_FALSE(next_handover.has_news());
    EXPECT_EQ(record().failure.where, Where::kNowhere);
    EXPECT_EQ(game().candidate, 0u);
}

TEST_F(TakeoverTest, StalledCallIsOfTheCodeThatGoesOn) {
    switch_to_candidate("three");
    fail_in(CallKind::kReload);
    take_over();
    next->stalled(0, {});
    EXPECT_EQ(words().back(), "stalled game 2") << "in its hotrun_reload";
    switch_next();
    build("game", "four");
    look_next();
    next->stalled(0, {});
    EXPECT_EQ(words().back(), "stalled game 2") << "with an offer that it has not taken";
}

TEST_F(TakeoverTest, NewerFileThanTheOneThatFailedIsLoaded) {
    switch_to_candidate("three");
    fail_in(CallKind::kStep);
    take_over();
    switch_next();
    look_next();
    words();
    build("game", "three");
    look_next();
    EXPECT_EQ(switch_next(), Words{"game 4"});
    EXPECT_EQ(next_host.live(0)->code->copy.path(), "/b/libgame_live.42.4.so");
    EXPECT_EQ(words(), (Words{"reloaded game 4 kept", "retired game 2 mapped"}));
}

TEST_F(TakeoverTest, PatchedCodeIsFollowedByItsLibrary) {
    set_patched();
    fail_in(CallKind::kUnload);
    take_over();
    switch_next();
    words();
    build("game", "three");
    look_next();
    switch_next();
    EXPECT_EQ(words().front(), "reloaded game 3 kept, patches are lost with their process");
}

TEST_F(TakeoverTest, LibraryThatComesBeforePatchedCodeIsTakenIsToldAsSuchToo) {
    set_patched();
    fail_in(CallKind::kUnload);
    take_over();
    words();
    build("game", "three");
    look_next();
    EXPECT_EQ(switch_next(), (Words{"music 1 resumed", "game 2 resumed", "game 3"}));
    EXPECT_EQ(words().front(), "reloaded game 3 kept, patches are lost with their process");
}

TEST_F(TakeoverTest, CodeThatFailedInALaterStepIsParked) {
    fail_in(CallKind::kStep);
    EXPECT_EQ(take_over(), std::nullopt);
    EXPECT_EQ(words(), (Words{"restarted", "rolled_back game 2 to 2 crash"}));
    EXPECT_TRUE(game().parked);
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed parked", "music 1 resumed"}));
    EXPECT_EQ(next->statuses()[0].generation, 2u);
    EXPECT_TRUE(look_next());
    EXPECT_FALSE(next_handover.has_news());
    build("game", "two");
    look_next();
    EXPECT_EQ(switch_next(), Words{"game 3"}) << "the same content, saved again";
}

TEST_F(TakeoverTest, OnCrashRestartGoesOnAfterALaterStep) {
    fail_in(CallKind::kStep);
    EXPECT_EQ(take_over(OnCrash::kRestart), std::nullopt);
    EXPECT_FALSE(game().parked);
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed", "music 1 resumed"}));
}

TEST_F(TakeoverTest, OnCrashRestartWaitsForCodeThatWasOnItsWay) {
    fail_in(CallKind::kStep);
    record().code_expected = true;
    record().restarts_in_vain = 1;
    take_over(OnCrash::kRestart);
    EXPECT_EQ(words(), (Words{"restarted", "rolled_back game 2 to 2 crash"}));
    EXPECT_TRUE(observer.last<RolledBackEvent>().parked);
    EXPECT_TRUE(observer.last<RolledBackEvent>().waits);
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed parked", "music 1 resumed"}));
    EXPECT_TRUE(next->restart_due());
    EXPECT_EQ(record().restarts_in_vain, 0u) << "the restart that counts is yet to come";
    // Nothing comes of that code.
    take_over(OnCrash::kRestart);
    EXPECT_EQ(words(), Words{"restarted"}) << "the failure has been told";
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed", "music 1 resumed"}));
    EXPECT_FALSE(next->restart_due());
    EXPECT_EQ(record().failure.where, Where::kNowhere);
}

TEST_F(TakeoverTest, OnCrashRestartGoesOnAfterAWaitForCodeThatDidNotMendIt) {
    fail_in(CallKind::kStep);
    record().failure.is_told = true;
    game().parked = game().restart_due = true;
    take_over(OnCrash::kRestart);
    EXPECT_EQ(words(), Words{"restarted"});
    EXPECT_TRUE(record().code_expected) << "until it is known whether there is any";
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed", "music 1 resumed"}));
    EXPECT_FALSE(game().restart_due);
    // Or that code has ended the process.
    switch_to_candidate("three");
    fail_in(CallKind::kReload);
    record().failure.is_told = false;
    game().parked_before = game().restart_due = true;
    take_over(OnCrash::kRestart);
    EXPECT_EQ(words(), (Words{"restarted", "rolled_back game 3 to 2 crash"}));
    EXPECT_FALSE(observer.last<RolledBackEvent>().parked);
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed", "music 1 resumed"}));
}

TEST_F(TakeoverTest, OnCrashExitEndsTheRunAfterALaterStep) {
    fail_in(CallKind::kStep);
    EXPECT_EQ(take_over(OnCrash::kExit), std::optional(139));
    EXPECT_EQ(words(), (Words{"restarted", "rolled_back game 2 to 2 crash"}));
}

// The switch that it was a part of goes on with the file that is there.
TEST_F(TakeoverTest, CrashInUnloadLeavesTheNewFileToBeLoaded) {
    build("game", "three");
    fail_in(CallKind::kUnload);
    take_over();
    EXPECT_EQ(words(), Words{"restarted"});
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed parked", "music 1 resumed"}));
    look_next();
    EXPECT_EQ(switch_next(), Words{"game 3"});
    EXPECT_EQ(words(), (Words{"reloaded game 3 kept", "retired game 2 mapped"}));
}

TEST_F(TakeoverTest, CrashInShutdownIsToldAndNothingGoesOn) {
    fail_in(CallKind::kShutdown);
    record().stopping = true;
    EXPECT_EQ(take_over(), std::nullopt);
    EXPECT_EQ(words(), (Words{"restarted", "rolled_back game 2 to 2 crash"}));
    EXPECT_FALSE(next_handover.has_news());
    EXPECT_EQ(loader.loaded, Words{});
}

TEST_F(TakeoverTest, CrashInTheReloadOfResumedCodeParksIt) {
    fail_in(CallKind::kReload);
    EXPECT_EQ(take_over(OnCrash::kRestart), std::nullopt);
    EXPECT_EQ(words(), (Words{"restarted", "rolled_back game 2 to 2 crash"}));
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed parked", "music 1 resumed"}));
}

TEST_F(TakeoverTest, FileWhoseConstructorsFailedIsRejectedOnce) {
    build("game", "three");
    FailureRecord &failure = record().failure;
    failure.where = Where::kConstructor;
    failure.signal_number = 6;
    std::string("SIGABRT").copy(failure.signal, sizeof failure.signal - 1);
    std::string("/b/libgame.so").copy(failure.library, sizeof failure.library - 1);
    std::string("St13runtime_error").copy(failure.exception_type, 100);
    failure.library_timestamp = files.timestamp("/b/libgame.so").value();
    take_over();
    EXPECT_EQ(words(), Words{"restarted"});
    const auto event = observer.last<RestartedEvent>();
    EXPECT_EQ(event.pid, FakeProcessTable::kOwnPid);
    EXPECT_EQ(event.exit_status, 134);
    EXPECT_EQ(event.reason,
              "SIGABRT, by an exception of type std::runtime_error in static constructors");
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed", "music 1 resumed"}));
    look_next();
    look_next();
    EXPECT_EQ(words(), Words{"rejected game constructor runs 2"});
    EXPECT_EQ(observer.last<RejectedEvent>().detail,
              "its static constructors end in SIGABRT, by an exception of type "
              "std::runtime_error");
    build("game", "four");
    look_next();
    EXPECT_EQ(switch_next(), Words{"game 3"});
}

TEST_F(TakeoverTest, CrashInDestructorsLeavesEverythingAsItIs) {
    record().failure.where = Where::kDestructor;
    take_over();
    EXPECT_EQ(words(), Words{"restarted"});
    EXPECT_EQ(switch_next(), (Words{"game 2 resumed", "music 1 resumed"}));
    EXPECT_TRUE(look_next());
    EXPECT_FALSE(next_handover.has_news());
    EXPECT_EQ(words(), Words{});
}

TEST_F(TakeoverTest, CallThatDidNotReturnIsATimeout) {
    fail_in(CallKind::kStep);
    record().failure.reason = RollBackReason::kTimeout;
    take_over();
    EXPECT_EQ(observer.all<RestartedEvent>().back().reason,
              "a call that did not return in hotrun_step of game");
    EXPECT_EQ(words().back(), "rolled_back game 2 to 2 timeout");
}

TEST_F(TakeoverTest, FirstGenerationThatFailedLeavesNone) {
    game() = {};
    game().candidate = game().last_number = 1;
    copy_recipe(host.live(0)->code, game().candidate_code);
    fail_in(CallKind::kInit);
    take_over();
    EXPECT_EQ(words(), (Words{"restarted", "rolled_back game 1 to 0 crash"}));
    EXPECT_EQ(switch_next(), Words{"music 1 resumed"});
    look_next();
    EXPECT_FALSE(next_handover.has_news());
    build("game", "three");
    look_next();
    EXPECT_EQ(switch_next(), Words{"game 2"});
}

TEST_F(TakeoverTest, WhatIsNotTakenYetIsOfferedAgain) {
    record().failure.where = Where::kDestructor;
    take_over();
    build("music", "two");
    look_next();
    EXPECT_EQ(switch_next(), (Words{"music 1 resumed", "game 2 resumed", "music 2"}))
        << "the state of music has to follow it into this process before newer code takes over";
    EXPECT_FALSE(next->in_flight());
}

TEST_F(TakeoverTest, CodeWhoseCopyIsGoneIsLoadedAnewFromTheFile) {
    static_cast<void>(files.remove("/b/libgame_live.42.2.so"));
    record().failure.where = Where::kDestructor;
    take_over();
    EXPECT_EQ(switch_next(), Words{"music 1 resumed"});
    look_next();
    EXPECT_EQ(switch_next(), Words{"game 3"});
}

TEST_F(TakeoverTest, ResumedCodeLeavesTheProcessAsAnyOther) {
    record().failure.where = Where::kDestructor;
    take_over();
    switch_next();
    look_next();
    for (std::size_t n = 0; n < RetiredCode::kKept + 1; ++n) {
        EXPECT_TRUE(loader.closed.empty());
        build("game", std::to_string(n));
        look_next();
        EXPECT_EQ(switch_next().size(), 1u);
    }
    EXPECT_EQ(loader.closed, Words{"/b/libgame_live.42.2.so"});
    EXPECT_EQ(words().back(), "retired game 2 unmapped");
}

TEST_F(LinkedReloaderTest, LinkedModulesAreResumedTogether) {
    RunRecordMemory memory(2);
    for (std::size_t i = 0; i < 2; ++i) {
        ModuleRecord &module = memory.record().modules()[i];
        module.generation = module.last_number = 1;
        recipe_of(code(i)).copy(module.code, ModuleRecord::kCodeBytes - 1);
    }
    memory.record().failure.where = Where::kDestructor;
    Handover next_handover{[] {}};
    FakeHost next_host{next_handover, clock};
    Reloader next({files, loader, processes, clock}, loop, events, next_handover,
                  {{"game", "/b/libgame.so"}, {"music", "/b/libmusic.so"}}, true);
    loader.loaded.clear();
    next.take_over(memory.record(), OnCrash::kPark);
    for (SwitchReport &report : next_host.switch_now())
        next.switched(std::move(report));
    EXPECT_EQ(loader.loaded.size(), 2u);
    EXPECT_EQ(next_host.live(1)->code->links.at(0), next_host.live(0)->code);
    EXPECT_TRUE(next.look(Writer::kSomebodyElse, PhaseTimes(clock.now())));
    EXPECT_FALSE(next_handover.has_news());
    build_game("two");
    next.look(Writer::kSomebodyElse, PhaseTimes(clock.now()));
    EXPECT_EQ(next_host.switch_now().size(), 2u);
    EXPECT_EQ(next_host.live(1)->code->links.at(0), next_host.live(0)->code);
}

} // namespace
} // namespace hotrun
