#include "support/engine_world.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

class EngineRequests : public testing::Test {
  protected:
    EngineRequests() { world.start_ready(); }

    ControlledRun::OnOutcome into(std::vector<ChangeOutcome> &outcomes) {
        return [&outcomes](const ChangeOutcome &outcome) { outcomes.push_back(outcome); };
    }
    void notify(const std::string &path = EngineWorld::kSource) {
        world.engine.notify({path}, into(outcomes));
    }
    // An editor writes the file, and tells of it before the watcher is read.
    void save_and_notify(const std::string &content) {
        world.save_unread(EngineWorld::kSource, content);
        notify();
    }
    void finish_and_switch(const std::string &mark) {
        world.finish_build(mark);
        world.host_switches();
    }
    Words statuses() const {
        Words words;
        for (const ChangeOutcome &outcome : outcomes)
            words.emplace_back(to_word(outcome.status));
        return words;
    }

    EngineWorld world;
    std::vector<ChangeOutcome> outcomes;
};

TEST_F(EngineRequests, TheEditorsSaveAndTheWatchersEventAreOneBuild) {
    world.words();
    save_and_notify("second");
    world.watcher.drain();
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started"}));
    EXPECT_EQ(world.observer.last<ChangeEvent>().source, ChangeSource::kEditor);
    EXPECT_EQ(outcomes.size(), 0u);
    world.finish_build("two");
    EXPECT_EQ(outcomes.size(), 0u) << "built, and not live yet";
    world.host_switches();
    EXPECT_EQ(statuses(), Words{"live"});
    EXPECT_EQ(outcomes.front().modules.front().generation, 2u);
    EXPECT_EQ(world.words(),
              (Words{"build_finished ok", "reloaded game 2 kept", "retired game 1 mapped"}));
    EXPECT_EQ(world.build_count(), 2u);
}

TEST(Engine, WhoWaitsForQuietIsToldOnceTheHostHasToldOfAll) {
    EngineWorld world;
    int told = 0;
    const auto count = [&] { ++told; };
    world.engine.when_quiet(count);
    world.start();
    EXPECT_EQ(told, 0);
    world.finish_build("one");
    EXPECT_EQ(told, 0);
    world.host_switches();
    EXPECT_EQ(told, 1);
    world.engine.when_quiet(count);
    EXPECT_EQ(told, 2) << "at once";
    world.save(EngineWorld::kSource, "second");
    world.finish_build("two");
    world.engine.when_quiet(count);
    EXPECT_EQ(told, 2);
    world.host_switches();
    EXPECT_EQ(told, 3);
}

TEST_F(EngineRequests, TheEditorMayComeSecond) {
    world.save(EngineWorld::kSource, "second");
    notify();
    finish_and_switch("two");
    notify();
    EXPECT_EQ(statuses(), (Words{"live", "live"})) << "also when it is live by then";
    EXPECT_EQ(world.observer.last<ChangeEvent>().source, ChangeSource::kWatch);
    EXPECT_EQ(world.build_count(), 2u);
}

TEST_F(EngineRequests, AFailedBuildIsAnsweredWithItsDiagnostics) {
    save_and_notify("broken");
    world.fail_build("oops");
    ASSERT_EQ(statuses(), Words{"failed"});
    ASSERT_EQ(outcomes.front().diagnostics.size(), 1u);
    EXPECT_EQ(outcomes.front().diagnostics.front().message, "oops");
    EXPECT_EQ(outcomes.front().modules.front().generation, 1u);
    notify();
    ASSERT_EQ(statuses(), (Words{"failed", "failed"})) << "asked again, with no save in between";
    EXPECT_EQ(outcomes.back().diagnostics.size(), 1u);
    EXPECT_EQ(world.build_count(), 2u);
    save_and_notify("mended");
    finish_and_switch("two");
    EXPECT_EQ(statuses().back(), "live");
    EXPECT_EQ(outcomes.back().diagnostics.size(), 0u);
}

TEST_F(EngineRequests, ARejectedLibraryIsAnsweredWithTheReason) {
    save_and_notify("second");
    world.files.write(EngineWorld::kLibrary, "no library");
    world.run().end(0);
    ASSERT_EQ(statuses(), Words{"rejected"});
    EXPECT_TRUE(outcomes.front().detail.starts_with("game: ")) << outcomes.front().detail;
}

TEST_F(EngineRequests, CodeThatIsRolledBackIsAnsweredSo) {
    save_and_notify("second");
    world.finish_build("two");
    FailureReport report;
    report.module = 0;
    report.from = 2;
    report.to = 1;
    report.fault.signal = "SIGSEGV";
    world.host_failed(std::move(report));
    ASSERT_EQ(statuses(), Words{"rolled_back"});
    EXPECT_EQ(outcomes.front().detail, "game: crash, SIGSEGV, in hotrun_step");
}

