#include "core/rebind_plan.hpp"

#include "unit/code_test.hpp"

namespace hotrun {
namespace {

class RebindPlanTest : public CodeTest {
  protected:
    RebindPlanTest() {
        first_library.function("other");
        on_hit = first_library.function("on_hit");
        gone = first_library.function("gone");
        second_library.function("first_of_all");
        second_library.function("other");
        new_on_hit = second_library.function("on_hit");
    }
    LiveLibrary::Shared first() { return shared(code_of(1, first_library)); }
    LiveLibrary::Shared second() { return shared(code_of(2, second_library)); }

    LibraryBuilder first_library, second_library;
    Word on_hit = 0, gone = 0, new_on_hit = 0;
    void *state = nullptr;
};

TEST_F(RebindPlanTest, WordsInTheImageAreRebound) {
    put(3, in(1, on_hit));
    put(700, in(1, on_hit));
    put(4, in(1, gone));
    put(5, in(3, on_hit)); // where nothing of ours lies
    take();
    RebindPlan plan(files, {first()}, second());
    plan.prepare(heap);
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(3), in(2, new_on_hit));
    EXPECT_EQ(word(700), in(2, new_on_hit));
    EXPECT_EQ(word(4), in(1, gone));
    EXPECT_EQ(word(5), in(3, on_hit));
    EXPECT_EQ(plan.rebound_count(), 2u);
    EXPECT_EQ(state, nullptr);
}

TEST_F(RebindPlanTest, WordsThatCameLaterAreReboundToo) {
    put(3, in(1, on_hit));
    take();
    RebindPlan plan(files, {first()}, second());
    plan.prepare(heap);
    put(1000, in(1, on_hit));
    put(3, 13); // is something else by now
    take();
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(1000), in(2, new_on_hit));
    EXPECT_EQ(word(3), 13u);
}

TEST_F(RebindPlanTest, OnlyWhatIsInUseIsLookedAt) {
    take();
    RebindPlan plan(files, {first()}, second());
    plan.prepare(heap);
    const std::size_t beyond = kUsedBytes / sizeof(Word) + 1;
    put(beyond, in(1, on_hit));
    take();
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(beyond), in(1, on_hit));
}

// The new place of one may be the old place of another.
TEST_F(RebindPlanTest, WordsIntoAMovedLibraryAreMovedOnce) {
    const Library::Place a{0x7f0000000000, 0x7f0000000000, 0x7f0000004000};
    const Library::Place b{0x7f0000010000, 0x7f0000010000, 0x7f0000014000};
    put(3, a.begin + 0x20);
    put(4, b.begin + 0x20);
    put(5, a.end);
    state = reinterpret_cast<void *>(a.begin + 0x40);
    take();
    RebindPlan plan(files, {{a, b.load_bias}, {b, a.load_bias}});
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(3), b.begin + 0x20);
    EXPECT_EQ(word(4), a.begin + 0x20);
    EXPECT_EQ(word(5), a.end);
    EXPECT_EQ(state, reinterpret_cast<void *>(b.begin + 0x40));
}

TEST_F(RebindPlanTest, WithoutPreparationAllIsLookedAt) {
    put(3, in(1, on_hit));
    take();
    RebindPlan plan(files, {first()}, second());
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(3), in(2, new_on_hit));
}

TEST_F(RebindPlanTest, StateIsReboundToo) {
    const Word table = first_library.object(LibraryBuilder::kData, "table", 24);
    const Word new_table = second_library.object(LibraryBuilder::kData, "table", 24);
    state = reinterpret_cast<void *>(in(1, table + 8));
    RebindPlan plan(files, {first()}, second());
    plan.prepare(heap);
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(state, reinterpret_cast<void *>(in(2, new_table + 8)));
}

TEST_F(RebindPlanTest, AllOldVersionsLeadToTheNewOne) {
    put(3, in(1, on_hit));
    put(4, in(2, new_on_hit));
    take();
    LibraryBuilder third;
    const Word newest = third.function("on_hit");
    RebindPlan plan(files, {first(), second()}, shared(code_of(3, third)));
    plan.prepare(heap);
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(3), in(3, newest));
    EXPECT_EQ(word(4), in(3, newest));
}

TEST_F(RebindPlanTest, LinkedLibrariesAreReboundEachToItsOwn) {
    LibraryBuilder old_base, new_base;
    const Word fly = old_base.function("on_hit"); // of the same name as the game's
    new_base.function("more");
    const Word new_fly = new_base.function("on_hit");
    LiveLibrary old_game = code_of(1, first_library);
    old_game.links.push_back(shared(code_of(11, old_base, "/b/libbase.so")));
    LiveLibrary new_game = code_of(2, second_library);
    new_game.links.push_back(shared(code_of(12, new_base, "/b/libbase.so")));
    put(3, in(11, fly));
    put(4, in(1, on_hit));
    take();
    RebindPlan plan(files, {shared(std::move(old_game))}, shared(std::move(new_game)));
    plan.prepare(heap);
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(3), in(12, new_fly));
    EXPECT_EQ(word(4), in(2, new_on_hit));
}

TEST_F(RebindPlanTest, LibraryThatBothAreBoundToStaysAsItIs) {
    LibraryBuilder base;
    const Word fly = base.function("fly");
    const LiveLibrary::Shared both = shared(code_of(11, base, "/b/libbase.so"));
    LiveLibrary old_game = code_of(1, first_library);
    old_game.links.push_back(both);
    LiveLibrary new_game = code_of(2, second_library);
    new_game.links.push_back(both);
    put(3, in(11, fly));
    take();
    RebindPlan plan(files, {shared(std::move(old_game))}, shared(std::move(new_game)));
    plan.prepare(heap);
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(3), in(11, fly));
    EXPECT_EQ(plan.rebound_count(), 0u);
}

TEST_F(RebindPlanTest, LibraryThatHasVanishedLeavesWordsAlone) {
    LibraryBuilder base;
    const Word fly = base.function("on_hit");
    LiveLibrary old_game = code_of(1, first_library);
    old_game.links.push_back(shared(code_of(11, base, "/b/libbase.so")));
    put(3, in(11, fly));
    put(4, in(1, on_hit));
    take();
    RebindPlan plan(files, {shared(std::move(old_game))}, second());
    plan.prepare(heap);
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(3), in(11, fly));
    EXPECT_EQ(word(4), in(2, new_on_hit));
}

// The runner's thread retires the old code while the plan waits for the host.
TEST_F(RebindPlanTest, SymbolsThatAreDroppedMeanwhileAreItsOwn) {
    const LiveLibrary::Shared old = first();
    put(3, in(1, on_hit));
    take();
    RebindPlan plan(files, {old}, second());
    plan.prepare(heap);
    std::weak_ptr<const SymbolTable> symbols = old->symbols->get(files, old->copy.path());
    old->symbols->drop();
    EXPECT_FALSE(symbols.expired());
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(3), in(2, new_on_hit));
}

TEST_F(RebindPlanTest, CopyThatIsGoneLeavesWordsAlone) {
    const LiveLibrary::Shared old = first();
    static_cast<void>(files.remove(old->copy.path()));
    put(3, in(1, on_hit));
    take();
    RebindPlan plan(files, {old}, second());
    plan.prepare(heap);
    plan.apply(heap, kUsedBytes, state);
    EXPECT_EQ(word(3), in(1, on_hit));
}

} // namespace
} // namespace hotrun
