// Each row of the fault table against the real binary: the process lives, goes back to where it was
// and takes the next save.
#include "e2e/fault_rows.hpp"
#include "e2e/fault_run.hpp"

#include <csignal>
#include <sstream>

namespace hotrun::e2e {
namespace {

constexpr int kGood = 1;
constexpr int kFaulty = 2;
constexpr int kMended = 9;

class FaultTable : public testing::TestWithParam<FaultRow> {
  protected:
    void SetUp() override {
        const std::string why =
            GetParam().not_with(has_sanitizer("address"), has_sanitizer("thread"));
        if (!why.empty())
            GTEST_SKIP() << why;
    }

    FaultPlan plan(int value) const {
        FaultPlan plan;
        plan.value = value;
        plan.threads = GetParam().threads;
        if (value != kFaulty)
            return plan;
        plan.fault = GetParam().fault;
        plan.place = GetParam().place;
        plan.at = GetParam().at;
        return plan;
    }

    bool fails_in(std::string_view place) const { return place == GetParam().place; }

    void start_with_the_faulty_code();
    void bring_it_to_fail();
    void expect_outcomes();
    void expect_failure(const boost::json::object &event);
    void expect_rejection(const boost::json::object &event);
    void expect_mended();
    long steps_before(int value) const;
    long first_step_of(int value) const;

    FaultRun run;
    long steps_lost = 0;
};

// With what is told of it until then.
void FaultTable::start_with_the_faulty_code() {
    std::vector<std::string> options = {"--snapshot", "0"};
    if (GetParam().takes_too_long())
        options.insert(options.end(), {"--step-timeout", "300"});
    run.put(plan(GetParam().which == Which::kFirst ? kFaulty : kGood));
    run.start(options);
    if (GetParam().which == Which::kFirst)
        return;
    ASSERT_TRUE(run.wait_for_step(kGood));
    ASSERT_TRUE(run.wait_for_step(kGood));
    run.wait_until_ready();
    run.put(plan(kFaulty));
}

// What fails late, or where it is left, has to run first.
void FaultTable::bring_it_to_fail() {
    const bool fails_at_the_end =
        fails_in("unload") || fails_in("shutdown") || fails_in("destructor");
    const bool runs_first = fails_at_the_end || GetParam().at > 1;
    if (runs_first && GetParam().which == Which::kLater)
        ASSERT_NE(run.expect_outcome("reloaded"), nullptr);
    else if (runs_first)
        run.wait_until_ready();
    if (!fails_at_the_end)
        return;
    ASSERT_TRUE(run.wait_for_step(kFaulty));
    if (fails_in("unload"))
        run.put(plan(kMended));
    else if (fails_in("shutdown"))
        run.hotrun().child().signal(SIGTERM);
    for (int i = 0; fails_in("destructor") && i < 9; ++i) { // until it is closed
        run.put(plan(10 + i));
        ASSERT_NE(run.expect_outcome("reloaded"), nullptr);
    }
}

void FaultTable::expect_outcomes() {
    std::istringstream names(GetParam().events);
    for (std::string name; names >> name;) {
        const boost::json::object *event = run.expect_outcome(name);
        ASSERT_NE(event, nullptr);
        if (name == "rolled_back")
            expect_failure(*event);
        else if (name == "rejected")
            expect_rejection(*event);
        else if (name == "restarted")
            EXPECT_EQ(event->at("pid").to_number<int>(), run.hotrun().child().pid());
        else // a process that was replaced leaves hotrun_unload out
            EXPECT_EQ(event->at("detail").as_string().find("hotrun_unload") != std::string::npos,
                      GetParam().events == name);
    }
}

void FaultTable::expect_rejection(const boost::json::object &event) {
    EXPECT_EQ(event.at("reason").as_string(), "constructor");
    EXPECT_EQ(event.at("generation").to_number<int>(), GetParam().to);
}

void FaultTable::expect_failure(const boost::json::object &event) {
    const FaultRow &row = GetParam();
    EXPECT_EQ(event.at("from").to_number<int>(), row.own_generation());
    EXPECT_EQ(event.at("to").to_number<int>(), row.to);
    EXPECT_EQ(event.at("reason").as_string(), row.reason);
    const bool has_signal = *row.signal != '\0';
    EXPECT_EQ(event.at("signal"), has_signal ? boost::json::value(row.signal) : nullptr);
    EXPECT_EQ(event.at("backtrace").as_array().empty(), row.reason == std::string("exception"));
    steps_lost = event.at("steps_lost").to_number<long>();
}

// The highest count that others have printed by the time that this one comes.
long FaultTable::steps_before(int value) const {
    long steps = 0;
    for (const ModuleLine &line : run.lines()) {
        if (line.value == value)
            break;
        if (line.what == "step")
            steps = line.steps;
    }
    return steps;
}

long FaultTable::first_step_of(int value) const {
    for (const ModuleLine &line : run.lines()) {
        if (line.value == value && line.what == "step")
            return line.steps;
    }
    return 0;
}

void FaultTable::expect_mended() {
    const bool was_fresh = GetParam().state == StateAfter::kFresh;
    if (!fails_in("unload")) {
        run.wait_until_ready(); // which tells of a first generation that comes before
        run.put(plan(kMended));
        const boost::json::object *reloaded = run.expect_outcome("reloaded");
        ASSERT_NE(reloaded, nullptr);
        EXPECT_EQ(reloaded->at("state").as_string(), was_fresh ? "fresh" : "kept");
    }
    ASSERT_TRUE(run.wait_for_step(kMended));
    const long before = was_fresh ? 0 : steps_before(kMended);
    EXPECT_EQ(first_step_of(kMended), before - steps_lost + 1);
    EXPECT_EQ(steps_lost != 0, GetParam().state == StateAfter::kSnapshot);
}

TEST_P(FaultTable, TheProcessLivesWithItsStateAndTakesTheNextSave) {
    start_with_the_faulty_code();
    ASSERT_NO_FATAL_FAILURE(bring_it_to_fail());
    ASSERT_NO_FATAL_FAILURE(expect_outcomes());
    if (!fails_in("shutdown"))
        expect_mended();
    run.expect_whole();
    run.expect_clean_end(SIGTERM, 0);
}

INSTANTIATE_TEST_SUITE_P(Rows, FaultTable, testing::ValuesIn(fault_rows()),
                         [](const auto &info) { return info.param.name(); });

} // namespace
} // namespace hotrun::e2e
