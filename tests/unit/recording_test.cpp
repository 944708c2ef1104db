#include "core/recorder.hpp"
#include "core/recording.hpp"

#include "support/fake_event_loop.hpp"
#include "support/memory_storage.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

const RecordingHead kGameHead{"game", "/p/build"};

std::vector<std::byte> some_bytes(std::size_t count, int value) {
    return std::vector<std::byte>(count, static_cast<std::byte>(value));
}

RecordedStart start_at(std::uint64_t step) {
    return {step, {{0x7f0000001000, some_bytes(13, 1)}, {0x7f0000009000, some_bytes(8, 2)}}};
}

StepInput input_of(std::uint64_t number) {
    StepInput input{1'000'000'000 * number, 10 * number, {}};
    for (std::uint64_t i = 0; i < number % 3; ++i)
        input.events.push_back({HOTRUN_INPUT_OWN, std::string(5 * number, 'k')});
    return input;
}

// A recording of three steps behind a start at step 2.
RecordBytes whole_file() {
    RecordBytes bytes = bytes_of(kGameHead);
    append(start_at(1), bytes);
    append(input_of(1), bytes);
    append(start_at(2), bytes);
    for (std::uint64_t number = 2; number <= 4; ++number)
        append(input_of(number), bytes);
    return bytes;
}

Result<Recording> read(const RecordBytes &bytes, std::uint64_t start_step = 2) {
    MemoryDisk disk;
    return read_recording("/s/jump", MemoryStorage(disk, bytes), start_step);
}

const std::vector<StepInput> &all_steps() {
    static const std::vector<StepInput> kSteps = {input_of(2), input_of(3), input_of(4)};
    return kSteps;
}

// Of these steps the first ones, or none.
bool is_beginning(const Recording &recording) {
    if (!recording.start)
        return recording.steps.empty();
    return *recording.start == start_at(2) && recording.steps.size() <= all_steps().size() &&
           std::equal(recording.steps.begin(), recording.steps.end(), all_steps().begin());
}

TEST(Recording, IsReadBackFromTheStartThatWasKept) {
    const Result<Recording> recording = read(whole_file());
    ASSERT_TRUE(recording) << recording.error().message;
    EXPECT_EQ(recording->head, kGameHead);
    EXPECT_EQ(recording->start, start_at(2));
    EXPECT_EQ(recording->steps, all_steps());
    EXPECT_EQ(recording->cut_bytes, 0U);
}

TEST(Recording, WithoutTheStartThatWasKeptThereAreNoSteps) {
    const Result<Recording> recording = read(whole_file(), 3);
    ASSERT_TRUE(recording);
    EXPECT_FALSE(recording->start);
    EXPECT_TRUE(recording->steps.empty());
}

TEST(Recording, EveryTruncationIsRefusedOrCutAtTheLastWholeRecord) {
    const RecordBytes whole = whole_file();
    std::size_t most = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        RecordBytes cut = whole;
        cut.resize(size);
        const Result<Recording> recording = read(cut);
        EXPECT_EQ(recording.ok(), size >= bytes_of(kGameHead).size()) << size;
        if (!recording)
            continue;
        EXPECT_TRUE(is_beginning(*recording)) << size;
        EXPECT_EQ(recording->whole_bytes + recording->cut_bytes, size);
        EXPECT_GE(recording->steps.size(), most);
        most = recording->steps.size();
    }
    EXPECT_EQ(most, all_steps().size() - 1);
}

TEST(Recording, EveryFlippedBitIsRefusedOrCutsWhatComesBehind) {
    const RecordBytes whole = whole_file();
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        RecordBytes flipped = whole;
        flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        const Result<Recording> recording = read(flipped);
        if (!recording)
            continue;
        EXPECT_TRUE(is_beginning(*recording)) << bit;
        EXPECT_EQ(recording->head, kGameHead);
        EXPECT_NE(recording->cut_bytes, 0U) << bit;
    }
}

TEST(Recording, WhatIsNoneAndWhatIsOfAnotherVersionIsRefused) {
    EXPECT_EQ(read(some_bytes(200, 'x')).error().message,
              "/s/jump is no recording of hotrun: make one by hotrun --record FILE");
    RecordBytes later = whole_file();
    later[8] = std::byte{99};
    EXPECT_EQ(read(later).error().message,
              "/s/jump was recorded by another version of hotrun, or on another machine: record it "
              "anew");
    RecordBytes damaged = whole_file();
    damaged[40] ^= std::byte{1};
    EXPECT_EQ(read(damaged).error().message,
              "/s/jump is damaged (its head): put a copy of it in its place, or record it anew");
}

class RecorderTest : public testing::Test {
  protected:
    RecorderTest() { EXPECT_TRUE(file.write_at(0, head)); }

