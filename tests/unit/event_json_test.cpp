#include "control/event_json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace hotrun {
namespace {

// Without the line break and the fields that every event begins with.
std::string fields_of(EventBody body) {
    const std::string line = to_json_line({7, Microseconds(1500), body});
    const std::string start =
        "{\"event\":\"" + std::string(event_name(body)) + "\",\"seq\":7,\"time_us\":1500,";
    EXPECT_EQ(line.substr(0, start.size()), start);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    return "{" + line.substr(start.size(), line.size() - start.size() - 1);
}

std::string name_of(const EventBody &body) {
    return std::string(event_name(body));
}

TEST(EventJson, EachEventHasItsName) {
    EXPECT_EQ(name_of(ReadyEvent()), "ready");
    EXPECT_EQ(name_of(ChangeEvent()), "change");
    EXPECT_EQ(name_of(BuildStartedEvent()), "build_started");
    EXPECT_EQ(name_of(DiagnosticEvent()), "diagnostic");
    EXPECT_EQ(name_of(BuildFinishedEvent()), "build_finished");
    EXPECT_EQ(name_of(ReloadedEvent()), "reloaded");
    EXPECT_EQ(name_of(RejectedEvent()), "rejected");
    EXPECT_EQ(name_of(RolledBackEvent()), "rolled_back");
    EXPECT_EQ(name_of(StalledEvent()), "stalled");
    EXPECT_EQ(name_of(RestartedEvent()), "restarted");
    EXPECT_EQ(name_of(RetiredEvent()), "retired");
    EXPECT_EQ(name_of(WarningEvent()), "warning");
    EXPECT_EQ(name_of(ReplayedEvent()), "replayed");
    EXPECT_EQ(name_of(RecordedEvent()), "recorded");
    EXPECT_EQ(name_of(PreambleMadeEvent()), "preamble_made");
    EXPECT_EQ(name_of(StoppedEvent()), "stopped");
    EXPECT_EQ(name_of(ProgramStartedEvent()), "program_started");
    EXPECT_EQ(name_of(ProgramAttachedEvent()), "program_attached");
    EXPECT_EQ(name_of(ProgramEndedEvent()), "program_ended");
}

TEST(EventJson, Ready) {
    EXPECT_EQ(fields_of(ReadyEvent{"0.1.0",
                                   42,
                                   "/p/build",
                                   {"hotmaths"},
                                   {{"hotmaths", "/p/build/libhotmaths.so", 1}},
                                   12,
                                   "/run/user/1000/hotrun/x.sock"}),
              R"({"version":"0.1.0","pid":42,"builddir":"/p/build","targets":["hotmaths"],)"
              R"("modules":[{"name":"hotmaths","library":"/p/build/libhotmaths.so",)"
              R"("generation":1}],"watched_files":12,"socket":"/run/user/1000/hotrun/x.sock"})");
    EXPECT_EQ(fields_of(ReadyEvent()),
              R"({"version":"","pid":0,"builddir":"","targets":[],"modules":[],)"
              R"("watched_files":0,"socket":null})");
}

TEST(EventJson, OfAWrappedProgram) {
    ReadyEvent ready;
    ready.program = {"/p/build/app", 0};
    EXPECT_NE(fields_of(ready).find(R"("program":{"path":"/p/build/app","pid":null})"),
              std::string::npos);
    EXPECT_EQ(fields_of(ProgramStartedEvent{{"/p/build/app", 7}, 2}),
              R"({"program":"/p/build/app","pid":7,"start":2})");
    EXPECT_EQ(fields_of(ProgramAttachedEvent{7, {{"game", "/p/libgame.so", 1}}}),
              R"({"pid":7,"modules":[{"name":"game","library":"/p/libgame.so","generation":1}]})");
    EXPECT_EQ(
        fields_of(ProgramEndedEvent{{"/p/build/app", 7}, 139, "SIGSEGV", AfterEnd::kWait, "why"}),
        R"({"program":"/p/build/app","pid":7,"exit_status":139,"signal":"SIGSEGV",)"
        R"("next":"wait","detail":"why"})");
    EXPECT_EQ(fields_of(ProgramEndedEvent()),
              R"({"program":"","pid":null,"exit_status":0,"signal":null,"next":"wait",)"
              R"("detail":""})");
    EXPECT_EQ(to_word(AfterEnd::kRestart), "restart");
    EXPECT_EQ(to_word(AfterEnd::kEnd), "end");
}

TEST(EventJson, Change) {
    EXPECT_EQ(fields_of(ChangeEvent{{"/p/a.cpp", "/p/b.cpp"}, ChangeSource::kEditor}),
              R"({"paths":["/p/a.cpp","/p/b.cpp"],"source":"editor"})");
}

TEST(EventJson, BuildStarted) {
    EXPECT_EQ(fields_of(BuildStartedEvent{{"hotmaths"}, 3}),
              R"({"targets":["hotmaths"],"cause_seq":3})");
    EXPECT_EQ(fields_of(BuildStartedEvent{{"hotmaths"}, {}}),
              R"({"targets":["hotmaths"],"cause_seq":null})");
}

TEST(EventJson, Diagnostic) {
    DiagnosticEvent error{"/p/a.cpp", 3, 5, Severity::kError, "no \"f\"", "hotmaths", {}};
    error.children.push_back({"/p/a.h", 1, 0, Severity::kNote, "here", "hotmaths", {}});
    EXPECT_EQ(fields_of(error),
              R"({"path":"/p/a.cpp","line":3,"column":5,"severity":"error",)"
              R"("message":"no \"f\"","target":"hotmaths","children":[{"path":"/p/a.h",)"
              R"("line":1,"column":0,"severity":"note","message":"here","target":"hotmaths",)"
              R"("children":[]}]})");
}

TEST(EventJson, BuildFinished) {
    EXPECT_EQ(fields_of(BuildFinishedEvent{BuildStatus::kFailed,
                                           1,
                                           Microseconds(52000),
                                           {{"libx.so", Microseconds(3000), Microseconds(17000)}},
                                           "\x1b[31mFAILED: \x1b[0mx \nno\n"}),
              R"({"status":"failed","exit_status":1,"duration_us":52000,)"
              R"("edges":[{"output":"libx.so","start_us":3000,"duration_us":17000}],)"
              R"("output":"\u001b[31mFAILED: \u001b[0mx \nno\n"})");
}

TEST(EventJson, ReloadedHasAllPhases) {
    ReloadedEvent event{"hotmaths",        4,     StateOutcome::kMigrated,
                        Microseconds(105), {},    Microseconds(9),
                        Lane::kObject,     "why", "detail"};
    for (std::size_t n = 0; n < kPhaseCount; ++n)
        event.phases[n] = Microseconds(n + 1);
    EXPECT_EQ(fields_of(event),
              R"({"module":"hotmaths","generation":4,"state":"migrated","total_us":105,)"
              R"("phases_us":{"watch":1,"build":2,"verify":3,"copy":4,"load":5,"prepare":6,)"
              R"("wait":7,"snapshot":8,"unload":9,"migrate":10,"rebind":11,"switch":12,)"
              R"("reload":13,"first_step":14},"pause_us":9,"lane":"object","why":"why",)"
              R"("detail":"detail"})");
}

TEST(EventJson, Rejected) {
    EXPECT_EQ(fields_of(RejectedEvent{"hotmaths", 2, RejectReason::kUndefinedSymbol, "f"}),
              R"({"module":"hotmaths","generation":2,"reason":"undefined_symbol","detail":"f"})");
}

TEST(EventJson, RolledBack) {
    EXPECT_EQ(fields_of(RolledBackEvent{"game",
                                        3,
                                        2,
                                        RollBackReason::kCrash,
                                        "SIGSEGV",
                                        16,
                                        {{0x7f00, "draw", "/p/game.cpp", 12, "/p/libgame.so"}},
                                        40,
                                        "in \"draw\"",
                                        true,
                                        true}),
              R"({"module":"game","from":3,"to":2,"reason":"crash","signal":"SIGSEGV",)"
              R"("address":"0x10","backtrace":[{"address":"0x7f00","function":"draw",)"
              R"("file":"/p/game.cpp","line":12,"library":"/p/libgame.so",)"
              R"("text":"draw at /p/game.cpp:12"}],"steps_lost":40,)"
              R"("detail":"in \"draw\"","parked":true,"waits":true})");
}

TEST(EventJson, RolledBackWithoutASignal) {
    RolledBackEvent event;
    event.reason = RollBackReason::kException;
    EXPECT_EQ(fields_of(event),
              R"({"module":"","from":0,"to":0,"reason":"exception","signal":null,)"
              R"("address":null,"backtrace":[],"steps_lost":0,"detail":"","parked":false,)"
              R"("waits":false})");
}

TEST(EventJson, ANullPointerIsAnAddress) {
    RolledBackEvent event;
    event.address = 0;
    EXPECT_NE(fields_of(event).find(R"("address":"0x0")"), std::string::npos);
}

TEST(EventJson, Stalled) {
    EXPECT_EQ(fields_of(StalledEvent{"game", 2, "for 5 s", {{0xabc, "", "", 0, ""}}}),
              R"({"module":"game","generation":2,"detail":"for 5 s","backtrace":[)"
              R"({"address":"0xabc","function":"","file":"","line":0,"library":"",)"
              R"("text":"0xabc"}]})");
}

TEST(EventJson, Restarted) {
    EXPECT_EQ(fields_of(RestartedEvent{42, "a crash inside malloc", 139}),
              R"({"pid":42,"reason":"a crash inside malloc","exit_status":139})");
}

TEST(EventJson, Retired) {
    EXPECT_EQ(fields_of(RetiredEvent{"hotmaths", 1, false, "unique symbols"}),
              R"({"module":"hotmaths","generation":1,"unmapped":false,"why":"unique symbols"})");
}

TEST(EventJson, Warning) {
    EXPECT_EQ(fields_of(WarningEvent{"watch_limit", "too many"}),
              R"({"code":"watch_limit","message":"too many"})");
}

TEST(EventJson, Replayed) {
    EXPECT_EQ(fields_of(ReplayedEvent{"/p/jump", 3, 240, Microseconds(4001000), 2}),
              R"({"file":"/p/jump","pass":3,"steps":240,"duration_us":4001000,"generation":2})");
}

TEST(EventJson, Recorded) {
    EXPECT_EQ(fields_of(RecordedEvent{"/p/jump", 240, 81920}),
              R"({"file":"/p/jump","steps":240,"bytes":81920})");
}

TEST(EventJson, PreambleMade) {
    EXPECT_EQ(fields_of(PreambleMadeEvent{"/p/game.cpp", Microseconds(900)}),
              R"({"source":"/p/game.cpp","duration_us":900})");
}

TEST(EventJson, Stopped) {
    EXPECT_EQ(fields_of(StoppedEvent{130, 18446744073709551615u}),
              R"({"exit_status":130,"steps":18446744073709551615})");
}

TEST(EventJson, WhatIsNotUtf8IsReplaced) {
    EXPECT_EQ(fields_of(WarningEvent{"x\xff", "a\xc3"}),
              "{\"code\":\"x\xef\xbf\xbd\",\"message\":\"a\xef\xbf\xbd\"}");
}

TEST(ToUtf8, KeepsWhatIsValid) {
    for (const std::string text : {"", "plain", "‘ä’", "\xf0\x9f\x98\x80", "\xed\x9f\xbf",
                                   "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "\xc2\x80", "\xe0\xa0\x80"})
        EXPECT_EQ(to_utf8(text), text);
    EXPECT_EQ(to_utf8(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

TEST(ToUtf8, ReplacesEachByteThatIsNot) {
    const std::string r = "\xef\xbf\xbd";
    EXPECT_EQ(to_utf8("a\x80z"), "a" + r + "z");
    EXPECT_EQ(to_utf8("\xc0\xaf"), r + r);                 // overlong
    EXPECT_EQ(to_utf8("\xe0\x80\x80"), r + r + r);         // overlong
    EXPECT_EQ(to_utf8("\xed\xa0\x80"), r + r + r);         // a surrogate
    EXPECT_EQ(to_utf8("\xf4\x90\x80\x80"), r + r + r + r); // above U+10FFFF
    EXPECT_EQ(to_utf8("\xf8z"), r + "z");
    EXPECT_EQ(to_utf8("\xe2\x82"), r + r); // cut off
    EXPECT_EQ(to_utf8("\xe2\x82z"), r + r + "z");
}

TEST(Words, AreThoseOfTheEventStream) {
    EXPECT_EQ(to_word(ChangeSource::kWatch), "watch");
    EXPECT_EQ(to_word(ChangeSource::kPoll), "poll");
    EXPECT_EQ(to_word(ChangeSource::kTimestamp), "timestamp");
    EXPECT_EQ(to_word(BuildStatus::kOk), "ok");
    EXPECT_EQ(to_word(BuildStatus::kCancelled), "cancelled");
    EXPECT_EQ(to_word(BuildStatus::kNothing), "nothing");
    EXPECT_EQ(to_word(Severity::kWarning), "warning");
    EXPECT_EQ(to_word(StateOutcome::kKept), "kept");
    EXPECT_EQ(to_word(StateOutcome::kFresh), "fresh");
    EXPECT_EQ(to_word(Lane::kLibrary), "library");
    EXPECT_EQ(to_word(RejectReason::kTruncated), "truncated");
    EXPECT_EQ(to_word(RejectReason::kNotElf), "not_elf");
    EXPECT_EQ(to_word(RejectReason::kWrongMachine), "wrong_machine");
    EXPECT_EQ(to_word(RejectReason::kAbi), "abi");
    EXPECT_EQ(to_word(RejectReason::kNoStep), "no_step");
    EXPECT_EQ(to_word(RejectReason::kMissingLibrary), "missing_library");
    EXPECT_EQ(to_word(RejectReason::kConstructor), "constructor");
    EXPECT_EQ(to_word(RejectReason::kSanitizer), "sanitizer");
    EXPECT_EQ(to_word(RejectReason::kLayoutRefused), "layout_refused");
    EXPECT_EQ(to_word(RejectReason::kNoSpace), "no_space");
    EXPECT_EQ(to_word(RollBackReason::kCrash), "crash");
    EXPECT_EQ(to_word(RollBackReason::kException), "exception");
    EXPECT_EQ(to_word(RollBackReason::kTimeout), "timeout");
    EXPECT_EQ(to_word(RollBackReason::kAbort), "abort");
}

} // namespace
} // namespace hotrun
