// What steps get as input: from outside, and from a recording.
#include "core/recorder.hpp"
#include "support/fake_event_loop.hpp"
#include "support/memory_storage.hpp"
#include "unit/hosted_modules_test.hpp"

#include <optional>

namespace hotrun {
namespace {

std::string events_of(const hotrun_input &input) {
    std::string text;
    for (std::size_t i = 0; i < input.event_count; ++i) {
        const hotrun_input_event &event = input.events[i];
        text += " " + std::to_string(event.kind) + "=" +
                std::string(static_cast<const char *>(event.bytes), event.size_bytes);
    }
    return text;
}

class InputTest : public HostedModulesTest {
  protected:
    InputTest() {
        trace.effects[CallKind::kStep] = [this](hotrun_context *context) {
            seen.push_back(std::to_string(context->input->time_ns) + " +" +
                           std::to_string(context->input->delta_ns) + events_of(*context->input));
        };
    }
    Words take_seen() { return std::exchange(seen, {}); }

    Words seen;
};

TEST_F(InputTest, AStepGetsItsTimeAndWhatWasPushedSinceTheLastOne) {
    clock.advance(std::chrono::nanoseconds(1000));
    switch_to_next_of({0});
    EXPECT_TRUE(input.push(HOTRUN_INPUT_TEXT, "a"));
    EXPECT_TRUE(input.push(HOTRUN_INPUT_OWN, std::string_view("\0b", 2)));
    const auto begin = std::chrono::nanoseconds(clock.now().time_since_epoch()).count();
    EXPECT_TRUE(hosted->step());
    clock.advance(std::chrono::nanoseconds(250));
    EXPECT_TRUE(hosted->step());
    const std::string both = std::string(" 1=a 256=") + '\0' + "b";
    EXPECT_EQ(take_seen(),
              (Words{std::to_string(begin) + " +0" + both, std::to_string(begin + 250) + " +250"}));
}

TEST_F(InputTest, EachModuleGetsTheSameAndOtherCallbacksGetNoEvents) {
    trace.effects[CallKind::kReload] = [this](hotrun_context *context) {
        seen.push_back("reload" + events_of(*context->input));
    };
    start();
    take_seen();
    input.push(HOTRUN_INPUT_TEXT, "x");
    EXPECT_TRUE(hosted->step());
    input.push(HOTRUN_INPUT_TEXT, "y");
    switch_to_next_of({1});
    const Words all = take_seen();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0], all[1]);
    EXPECT_TRUE(all[0].ends_with(" 1=x"));
    EXPECT_EQ(all[2], "reload");
}

TEST_F(InputTest, EventsWaitForAModuleThatSteps) {
    input.push(HOTRUN_INPUT_TEXT, "early");
    EXPECT_FALSE(hosted->step());
    switch_to_next_of({0});
    EXPECT_TRUE(hosted->step());
    EXPECT_TRUE(take_seen().at(0).ends_with(" 1=early"));
}

TEST_F(InputTest, WhatAStepReadsIsRecordedBeforeItCanFail) {
    FakeEventLoop loop{clock};
    MemoryDisk disk;
    MemoryStorage file(disk, bytes_of({"game", ""}));
    Recorder writer("/s/jump", {loop, file, [](const Error &) {}}, file.size_bytes());
    recorder = &writer;
    make({});
    start();
    writer.begin({1, {}});
    input.push(HOTRUN_INPUT_TEXT, "crash");
    fail_step();
    loop.run_posted();
    const Result<Recording> recording = read_recording("/s/jump", file, 1);
    ASSERT_TRUE(recording) << recording.error().message;
    ASSERT_EQ(recording->steps.size(), 1U);
    EXPECT_EQ(recording->steps[0].events, (std::vector<InputEvent>{{HOTRUN_INPUT_TEXT, "crash"}}));
}

// The only module counts its steps in the heap; the recording was made after five of them.
class ReplayTest : public HostedModulesTest {
  protected:
    ReplayTest() {
        trace.effects[CallKind::kReload] = [](hotrun_context *context) {
            if (context->state == nullptr) {
                context->state = context->allocate(context, sizeof(int), 0);
                *static_cast<int *>(context->state) = 0;
            }
        };
        trace.effects[CallKind::kStep] = [this](hotrun_context *context) {
            seen.push_back(std::to_string(context->step) + ": " +
                           std::to_string(++*static_cast<int *>(context->state)) +
                           events_of(*context->input));
        };
        play({"/s/jump"});
    }

