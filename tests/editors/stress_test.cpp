// Many saves at random: none is missed, and hardly a build is made without need.
#include "editors/random_saves.hpp"
#include "editors/save_test.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace hotrun::editors {
namespace {

std::uint64_t number_from(const char *variable, std::uint64_t otherwise) {
    const char *text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stoull(text);
}

std::string last_events(const e2e::HotrunProcess &hotrun) {
    std::string text;
    const std::size_t count = hotrun.events().size();
    for (std::size_t i = count - std::min<std::size_t>(count, 20); i < count; ++i)
        text += boost::json::serialize(hotrun.events()[i]) + "\n";
    return text;
}

TEST(Stress, TheLastOfRandomSavesIsLiveAndHardlyAnyBuildIsNeedless) {
    const std::uint64_t seed = number_from("HOTRUN_SEED", std::random_device()());
    const std::uint64_t bursts = number_from("HOTRUN_SAVES", 100);
    SCOPED_TRACE("HOTRUN_SEED=" + std::to_string(seed));
    ValuesProject project;
    RandomSaves saves(project, seed);
    e2e::HotrunProcess hotrun(kArguments, project.path());
    hotrun.wait_until_ready();
    const std::size_t builds_before = finished_builds(hotrun);
    std::size_t granted = 0;
    const auto wait_for_build_start = [&] {
        const std::size_t started = hotrun.count("build_started"); // none of the last save is read
        hotrun.child().wait_until([&] { return hotrun.count("build_started") > started; },
                                  "the beginning of a build");
    };
    for (std::uint64_t i = 1; i <= bursts; ++i) {
        const std::size_t finished = finished_builds(hotrun);
        const RandomSaves::Burst burst = saves.make(wait_for_build_start);
        granted += burst.saves;
        if (burst.same_content)
            hotrun.child().wait_until([&] { return finished_builds(hotrun) > finished; },
                                      "a build of what was saved");
        ASSERT_TRUE(hotrun.wait_for(project.line()))
            << "burst " << i << " was missed: " << burst.story << "\n"
            << last_events(hotrun);
    }
    const std::size_t built = finished_builds(hotrun) - builds_before;
    std::printf("seed %llu: %llu bursts, %zu saves, %zu builds, %zu more cancelled\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(bursts),
                granted, built, hotrun.count("build_started") - 1 - built);
    EXPECT_LE(built, granted + granted / 5);
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    EXPECT_EQ(hotrun.count("warning"), 0U);
    expect_that_steps_go_on(hotrun.child().output());
}

} // namespace
} // namespace hotrun::editors
