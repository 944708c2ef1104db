// State that new code has other names for, or carries over by itself.
#include "e2e/compiled_module.hpp"
#include "e2e/fault_test.hpp"
#include "e2e/test_project.hpp"

#include <csignal>
#include <string>

namespace hotrun::e2e {
namespace {

class Renamed : public FaultTest, public testing::WithParamInterface<const char *> {};

TEST_P(Renamed, KeepsItsValuesAndTheLineMayStay) {
    const auto version = [](int number) {
        return compiled("renamed_module.cpp", {GetParam(), "-DVERSION=" + std::to_string(number)});
    };
    run.put_bytes(version(1));
    run.start();
    run.wait_until_ready();
    for (const int number : {2, 3}) {
        run.put_bytes(version(number));
        const boost::json::object *event = run.expect_outcome("reloaded");
        ASSERT_NE(event, nullptr);
        EXPECT_EQ(event->at("state").as_string(), number == 2 ? "migrated" : "kept");
        EXPECT_TRUE(run.hotrun().wait_for("<version " + std::to_string(number) + ": all hold>"));
    }
    run.expect_clean_end(SIGTERM, 0);
}

INSTANTIATE_TEST_SUITE_P(Optimisation, Renamed, testing::Values("-O0", "-O2"),
                         [](const auto &info) { return std::string(info.param + 1); });

TEST_F(FaultTest, WhatCannotBeKnownIsCarriedOverByTheModule) {
    run.put_bytes(compiled("left_module.cpp", {"-DVERSION=1"}));
    run.start();
    run.wait_until_ready();
    run.put_bytes(compiled("left_module.cpp", {"-DVERSION=2", "-DFAILS"}));
    const boost::json::object *event = run.expect_outcome("rejected");
    ASSERT_NE(event, nullptr);
    EXPECT_NE(event->at("detail").as_string().find(
                  "the function that HOTRUN_MIGRATE names for game::Shape has failed (SIGSEGV"),
              std::string::npos)
        << event->at("detail");
    EXPECT_TRUE(run.hotrun().wait_for("<version 1 goes on>"));
    run.put_bytes(compiled("left_module.cpp", {"-DVERSION=2"}));
    event = run.expect_outcome("reloaded");
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->at("state").as_string(), "migrated");
    EXPECT_NE(event->at("detail").as_string().find("4 by HOTRUN_MIGRATE"), std::string::npos)
        << event->at("detail");
    EXPECT_TRUE(run.hotrun().wait_for("<the state of "));
    EXPECT_TRUE(run.hotrun().wait_for("<version 2 holds>"));
    run.expect_clean_end(SIGTERM, 0);
}

// What a closure outside of the heap has captured can't be led along.
TEST_F(FaultTest, ClosuresAreCarriedOverAsFarAsTheyLieInTheState) {
    const auto version = [](int layout, int captures, const std::string &more) {
        return compiled("closure_module.cpp", {"-DLAYOUT=" + std::to_string(layout),
                                               "-DCAPTURES=" + std::to_string(captures), more});
    };
    const auto expect = [&](const char *outcome, const char *detail, const char *said) {
        const boost::json::object *event = run.expect_outcome(outcome);
        ASSERT_NE(event, nullptr);
        if (detail != nullptr) {
            EXPECT_NE(event->at("detail").as_string().find(detail), std::string::npos)
                << event->at("detail");
        }
        EXPECT_TRUE(run.hotrun().wait_for(said));
    };
    run.put_bytes(version(1, 1, "-O0"));
    run.start();
    run.wait_until_ready();
    run.put_bytes(version(2, 1, "-O0"));
    expect("rejected",
           "closure_module.cpp:16): a closure that its std::function has stored outside the "
           "permanent heap can't be carried over",
           "<layout 1: small holds, large holds>");
    run.put_bytes(version(1, 2, "-O0"));
    expect("rejected", "closure_module.cpp:16): the captures of its closure have changed",
           "<layout 1: small holds, large holds>");
    run.put_bytes(version(1, 1, "-DCLEARS"));
    expect("reloaded", nullptr, "<layout 1: small holds, large holds>");
    run.put_bytes(version(2, 1, "-O0"));
    expect("reloaded", "1 object migrated", "<layout 2: small holds, large is empty>");
    run.expect_clean_end(SIGTERM, 0);
}

TEST_F(FaultTest, AStateInCIsCarriedOver) {
    run.put_bytes(compiled("c_module.c", {"-DVERSION=1"}));
    run.start();
    run.wait_until_ready();
    run.put_bytes(compiled("c_module.c", {"-DVERSION=2"}));
    const boost::json::object *event = run.expect_outcome("reloaded");
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->at("state").as_string(), "migrated");
    EXPECT_NE(event->at("detail").as_string().find("gone: State.gone"), std::string::npos)
        << event->at("detail");
    EXPECT_TRUE(run.hotrun().wait_for("<the state in C holds>"));
    run.expect_clean_end(SIGTERM, 0);
}

} // namespace
} // namespace hotrun::e2e
