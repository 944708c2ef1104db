#include "control/event_reader.hpp"

#include "control/event_json.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace hotrun {
namespace {

namespace json = boost::json;

json::object in_json(const EventBody &body) {
    return json::parse(to_json_line({1, Microseconds(2), body})).as_object();
}

// Each event with no field at its default.
std::vector<EventBody> told_by_programs() {
    ReloadedEvent reloaded{"game",          3,     StateOutcome::kMigrated,
                           Microseconds(9), {},    Microseconds(4),
                           Lane::kObject,   "why", "detail"};
    reloaded.phases.fill(Microseconds(2));
    const std::vector<StackFrame> frames = {{0x10, "f()", "/f.cpp", 7, "/libf.so"}};
    return {reloaded,
            RejectedEvent{"game", 2, RejectReason::kNoSpace, "full"},
            RolledBackEvent{"game", 3, 2, RollBackReason::kAbort, "SIGABRT", 0x20, frames, 5,
                            "detail", true, true},
            StalledEvent{"game", 2, "sleeps", frames},
            RestartedEvent{7, "crash", 139},
            RetiredEvent{"game", 1, true, "why"},
            WarningEvent{"code", "message"}};
}

TEST(EventReader, GivesBackWhatWasWritten) {
    for (const EventBody &body : told_by_programs()) {
        const json::object written = in_json(body);
        const std::optional<EventBody> read = read_event(written);
        ASSERT_TRUE(read) << json::serialize(written);
        EXPECT_EQ(in_json(*read), written);
    }
}

TEST(EventReader, RefusesWhatLacksAFieldOrHasAnotherType) {
    for (const EventBody &body : told_by_programs()) {
        const json::object written = in_json(body);
        for (const auto &field : written) {
            if (field.key() == "seq" || field.key() == "time_us")
                continue;
            json::object lacks = written;
            lacks.erase(field.key());
            const bool is_new = field.key() == "waits"; // an older version does not tell it
            EXPECT_EQ(read_event(lacks).has_value(), is_new) << field.key();
            json::object other = written;
            other[field.key()] = json::array{1};
            EXPECT_FALSE(read_event(other)) << field.key();
        }
    }
    json::object without_phase = in_json(ReloadedEvent{});
    without_phase.at("phases_us").as_object().erase("load");
    EXPECT_FALSE(read_event(without_phase));
    EXPECT_FALSE(read_event(in_json(StoppedEvent{})));
}

TEST(EventReader, ReadsTheModulesOfReadyAndHello) {
    ReadyEvent ready;
    ready.modules = {{"game", "/b/libgame.so", 1}};
    const std::optional<EventBody> read = read_event(in_json(ready));
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<ReadyEvent>(*read).modules.at(0).library, "/b/libgame.so");
    const std::optional<Hello> hello = read_hello(to_json(Hello{7, "/b", ready.modules}));
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->pid, 7);
    EXPECT_EQ(hello->builddir, "/b");
    EXPECT_EQ(hello->modules.at(0).generation, 1u);
    EXPECT_FALSE(read_hello({{"pid", 7}}));
}

} // namespace
} // namespace hotrun
