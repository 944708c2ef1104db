#include "program_text.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

ProgramEndedEvent ended(AfterEnd next) {
    ProgramEndedEvent event;
    event.program = {"/p/b/app", 7};
    event.exit_status = 3;
    event.next = next;
    return event;
}

TEST(ProgramText, SaysWhetherItIsTheFirstStart) {
    EXPECT_EQ(program_started_text({{"/p/b/app", 7}, 1}), "app is started (process 7)");
    EXPECT_EQ(program_started_text({{"/p/b/app", 9}, 2}), "app is started again (process 9)");
}

TEST(ProgramText, SaysHowItEndedAndWhatFollows) {
    ProgramEndedEvent event = ended(AfterEnd::kWait);
    EXPECT_EQ(program_ended_text(event), "app has ended with status 3; save to start it again");
    event.signal = "SIGSEGV";
    EXPECT_EQ(program_ended_text(event), "app was ended by SIGSEGV; save to start it again");
    event.next = AfterEnd::kEnd;
    EXPECT_EQ(program_ended_text(event), "app was ended by SIGSEGV");
    event.next = AfterEnd::kRestart;
    event.detail = "it had not ended in time, and was killed";
    EXPECT_EQ(program_ended_text(event),
              "app: it had not ended in time, and was killed, and is started again");
}

TEST(ProgramText, SaysWhyItCouldNotBeStarted) {
    ProgramEndedEvent event = ended(AfterEnd::kWait);
    event.program.pid = 0;
    event.detail = "can't start /p/b/app: Exec format error";
    EXPECT_EQ(program_ended_text(event), "can't start /p/b/app: Exec format error; mend that and "
                                         "save to start it");
}

} // namespace
} // namespace hotrun
