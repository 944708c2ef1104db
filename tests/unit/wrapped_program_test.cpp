#include "core/wrapped_program.hpp"

#include "support/fake_event_loop.hpp"
#include "support/fake_file_system.hpp"
#include "support/fake_program_control.hpp"
#include "support/recording_observer.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <csignal>

namespace hotrun {
namespace {

using Lines = std::vector<std::string>;

constexpr const char *kProgram = "/p/b/app";
constexpr const char *kModule = "/p/b/libgame.so";
constexpr const char *kLinked = "/p/b/libused.so";
constexpr std::chrono::milliseconds kStopTimeout{500};
constexpr CommandEnd kTerminated{128 + SIGTERM, SIGTERM};
constexpr CommandEnd kCrashed{128 + SIGSEGV, SIGSEGV};

// The program /p/b/app, in which a test plays ninja, the process and the Runner in it.
class WrappedProgramTest : public testing::Test {
  protected:
    WrappedProgramTest() { files.write(kProgram, "first"); }

    void begin_build() { events.tell(BuildStartedEvent{}); }
    void end_build(const Lines &outputs, BuildStatus status = BuildStatus::kOk) {
        BuildFinishedEvent finished;
        finished.status = status;
        for (const std::string &output : outputs)
            finished.edges.push_back({output, {}, {}});
        events.tell(finished);
        if (status == BuildStatus::kOk || status == BuildStatus::kNothing) {
            EXPECT_TRUE(program.look(Writer::kOurBuild, PhaseTimes(clock.now())));
        }
        loop.run_posted();
    }
    void build(const Lines &outputs = {"app"}, BuildStatus status = BuildStatus::kOk) {
        begin_build();
        end_build(outputs, status);
    }
    void start() {
        build();
        ASSERT_TRUE(program.is_running());
        control.calls.clear();
        observer.take_words();
    }
    std::string say_hello(const void *client = &kProgram) {
        return program.attach({control.last_pid, "/p/b", {{"game", kModule}}}, client,
                              [this](std::string line) { said.push_back(std::move(line)); });
    }
    void start_attached() {
        start();
        ASSERT_EQ(say_hello(), "");
        loop.run_posted();
    }
    void reloaded(std::uint64_t generation) {
        ReloadedEvent event;
        event.module = "game";
        event.generation = generation;
        program.told(&kProgram, event);
    }
    // Without the events of the builds.
    Lines told() {
        Lines words = observer.take_words();
        std::erase_if(words, [](const std::string &word) { return word.starts_with("build_"); });
        return words;
    }