    const RecordBytes head = bytes_of(kGameHead);
    FakeClock clock;
    FakeEventLoop loop{clock};
    MemoryDisk disk;
    MemoryStorage file{disk};
    std::vector<std::string> warnings;
    Recorder recorder{
        "/s/jump",
        {loop, file, [this](const Error &error) { warnings.push_back(error.message); }},
        head.size()};
};

TEST_F(RecorderTest, WritesWhatComesBehindTheFirstStart) {
    recorder.add(input_of(1));
    recorder.begin(start_at(2));
    recorder.add(input_of(2));
    loop.run_posted();
    recorder.add(input_of(3));
    recorder.add(input_of(4));
    EXPECT_EQ(read(file.bytes())->steps.size(), 1U);
    loop.run_posted();
    EXPECT_EQ(read(file.bytes())->steps, all_steps());
    EXPECT_EQ(recorder.steps_since(2), 3U);
}

TEST_F(RecorderTest, StepsThatComeFastAreHandedOnTogether) {
    recorder.begin(start_at(2));
    recorder.add(input_of(2));
    StepInput soon = input_of(2);
    ++soon.time_ns;
    loop.run_posted();
    recorder.add(soon);
    loop.run_posted();
    EXPECT_EQ(read(file.bytes())->steps, std::vector<StepInput>{input_of(2)});
    recorder.flush();
    loop.run_posted();
    EXPECT_EQ(read(file.bytes())->steps, (std::vector<StepInput>{input_of(2), soon}));
}

TEST_F(RecorderTest, StepsAreCountedFromTheStartThatWasKept) {
    recorder.begin(start_at(1));
    recorder.add(input_of(1));
    recorder.begin(start_at(2));
    recorder.add(input_of(2));
    EXPECT_EQ(recorder.steps_since(1), 2U);
    EXPECT_EQ(recorder.steps_since(2), 1U);
}

TEST_F(RecorderTest, GoesOnBehindWhatAProcessBeforeHasRecorded) {
    recorder.begin(start_at(2));
    recorder.add(input_of(2));
    recorder.flush();
    recorder.write_waiting();
    Recorder next("/s/jump", {loop, file, [](const Error &) {}}, file.size_bytes());
    next.go_on(2, 1);
    next.add(input_of(3));
    next.add(input_of(4));
    next.write_waiting();
    EXPECT_EQ(read(file.bytes())->steps, all_steps());
    EXPECT_EQ(next.steps_since(2), 3U);
}

TEST_F(RecorderTest, ADiskThatIsFullIsToldOnceAndLeavesWholeRecords) {
    recorder.begin(start_at(2));
    recorder.add(input_of(2));
    loop.run_posted();
    disk.fault = MemoryDisk::Fault::kError;
    recorder.add(input_of(3));
    loop.run_posted();
    disk.fault = MemoryDisk::Fault::kNone;
    recorder.add(input_of(4));
    loop.run_posted();
    EXPECT_EQ(warnings,
              std::vector<std::string>{"can't write /s/heap: No space left on device; the "
                                       "recording ends there, and the run goes on"});
    EXPECT_EQ(read(file.bytes())->steps, std::vector<StepInput>{input_of(2)});
}

TEST_F(RecorderTest, ADiskThatIsTooSlowEndsTheRecording) {
    recorder.begin(start_at(2));
    const StepInput large{1, 1, {{HOTRUN_INPUT_OWN, std::string(InputQueue::kMostBytes / 2, 'x')}}};
    for (int i = 0; i < 20 && warnings.empty(); ++i)
        recorder.add(large);
    loop.run_posted();
    EXPECT_EQ(warnings, std::vector<std::string>{"/s/jump takes what is recorded too slowly; the "
                                                 "recording ends there, and the run goes on"});
}

TEST(InputQueue, TakesNoMoreThanItsLimitUntilAStepHasTakenIt) {
    InputQueue queue;
    const std::string half(InputQueue::kMostBytes / 2, 'x');
    EXPECT_TRUE(queue.push(HOTRUN_INPUT_TEXT, half));
    EXPECT_FALSE(queue.push(HOTRUN_INPUT_TEXT, half)) << "an event has a weight of its own";
    StepInput step;
    queue.take(std::chrono::milliseconds(5), step);
    EXPECT_EQ(step.events.size(), 1U);
    EXPECT_EQ(step.time_ns, 5'000'000U);
    EXPECT_EQ(step.delta_ns, 0U);
    queue.take(std::chrono::milliseconds(7), step);
    EXPECT_TRUE(step.events.empty());
    EXPECT_EQ(step.delta_ns, 2'000'000U);
    EXPECT_TRUE(queue.push(HOTRUN_INPUT_TEXT, half));
    queue.close();
    EXPECT_FALSE(queue.push(HOTRUN_INPUT_TEXT, ""));
}

} // namespace
} // namespace hotrun
