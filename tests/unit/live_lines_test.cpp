#include "live_lines.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace hotrun {
namespace {

namespace json = boost::json;
using Texts = std::vector<std::string>;

class LiveLinesTest : public testing::Test {
  protected:
    bool event(const std::string &fields) {
        return lines.event(json::parse("{\"event\":" + fields + "}").as_object());
    }
    void reload(const char *module, int total_us) {
        EXPECT_TRUE(event(std::string(R"("reloaded","module":")") + module + R"(","total_us":)" +
                          std::to_string(total_us)));
    }
    void roll_back(bool parked) {
        EXPECT_TRUE(event(std::string(R"("rolled_back","module":"game","parked":)") +
                          (parked ? "true" : "false")));
    }
    void reject() { EXPECT_TRUE(event(R"("rejected","module":"game")")); }
    bool finish_build(const std::string &status) {
        return event(R"("build_finished","status":")" + status + "\"");
    }
    static std::string module(const std::string &name, int generation) {
        return R"({"name":")" + name + R"(","generation":)" + std::to_string(generation) + "}";
    }
    std::string line(int generation, const char *last_build = R"({"status":"ok"})") {
        return of(module("game", generation), last_build).at(0);
    }
    Texts of(const std::string &modules, const std::string &last_build) {
        return lines.of(
            json::parse(R"({"modules":[)" + modules + R"(],"last_build":)" + last_build + "}")
                .as_object());
    }

    LiveLines lines;
};

constexpr const char *kFailed = R"({"status":"failed"})";

TEST_F(LiveLinesTest, SayTheGenerationAndTheTimeOfTheLastReload) {
    EXPECT_EQ(line(0, "null"), "nothing is live yet");
    EXPECT_EQ(line(1), "live: generation 1");
    reload("game", 83'600);
    EXPECT_EQ(line(7), "live: generation 7, 84 ms");
    lines.forget();
    EXPECT_EQ(line(1), "live: generation 1");
}

TEST_F(LiveLinesTest, SayWhyWhatWasBuiltLastIsNotLive) {
    reload("game", 2'400);
    EXPECT_EQ(line(7, kFailed), "build failed, live: generation 7");
    EXPECT_EQ(line(0, kFailed), "build failed, nothing is live yet");
    EXPECT_EQ(line(7), "live: generation 7, 2 ms");
    reject();
    EXPECT_EQ(line(7), "rejected, live: generation 7");
    EXPECT_EQ(line(7, kFailed), "build failed, live: generation 7");
    EXPECT_TRUE(finish_build("ok"));
    EXPECT_EQ(line(7), "live: generation 7, 2 ms") << "what was rejected is gone";
    roll_back(false);
    EXPECT_EQ(line(7), "rolled back, live: generation 7");
}

TEST_F(LiveLinesTest, AParkedModuleIsToldUntilItsNextGeneration) {
    roll_back(true);
    EXPECT_EQ(line(7), "rolled back, parked: generation 7");
    EXPECT_EQ(line(7, kFailed), "build failed, parked: generation 7");
    EXPECT_TRUE(finish_build("ok"));
    EXPECT_EQ(line(7), "rolled back, parked: generation 7");
    reload("game", 9'600);
    EXPECT_EQ(line(8), "live: generation 8, 10 ms");
}

TEST_F(LiveLinesTest, OfSeveralModulesEachHasOneWithItsName) {
    reload("base", 5'000);
    EXPECT_EQ(of(module("base", 2) + "," + module("game", 1), "null"),
              (Texts{"base: live: generation 2, 5 ms", "game: live: generation 1"}));
}

TEST_F(LiveLinesTest, MayChangeWithWhatSaysSoOnly) {
    EXPECT_TRUE(finish_build("failed"));
    EXPECT_FALSE(finish_build("nothing"));
    EXPECT_FALSE(finish_build("cancelled"));
    EXPECT_FALSE(event(R"("retired","module":"game")"));
}

TEST_F(LiveLinesTest, BuildInTheBackgroundChangesNothing) {
    reject();
    EXPECT_FALSE(event(R"("link_finished","status":"ok")"));
    EXPECT_EQ(line(1), "rejected, live: generation 1");
    EXPECT_TRUE(event(R"("build_finished","status":"ok")"));
    EXPECT_EQ(line(1), "live: generation 1");
    EXPECT_TRUE(event(R"("link_finished","status":"failed")"));
}

} // namespace
} // namespace hotrun