    FakeClock clock;
    FakeEventLoop loop{clock};
    FakeFileSystem files{clock};
    RecordingObserver observer;
    EventStream events{clock, {&observer}};
    FakeProgramControl control;
    Lines said; // to the program
    Lines built_for_it;
    std::optional<int> finished;
    WrappedProgram program{
        {loop, clock, files, events, control},
        {kProgram, "app", "/p/b", {}, kStopTimeout},
        {.host_told = [] {},
         .build_modules =
             [this](const std::vector<ModuleStatus> &modules) {
                 for (const ModuleStatus &module : modules)
                     built_for_it.push_back(module.library);
             },
         .leads_to = [](const std::string &input,
                        const std::string &output) { return input == output || input == "app.o"; },
         .linked = [] { return Lines{kLinked}; },
         .finish = [this](int status) { finished = status; }}};
};

TEST_F(WrappedProgramTest, ObjectFilesAreNotForIt) {
    EXPECT_EQ(program.keep_objects({}), "the code is in a program beside hotrun");
}

TEST_F(WrappedProgramTest, StartsAfterTheFirstBuildThatSucceeds) {
    build({}, BuildStatus::kFailed);
    EXPECT_TRUE(control.calls.empty());
    build({}, BuildStatus::kNothing);
    EXPECT_EQ(control.calls, Lines{"start"});
    EXPECT_EQ(told(), Lines{"program_started 101"});
    EXPECT_EQ(program.program()->pid, 101);
    EXPECT_FALSE(program.in_flight());
}

TEST_F(WrappedProgramTest, IsRestartedOnceABuildHasMadeSomething) {
    start();
    build({"app.o"}, BuildStatus::kFailed);
    build({}, BuildStatus::kCancelled);
    EXPECT_TRUE(control.calls.empty());
    build({"app"});
    EXPECT_EQ(control.calls, Lines{"terminate"});
    EXPECT_TRUE(program.in_flight());
    program.ended(kTerminated, "SIGTERM");
    EXPECT_EQ(control.calls, (Lines{"terminate", "start"}));
    EXPECT_EQ(told(), (Lines{"program_ended SIGTERM restart", "program_started 102"}));
    build({}, BuildStatus::kNothing);
    EXPECT_EQ(control.calls.size(), 2u) << "nothing has been made since";
    EXPECT_FALSE(finished);
}

TEST_F(WrappedProgramTest, WhatACancelledBuildHasLeftIsNotStarted) {
    start();
    build({"app"});
    build({}, BuildStatus::kCancelled);
    program.ended(kTerminated, "SIGTERM");
    EXPECT_EQ(control.calls, Lines{"terminate"});
    build({}, BuildStatus::kNothing);
    EXPECT_EQ(control.calls, (Lines{"terminate", "start"}));
}

TEST_F(WrappedProgramTest, WhatWasMadeByABuildThatFailedCountsToo) {
    start();
    build({"libused.so"}, BuildStatus::kFailed);
    build({}, BuildStatus::kNothing);
    EXPECT_EQ(control.calls, Lines{"terminate"});
}

TEST_F(WrappedProgramTest, ThatDoesNotEndIsKilledAfterTheTimeout) {
    start();
    build();
    loop.advance(kStopTimeout - std::chrono::milliseconds(1));
    EXPECT_EQ(control.calls, Lines{"terminate"});
    loop.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(control.calls, (Lines{"terminate", "kill"}));
    program.ended({128 + SIGKILL, SIGKILL}, "SIGKILL");
    EXPECT_EQ(std::get<ProgramEndedEvent>(observer.events.end()[-2].body).detail,
              "it had not ended 500 ms after SIGTERM (--stop-timeout), and was killed");
    EXPECT_EQ(loop.alarm_count(), 0u);
}

TEST_F(WrappedProgramTest, SavedWhileItIsBeingRestartedStartsAfterThatBuild) {
    start();
    build();
    begin_build();
    program.ended(kTerminated, "SIGTERM");
    EXPECT_EQ(control.calls, Lines{"terminate"}) << "its file may be half written";
    end_build({"app"});
    EXPECT_EQ(control.calls, (Lines{"terminate", "start"}));
}

TEST_F(WrappedProgramTest, SavedWhileItIsBeingRestartedStartsThoughThatBuildFails) {
    start();
    build();
    begin_build();
    program.ended(kTerminated, "SIGTERM");
    end_build({}, BuildStatus::kFailed);
    EXPECT_EQ(control.calls, (Lines{"terminate", "start"}));
}

TEST_F(WrappedProgramTest, ThatCrashesWaitsForTheNextSave) {
    start();
    program.ended(kCrashed, "SIGSEGV");
    EXPECT_EQ(told(), Lines{"program_ended SIGSEGV wait"});
    build({}, BuildStatus::kFailed);
    EXPECT_TRUE(control.calls.empty());
    build();
    EXPECT_EQ(control.calls, Lines{"start"});
    program.ended({3, 0}, "");
    EXPECT_EQ(told().back(), "program_ended 3 wait");
    EXPECT_FALSE(finished);
}

TEST_F(WrappedProgramTest, EndsTheRunByStatus0AndByAnInterrupt) {
    start();
    program.ended({0, 0}, "");
    EXPECT_EQ(finished, 0);
    EXPECT_EQ(told(), Lines{"program_ended 0 end"});
}

TEST_F(WrappedProgramTest, EndsTheRunWhenItsTerminalHasGone) {
    start();
    program.ended({128 + SIGHUP, SIGHUP}, "SIGHUP");
    EXPECT_EQ(finished, 128 + SIGHUP);
}

TEST_F(WrappedProgramTest, InterruptedWhileItIsBeingRestartedEndsTheRun) {
    start();
    build();
    program.ended({128 + SIGINT, SIGINT}, "SIGINT");
    EXPECT_EQ(finished, 128 + SIGINT);
}

TEST_F(WrappedProgramTest, ThatCanNotBeStartedIsToldAndTriedAgain) {
    control.failure = Error{ErrorKind::kFailed, "can't start /p/b/app: Exec format error", 8};
    build();
    EXPECT_EQ(told(), Lines{"program_ended 127 wait"});
    EXPECT_FALSE(program.is_running());
    control.failure.reset();
    build();
    EXPECT_EQ(told(), Lines{"program_started 101"});
}

TEST_F(WrappedProgramTest, TheRunEndsWhenItHasEnded) {
    start();
    program.stop(0);
    EXPECT_EQ(control.calls, Lines{"terminate"});
    EXPECT_FALSE(finished);
    program.stop(129); // impatient
    EXPECT_EQ(control.calls.back(), "kill");
    program.ended({128 + SIGKILL, SIGKILL}, "SIGKILL");
    EXPECT_EQ(finished, 0);
    EXPECT_EQ(told(), Lines{"program_ended SIGKILL end"});
}

TEST_F(WrappedProgramTest, TheRunEndsAtOnceWhereNothingRuns) {
    program.stop(130);
    EXPECT_EQ(finished, 130);
}

TEST_F(WrappedProgramTest, BuiltBySomebodyElseIsRestartedWhenItIsWhole) {
    start();
    loop.advance(std::chrono::milliseconds(1));
    files.write(kProgram, "second");
    EXPECT_EQ(program.changed_libraries(), Lines{kProgram});
    files.set_writers(kProgram, Writers::kSome);
    EXPECT_FALSE(program.look(Writer::kSomebodyElse, PhaseTimes(clock.now())));
    EXPECT_FALSE(program.look(Writer::kSomebodyElse, PhaseTimes(clock.now())))
        << "a linker that pauses is none that has ended";
    EXPECT_TRUE(control.calls.empty());
    files.set_writers(kProgram, Writers::kNone);
    EXPECT_TRUE(program.look(Writer::kSomebodyElse, PhaseTimes(clock.now())));
    EXPECT_EQ(control.calls, Lines{"terminate"});
    EXPECT_TRUE(program.changed_libraries().empty());
}

// Our ninja, which waits for the other one, then finds nothing to do.
TEST_F(WrappedProgramTest, IsRestartedForALibraryThatSomebodyElseHasBuilt) {
    files.write(kLinked, "first");
    start();
    EXPECT_TRUE(program.is_library(kLinked));
    build({}, BuildStatus::kNothing);
    EXPECT_TRUE(control.calls.empty());
    loop.advance(std::chrono::milliseconds(1));
    files.write(kLinked, "second");
    EXPECT_EQ(program.changed_libraries(), Lines{kLinked});
    build({}, BuildStatus::kNothing);
    EXPECT_EQ(control.calls, Lines{"terminate"});
    program.ended(kTerminated, "SIGTERM");
    ASSERT_EQ(say_hello(), "");
    loop.run_posted();
    control.calls.clear();
    loop.advance(std::chrono::milliseconds(1));
    files.write(kModule, "second");
    build({}, BuildStatus::kNothing);
    EXPECT_TRUE(control.calls.empty()) << "it reloads that by itself";
    EXPECT_EQ(said.size(), 1u);
    files.write(kLinked, "third");
    build({}, BuildStatus::kNothing);
    EXPECT_EQ(control.calls, Lines{"terminate"}) << "but not what it links";
}

TEST_F(WrappedProgramTest, RunsOnWhileALibraryIsAway) {
    files.write(kLinked, "first");
    start();
    ASSERT_TRUE(files.remove(kLinked).ok());
    EXPECT_TRUE(program.look(Writer::kSomebodyElse, PhaseTimes(clock.now())));
    EXPECT_TRUE(control.calls.empty());
    loop.advance(std::chrono::milliseconds(1));
    files.write(kLinked, "second");
    EXPECT_TRUE(program.look(Writer::kSomebodyElse, PhaseTimes(clock.now())));
    EXPECT_EQ(control.calls, Lines{"terminate"});
}

TEST_F(WrappedProgramTest, IsRestartedForAModuleThatSomebodyElseHasBuiltIfItCanNotReload) {
    start_attached();
    build();
    program.ended(kTerminated, "SIGTERM");
    control.calls.clear();
    loop.advance(std::chrono::milliseconds(1));
    files.write(kModule, "second");
    EXPECT_TRUE(program.look(Writer::kSomebodyElse, PhaseTimes(clock.now())));
    EXPECT_EQ(control.calls, Lines{"terminate"});
}

TEST_F(WrappedProgramTest, ReloadOfOneThatCanNotReloadIsARestart) {
    start();
    program.load_anew();
    EXPECT_TRUE(program.look(Writer::kSomebodyElse, PhaseTimes(clock.now())));
    EXPECT_EQ(control.calls, Lines{"terminate"});
}

TEST_F(WrappedProgramTest, ThatSaysHelloIsToldOfItsModules) {
    start_attached();
    EXPECT_EQ(built_for_it, Lines{kModule});
    EXPECT_TRUE(program.is_library(kModule));
    ReadyEvent ready;
    ready.modules = {{"game", kModule, 1}};
    program.told(&kProgram, ready);
    EXPECT_EQ(told(), Lines{"program_attached game 1"});
    build({"libgame.so"});
    EXPECT_TRUE(control.calls.empty());
    ASSERT_EQ(said.size(), 1u);
    const auto candidate = boost::json::parse(said[0]).as_object();
    EXPECT_EQ(candidate.at("method"), "candidate");
    EXPECT_EQ(candidate.at("id"), 1);
    EXPECT_EQ(candidate.at("params").at("anew"), false);
    EXPECT_TRUE(program.in_flight());
    reloaded(2);
    EXPECT_TRUE(program.in_flight());
    program.answered(&kProgram, 1);
    EXPECT_FALSE(program.in_flight());
    EXPECT_EQ(told(), Lines{"reloaded game 2 kept"});
    EXPECT_EQ(program.statuses().at(0).generation, 2u);
    RolledBackEvent rolled_back;
    rolled_back.module = "game";
    rolled_back.from = 3;
    rolled_back.to = 2;
    program.told(&kProgram, rolled_back);
    EXPECT_EQ(told(), Lines{"rolled_back game 3 to 2 crash"});
}

TEST_F(WrappedProgramTest, ThatReloadsIsRestartedForWhatItIsMadeOfItself) {
    start_attached();
    build({"libgame.so"});
    EXPECT_TRUE(control.calls.empty());
    build({"app.o", "libgame.so"});
    EXPECT_EQ(control.calls, Lines{"terminate"});
    EXPECT_EQ(said.size(), 1u);
}

TEST_F(WrappedProgramTest, WhatAnEarlierConnectionSaysDoesNotCount) {
    start_attached();
    build();
    program.ended(kTerminated, "SIGTERM");
    const int other = 0;
    ASSERT_EQ(say_hello(&other), "");
    told();
    reloaded(7);
    program.detach(&kProgram);
    EXPECT_TRUE(told().empty());
    EXPECT_EQ(program.statuses().size(), 1u);
    program.detach(&other);
    EXPECT_TRUE(program.statuses().empty());
}

TEST_F(WrappedProgramTest, HelloIsRefusedWhereItDoesNotBelong) {
    EXPECT_EQ(say_hello(), "this run has no program that runs");
    start_attached();
    EXPECT_EQ(program.attach({101, "/q/b", {}}, &said, {}), "this run builds in /p/b");
    EXPECT_EQ(program.attach({7, "/p/b", {}}, &said, {}), "the process 101 has said hello already");
}

} // namespace
} // namespace hotrun
