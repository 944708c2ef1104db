#include "trace.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <chrono>

namespace hotrun {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class TraceTest : public testing::Test {
  protected:
    void tell(Microseconds time, EventBody body) {
        text_ += trace_.text_of({++seq_, time, std::move(body)});
    }

    // "track: name begin+duration" of each slice, "track: name begin" of each instant, as a viewer
    // of the format reads them.
    std::vector<std::string> shown() const {
        const std::string text = text_.substr(0, text_.rfind(',')) + "]";
        std::map<std::int64_t, std::string> tracks;
        std::vector<std::string> entries;
        const boost::json::value trace = boost::json::parse(text);
        for (const boost::json::value &value : trace.as_array()) {
            const boost::json::object &entry = value.as_object();
            const std::int64_t track = entry.at("tid").as_int64();
            if (entry.at("ph") == "M") {
                tracks[track] = entry.at("args").at("name").as_string().c_str();
                continue;
            }
            std::string line = tracks.at(track) + ": " + entry.at("name").as_string().c_str() +
                               " " + std::to_string(entry.at("ts").as_int64());
            if (entry.at("ph") == "X")
                line += "+" + std::to_string(entry.at("dur").as_int64());
            entries.push_back(line);
        }
        return entries;
    }

    using Entries = std::vector<std::string>;

  private:
    Trace trace_;
    std::string text_ = Trace::kHead;
    std::uint64_t seq_ = 0;
};

TEST_F(TraceTest, AReloadIsASliceThatItsPhasesFill) {
    ReloadedEvent reloaded;
    reloaded.module = "game";
    reloaded.generation = 7;
    reloaded.total = microseconds(100);
    reloaded.phases[static_cast<std::size_t>(Phase::kBuild)] = microseconds(60);
    reloaded.phases[static_cast<std::size_t>(Phase::kLoad)] = microseconds(30);
    reloaded.phases[static_cast<std::size_t>(Phase::kFirstStep)] = microseconds(10);
    tell(microseconds(1100), reloaded);
    EXPECT_EQ(shown(), (Entries{"game: generation 7 1000+100", "game: build 1000+60",
                                "game: load 1060+30", "game: first_step 1090+10"}));
}

TEST_F(TraceTest, EdgesThatRanAtOnceAreOnJobsOfTheirOwn) {
    BuildFinishedEvent build;
    build.duration = milliseconds(60);
    build.edges = {{"libgame.so", milliseconds(40), milliseconds(20)},
                   {"a.o", milliseconds(2), milliseconds(38)},
                   {"b.o", milliseconds(2), milliseconds(30)}};
    tell(milliseconds(100), build);
    EXPECT_EQ(shown(), (Entries{"build: build ok 40000+60000", "job 1: a.o 42000+38000",
                                "job 2: b.o 42000+30000", "job 1: libgame.so 80000+20000"}));
}

TEST_F(TraceTest, TheBuildOfALibraryThatIsBehindSaysSo) {
    BuildFinishedEvent build;
    build.duration = milliseconds(60);
    build.background = true;
    tell(milliseconds(100), build);
    EXPECT_EQ(shown(), Entries{"build: library behind: build ok 40000+60000"});
}

TEST_F(TraceTest, WhatHappensOnceIsAnInstant) {
    tell(microseconds(1), ChangeEvent{{"/p/game.cpp"}, ChangeSource::kWatch});
    tell(microseconds(2), BuildStartedEvent{{"game"}, 1});
    tell(microseconds(3), RejectedEvent{"game", 2, RejectReason::kNoStep, "\xff"});
    RolledBackEvent rolled_back;
    rolled_back.module = "game";
    rolled_back.from = 3;
    tell(microseconds(4), rolled_back);
    EXPECT_EQ(shown(), (Entries{"run: change 1", "game: rejected: no_step 3",
                                "game: generation 3 rolled back: crash 4"}));
}

} // namespace
} // namespace hotrun
