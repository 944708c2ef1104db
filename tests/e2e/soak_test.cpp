// Reloads without end, with a crash every tenth. HOTRUN_SOAK says how many; by hand 10000.
#include "e2e/fault_test.hpp"
#include "e2e/proc_view.hpp"

#include <cstdlib>

namespace hotrun::e2e {
namespace {

constexpr int kDefault = 300;
constexpr int kWarmUp = 100;
constexpr std::size_t kMostGrowthKb = 2048;

int reload_count() {
    const char *text = std::getenv("HOTRUN_SOAK"); // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? kDefault : std::atoi(text);
}

class Soak : public FaultTest {
  protected:
    // Each one with a value of its own. False: it is not as it should be.
    bool reload(int count) {
        for (int i = 0; i < count && !HasFailure(); ++i) {
            const int value = ++last_value_;
            const bool crashes = value % 10 == 0;
            run.put(crashes ? failing(value, "null_write", 1) : FaultPlan{.value = value});
            run.expect_outcome(crashes ? "rolled_back" : "reloaded");
            run.wait_for_step(crashes ? value - 1 : value);
        }
        return !HasFailure();
    }

    // Each of the reloads retires a generation.
    ProcessUsage settled_usage() {
        run.hotrun().wait_until_closed(static_cast<std::size_t>(last_value_ - 1));
        return usage_of(run.hotrun().child().pid());
    }

  private:
    int last_value_ = 1;
};

TEST_F(Soak, NothingGrowsInReloadsWithACrashEveryTenth) {
    start_good({"--interval", "1"});
    ASSERT_TRUE(reload(kWarmUp));
    const ProcessUsage before = settled_usage();
    ASSERT_TRUE(reload(reload_count()));
    const ProcessUsage after = settled_usage();
    EXPECT_LE(after.descriptors, before.descriptors + 1); // the symbols of the live code
    EXPECT_EQ(after.threads, before.threads);
    EXPECT_EQ(after.libraries, before.libraries);
    EXPECT_EQ(after.children, before.children);
    if (!is_sanitized()) {
        EXPECT_LT(after.resident_kb, before.resident_kb + kMostGrowthKb);
    }
    RecordProperty("resident_kb_before", static_cast<int>(before.resident_kb));
    RecordProperty("resident_kb_after", static_cast<int>(after.resident_kb));
    std::printf("%d reloads: resident %zu KB, then %zu KB\n", reload_count(), before.resident_kb,
                after.resident_kb);
    run.expect_whole();
    long steps = 0;
    for (const ModuleLine &line : run.lines()) {
        if (line.what != "step")
            continue;
        ASSERT_EQ(line.steps, ++steps) << "of " << line.value;
    }
    EXPECT_EQ(run.count_lines("init"), 1U);
    run.expect_clean_end(SIGTERM, 0);
}

} // namespace
} // namespace hotrun::e2e