    void play(Replay::Plan plan) {
        Recording recording;
        recording.start = {5, {}};
        for (const char *text : {"a", "b", "c"})
            recording.steps.push_back({1000, 40, {{HOTRUN_INPUT_TEXT, text}}});
        played.emplace(std::move(plan), std::move(recording));
        replay = &*played;
        record().modules()[0] = {}; // another run
        make({});
    }
    void step(int count) {
        for (int i = 0; i < count; ++i)
            EXPECT_TRUE(hosted->step());
    }
    Words take_seen() { return std::exchange(seen, {}); }

    const Words one_pass = {"5: 1 1=a", "6: 2 1=b", "7: 3 1=c"};
    std::optional<Replay> played;
    Words seen;
};

TEST_F(ReplayTest, EachPassIsTheSame) {
    switch_to_next_of({0});
    for (int pass = 0; pass < 3; ++pass) {
        step(3);
        EXPECT_EQ(take_seen(), one_pass);
    }
    EXPECT_EQ(take_told(),
              (Words{"switched game 1", "replayed 3 of 1", "replayed 3 of 1", "replayed 3 of 1"}));
    EXPECT_EQ(take_calls().front(), "game: reload 1") << "its hotrun_init was recorded";
}

TEST_F(ReplayTest, NewCodeBeginsFromTheStart) {
    switch_to_next_of({0});
    step(4);
    take_seen();
    switch_to_next_of({0});
    step(3);
    EXPECT_EQ(take_seen(), one_pass);
    EXPECT_EQ(take_told().back(), "replayed 3 of 2");
}

TEST_F(ReplayTest, CodeThatFailsAtOnceGivesWayToTheCodeBeforeWhichBeginsFromTheStart) {
    switch_to_next_of({0});
    step(2);
    switch_to_next_of({0});
    fail_step();
    take_seen();
    step(6);
    Words two_passes = one_pass;
    two_passes.insert(two_passes.end(), one_pass.begin(), one_pass.end());
    EXPECT_EQ(take_seen(), two_passes);
    EXPECT_EQ(failures.back().to, 1U);
}

TEST_F(ReplayTest, AfterALaterFailureTheNextCodeBeginsFromTheStart) {
    switch_to_next_of({0});
    step(1);
    fail_step();
    EXPECT_FALSE(hosted->step());
    take_seen();
    switch_to_next_of({0});
    step(3);
    EXPECT_EQ(take_seen(), one_pass);
}

TEST_F(ReplayTest, OneOfOnePassEndsTheRun) {
    play({.file = "/s/jump", .once = true});
    switch_to_next_of({0});
    step(2);
    EXPECT_FALSE(handover.stop_requested());
    step(1);
    EXPECT_TRUE(handover.stop_requested());
    EXPECT_EQ(handover.exit_status(), 0);
}

TEST_F(ReplayTest, OneOfOnePassThatFailsEndsTheRunWithOne) {
    play({.file = "/s/jump", .once = true});
    switch_to_next_of({0});
    step(1);
    fail_step();
    EXPECT_TRUE(handover.stop_requested());
    EXPECT_EQ(handover.exit_status(), 1);
}

TEST_F(ReplayTest, StepsComeAtTheRecordedPaceOrAtAnother) {
    const auto pause_at = [this](double speed) {
        play({.file = "/s/jump", .speed = speed});
        EXPECT_EQ(played->pause(), Duration::zero()) << "the first one of a pass comes at once";
        switch_to_next_of({0});
        step(1);
        return std::chrono::nanoseconds(played->pause()).count();
    };
    EXPECT_EQ(pause_at(1), 40);
    EXPECT_EQ(pause_at(2), 20);
    EXPECT_EQ(pause_at(0.5), 80);
    EXPECT_EQ(pause_at(0), 0);
}

} // namespace
} // namespace hotrun