TEST_F(EngineRequests, WhatChangesNothingIsAnsweredAtOnce) {
    world.files.write("/p/README", "text");
    notify("/p/README");
    notify(EngineWorld::kSource);
    notify("/p/absent");
    EXPECT_EQ(statuses(), (Words{"nothing", "nothing", "nothing"}));
    EXPECT_EQ(world.build_count(), 1u);
    EXPECT_EQ(world.loop.alarm_count(), 0u);
}

TEST_F(EngineRequests, ABuildThatChangesNoLibraryIsNothing) {
    save_and_notify("a comment");
    world.run().end(0);
    EXPECT_EQ(statuses(), Words{"nothing"});
}

TEST_F(EngineRequests, ASaveDuringTheBuildIsWaitedFor) {
    save_and_notify("second");
    world.loop.advance(milliseconds(1));
    save_and_notify("third");
    world.run().end(1); // cancelled
    EXPECT_EQ(outcomes.size(), 0u);
    world.loop.advance(BuildDriver::kQuiet);
    finish_and_switch("three");
    EXPECT_EQ(statuses(), (Words{"live", "live"}));
    EXPECT_EQ(outcomes.back().modules.front().generation, 2u);
}

TEST_F(EngineRequests, AnEditorThatWaitsForQuietWaitsForTheNextBuild) {
    save_and_notify("second");
    save_and_notify("third");
    world.run().end(1);
    save_and_notify("fourth"); // due
    EXPECT_EQ(world.build_count(), 2u);
    world.loop.advance(BuildDriver::kQuiet);
    finish_and_switch("four");
    EXPECT_EQ(statuses(), (Words{"live", "live", "live"}));
    EXPECT_EQ(world.build_count(), 3u);
}

TEST_F(EngineRequests, ABuildThatIsMadeAgainAfterAnotherMesonIsWaitedFor) {
    world.save_unread(EngineWorld::kMesonBuild, "second");
    notify(EngineWorld::kMesonBuild);
    world.run().print("ERROR: Some other Meson process is already using this build directory.\n");
    world.run().end(1);
    EXPECT_EQ(outcomes.size(), 0u);
    world.run().end(0); // flock
    finish_and_switch("two");
    EXPECT_EQ(statuses(), Words{"live"});
    EXPECT_EQ(outcomes.front().diagnostics.size(), 0u);
}

TEST_F(EngineRequests, ARemovedFileCountsAtOnce) {
    static_cast<void>(world.files.remove(EngineWorld::kHeader));
    notify(EngineWorld::kHeader);
    EXPECT_TRUE(world.build_runs());
    world.fail_build("game.h: No such file");
    EXPECT_EQ(statuses(), Words{"failed"});
}

TEST_F(EngineRequests, PathsThroughLinksLeadToTheFile) {
    world.files.make_link("/q", "/p/src");
    world.save_unread(EngineWorld::kSource, "second");
    notify("/q/game.cpp");
    EXPECT_TRUE(world.build_runs());
    finish_and_switch("two");
    EXPECT_EQ(statuses(), Words{"live"});
}

TEST_F(EngineRequests, FilesThatBelongToTheRunAreKnownUnderEachName) {
    world.files.make_link("/q", "/p/src");
    const Words paths = {EngineWorld::kSource, "/q/game.cpp", "/p/src/other.cpp", "/absent"};
    EXPECT_EQ(world.engine.watched_among(paths), (Words{EngineWorld::kSource, "/q/game.cpp"}));
}

TEST_F(EngineRequests, BuildRunsNinjaWithoutAChange) {
    world.words();
    world.engine.build(into(outcomes));
    EXPECT_EQ(world.words(), Words{"build_started"});
    EXPECT_EQ(world.observer.last<BuildStartedEvent>().cause_seq, std::nullopt);
    world.engine.build(into(outcomes));
    world.run().end(0);
    EXPECT_EQ(statuses(), (Words{"nothing", "nothing"}));
    EXPECT_EQ(world.build_count(), 2u) << "the second one waits for the first";
    world.engine.build(into(outcomes));
    finish_and_switch("two");
    EXPECT_EQ(statuses().back(), "live");
}

