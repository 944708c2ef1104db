#include "core/handover.hpp"

#include "support/fake_module.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

class HandoverTest : public testing::Test {
  protected:
    std::vector<Candidate> candidates_for(const std::vector<std::size_t> &modules) {
        std::vector<Candidate> candidates;
        for (const std::size_t module : modules)
            candidates.push_back(
                {module, make_generation(files, ++number), PhaseTimes({}), nullptr});
        return candidates;
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    std::uint64_t number = 0;
    int wake_count = 0;
    Handover handover{[this] { ++wake_count; }};
};

TEST_F(HandoverTest, HasNoNewsAtFirst) {
    EXPECT_FALSE(handover.has_news());
    EXPECT_FALSE(handover.stop_requested());
    EXPECT_EQ(handover.exit_status(), 0);
    EXPECT_TRUE(handover.take().empty());
    EXPECT_EQ(wake_count, 0);
}

TEST_F(HandoverTest, OfferIsTakenAsAWholeAndOnce) {
    handover.offer(candidates_for({0, 1}));
    EXPECT_TRUE(handover.has_news());
    EXPECT_EQ(wake_count, 1);
    const std::vector<Candidate> taken = handover.take();
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_EQ(taken[0].module, 0u);
    EXPECT_EQ(taken[1].generation->number, 2u);
    EXPECT_FALSE(handover.has_news());
    EXPECT_TRUE(handover.take().empty());
}

TEST_F(HandoverTest, OfferOfNothingWakesNobody) {
    handover.offer({});
    EXPECT_FALSE(handover.has_news());
    EXPECT_EQ(wake_count, 0);
}

TEST_F(HandoverTest, OffersAddUpUntilTheyAreTaken) {
    handover.offer(candidates_for({0}));
    handover.offer(candidates_for({1}));
    EXPECT_EQ(handover.take().size(), 2u);
}

TEST_F(HandoverTest, WhatTheHostHasNotTakenCanBeTakenBack) {
    handover.offer(candidates_for({0, 1}));
    EXPECT_EQ(handover.take().size(), 2u);
    EXPECT_FALSE(handover.has_news());
    EXPECT_TRUE(handover.take().empty());
}

TEST_F(HandoverTest, TellsTheHostOfTheLibraries) {
    EXPECT_TRUE(handover.libraries()->empty());
    handover.set_libraries({"/b/libgame.so", "/b/libbase.so"});
    const Handover::Paths seen = handover.libraries();
    handover.set_libraries({"/b/libgame.so"});
    EXPECT_EQ(seen->size(), 2u);
    EXPECT_EQ(handover.libraries()->size(), 1u);
    EXPECT_FALSE(handover.has_news());
}

TEST_F(HandoverTest, FirstStopCounts) {
    handover.request_stop(3);
    handover.request_stop(0);
    EXPECT_TRUE(handover.stop_requested());
    EXPECT_TRUE(handover.has_news());
    EXPECT_EQ(handover.exit_status(), 3);
    EXPECT_EQ(wake_count, 1);
}

TEST_F(HandoverTest, EveryExitStatusCanBeAskedFor) {
    handover.request_stop(-1);
    handover.request_stop(5);
    EXPECT_TRUE(handover.stop_requested());
    EXPECT_EQ(handover.exit_status(), -1);
}

TEST_F(HandoverTest, StopStaysNewsAfterATake) {
    handover.offer(candidates_for({0}));
    handover.request_stop(0);
    const std::vector<Candidate> taken = handover.take();
    EXPECT_TRUE(handover.has_news());
    EXPECT_TRUE(handover.stop_requested());
}

TEST_F(HandoverTest, WishesAreTakenEachByItselfAndOnce) {
    handover.ask(Handover::Wish::kSnapshot);
    handover.ask(Handover::Wish::kLoad);
    handover.ask(Handover::Wish::kLoad);
    EXPECT_EQ(wake_count, 3);
    EXPECT_TRUE(handover.has_news());
    EXPECT_FALSE(handover.take(Handover::Wish::kRestart));
    EXPECT_TRUE(handover.take(Handover::Wish::kLoad));
    EXPECT_FALSE(handover.take(Handover::Wish::kLoad));
    EXPECT_TRUE(handover.has_news());
    EXPECT_TRUE(handover.take(Handover::Wish::kSnapshot));
    EXPECT_FALSE(handover.has_news());
}

TEST_F(HandoverTest, WishThatHasTimeWakesNobody) {
    handover.ask(Handover::Wish::kSnapshot, Handover::Wake::kLater);
    EXPECT_EQ(wake_count, 0);
    EXPECT_TRUE(handover.has_news());
}

TEST_F(HandoverTest, APauseIsNewsOnceEachTime) {
    for (const bool paused : {true, false}) {
        handover.set_paused(paused);
        EXPECT_EQ(handover.is_paused(), paused);
        EXPECT_TRUE(handover.take(Handover::Wish::kLook));
        EXPECT_FALSE(handover.has_news()) << "the host would never rest";
    }
    EXPECT_EQ(wake_count, 2);
}

TEST_F(HandoverTest, WishesAndOffersLeaveEachOther) {
    handover.offer(candidates_for({0}));
    handover.ask(Handover::Wish::kRestart);
    EXPECT_TRUE(handover.has_offer());
    EXPECT_EQ(handover.take().size(), 1u);
    EXPECT_FALSE(handover.has_offer());
    EXPECT_FALSE(handover.stop_requested());
    EXPECT_TRUE(handover.take(Handover::Wish::kRestart));
    handover.ask(Handover::Wish::kSnapshot);
    handover.offer(candidates_for({0}));
    EXPECT_TRUE(handover.take(Handover::Wish::kSnapshot));
    EXPECT_TRUE(handover.has_news());
    EXPECT_EQ(handover.take().size(), 1u);
}

} // namespace
} // namespace hotrun
