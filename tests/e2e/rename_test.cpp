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

} // namespace
} // namespace hotrun::e2e