TEST_F(EngineRequests, ReloadLoadsWhatRunsAlready) {
    world.words();
    world.engine.reload(into(outcomes));
    EXPECT_EQ(outcomes.size(), 0u);
    world.host_switches();
    EXPECT_EQ(statuses(), Words{"live"});
    EXPECT_EQ(world.words(), (Words{"reloaded game 2 kept", "retired game 1 mapped"}));
    EXPECT_EQ(world.live_mark(), "one");
    EXPECT_EQ(world.build_count(), 1u);
    world.engine.build(into(outcomes));
    world.run().end(0);
    EXPECT_EQ(statuses().back(), "nothing") << "it counts as new once";
}

TEST_F(EngineRequests, ReloadWaitsForABuild) {
    world.save(EngineWorld::kSource, "second");
    world.engine.reload(into(outcomes));
    world.run().end(0); // the library is as it was
    world.host_switches();
    EXPECT_EQ(statuses(), Words{"live"});
    EXPECT_EQ(outcomes.back().modules.front().generation, 2u);
}

TEST_F(EngineRequests, AFailedBuildAnswersReloadAndForgetsIt) {
    world.save(EngineWorld::kSource, "broken");
    world.engine.reload(into(outcomes));
    world.fail_build("oops");
    EXPECT_EQ(statuses(), Words{"failed"});
    save_and_notify("as before");
    world.run().end(0);
    EXPECT_EQ(statuses(), (Words{"failed", "nothing"}));
}

TEST_F(EngineRequests, TheEndOfTheRunAnswersEverybody) {
    save_and_notify("second");
    world.engine.stop();
    EXPECT_EQ(statuses(), Words{"cancelled"});
    notify();
    world.engine.build(into(outcomes));
    world.engine.reload(into(outcomes));
    EXPECT_EQ(statuses(), (Words{"cancelled", "cancelled", "cancelled", "cancelled"}));
}

TEST_F(EngineRequests, StatusSaysWhatIsGoingOn) {
    EXPECT_EQ(world.engine.status().state, RunState::kIdle);
    EXPECT_EQ(world.engine.status().run.modules.front().generation, 1u);
    EXPECT_EQ(world.engine.status().last_build->status, BuildStatus::kOk);
    world.save(EngineWorld::kSource, "second");
    EXPECT_EQ(world.engine.status().state, RunState::kBuilding);
    world.finish_build("two");
    EXPECT_EQ(world.engine.status().state, RunState::kSwitching);
    world.host_switches();
    EXPECT_EQ(world.engine.status().state, RunState::kIdle);
    EXPECT_EQ(world.engine.status().run.modules.front().generation, 2u);
    world.save(EngineWorld::kSource, "broken");
    world.fail_build("oops");
    EXPECT_EQ(world.engine.status().last_build->status, BuildStatus::kFailed);
    EXPECT_EQ(world.engine.status().last_build->diagnostics.size(), 1u);
}

class EngineRequestsAtStart : public testing::Test {
  protected:
    EngineWorld world;
    std::vector<OutcomeStatus> statuses;
    ControlledRun::OnOutcome take = [this](const ChangeOutcome &outcome) {
        statuses.push_back(outcome.status);
    };
};

TEST_F(EngineRequestsAtStart, WaitForTheFirstBuild) {
    world.engine.start(); // the graph is read
    EXPECT_EQ(world.engine.status().state, RunState::kStarting);
    world.engine.notify({EngineWorld::kSource}, take);
    world.engine.build(take);
    world.engine.reload(take);
    world.answer_graph();
    world.finish_build("one");
    EXPECT_EQ(statuses.size(), 0u);
    world.host_switches();
    EXPECT_EQ(statuses, std::vector<OutcomeStatus>(3, OutcomeStatus::kLive));
    EXPECT_EQ(world.build_count(), 1u);
}

// Whether it was asked before or after the first build of the process that goes on.
TEST_F(EngineRequestsAtStart, LearnWhatMadeTheProcessReplaceItself) {
    world.engine.set_ready();
    RolledBackEvent crash;
    crash.module = "game";
    world.events.tell(crash);
    world.start();
    world.engine.notify({EngineWorld::kSource}, take);
    world.run().end(0);
    world.engine.notify({EngineWorld::kSource}, take);
    EXPECT_EQ(statuses, std::vector<OutcomeStatus>(2, OutcomeStatus::kRolledBack));
    world.engine.build(take);
    world.run().end(0);
    world.engine.notify({EngineWorld::kSource}, take);
    EXPECT_EQ(statuses.back(), OutcomeStatus::kNothing);
}

TEST_F(EngineRequestsAtStart, AreAnsweredWhenTheFirstBuildFails) {
    world.start();
    world.engine.notify({EngineWorld::kSource}, take);
    world.fail_build("oops");
    EXPECT_EQ(statuses, std::vector<OutcomeStatus>{OutcomeStatus::kFailed});
}

} // namespace
} // namespace hotrun
