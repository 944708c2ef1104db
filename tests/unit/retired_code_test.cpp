#include "core/retired_code.hpp"

#include "support/fake_code_holders.hpp"
#include "support/recording_observer.hpp"
#include "unit/code_test.hpp"

namespace hotrun {
namespace {

using Words = std::vector<std::string>;

class RetiredCodeTest : public CodeTest {
  protected:
    static constexpr std::uint64_t kKept = RetiredCode::kKept;

    RetiredCodeTest() {
        on_hit = library.function("_ZN4game6on_hitEv");
        table = library.object(LibraryBuilder::kData, "table", 24);
    }

    void retire(std::uint64_t number) {
        LiveLibrary code = code_of(number, library);
        copies[number] = code.copy.path();
        retired.add(generation_of(std::move(code), number));
    }
    // So many that the first is one too many.
    void retire_first_nine() {
        for (std::uint64_t number = 1; number <= kKept + 1; ++number)
            retire(number);
        observer.take_words();
    }
    bool is_closed(std::uint64_t number) const { return !files.exists(copies.at(number)); }
    Words close_old() {
        retired.close_old();
        return observer.take_words();
    }
    std::string why() const { return observer.last<RetiredEvent>().why; }

    LibraryBuilder library;
    Word on_hit = 0, table = 0;
    FakeLibraryLoader loader;
    FakeCodeHolders holders;
    RecordingObserver observer;
    EventStream events{clock, {&observer}};
    std::vector<HeapImage *> heaps = {&heap};
    std::map<std::uint64_t, std::string> copies;
    RetiredCode retired{{files, loader, events, heaps, &holders}, "game"};
};

TEST_F(RetiredCodeTest, LastEightStayMapped) {
    for (std::uint64_t number = 1; number <= kKept; ++number) {
        retire(number);
        EXPECT_FALSE(retired.has_old());
    }
    EXPECT_EQ(observer.take_words().front(), "retired game 1 mapped");
    EXPECT_EQ(why(), "the last 8 old generations stay mapped for callbacks into them");
    EXPECT_EQ(close_old(), Words{});
    EXPECT_EQ(retired.mapped().size(), kKept);
    retire(kKept + 1);
    EXPECT_TRUE(retired.has_old());
    observer.take_words();
    EXPECT_EQ(close_old(), Words{"retired game 1 unmapped"});
    EXPECT_EQ(why(), "");
    EXPECT_TRUE(is_closed(1));
    EXPECT_FALSE(is_closed(2));
    EXPECT_FALSE(retired.has_old());
    EXPECT_EQ(retired.mapped().front()->id, 2u);
    EXPECT_EQ(retired.mapped().back()->id, kKept + 1);
}

TEST_F(RetiredCodeTest, WordOfTheHeapHoldsItsCode) {
    put(5, in(1, on_hit));
    take();
    retire_first_nine();
    EXPECT_EQ(close_old(), Words{"retired game 1 mapped"});
    EXPECT_EQ(why(), "1 word of the heap leads into it: function game::on_hit() at byte 40");
    EXPECT_FALSE(is_closed(1));
    EXPECT_TRUE(retired.has_old());
}

TEST_F(RetiredCodeTest, OnlyAFewWordsAreNamed) {
    for (const std::size_t index : {5, 6, 7, 8})
        put(index, in(1, table + 8));
    take();
    retire_first_nine();
    close_old();
    EXPECT_EQ(why(), "4 words of the heap lead into it: variable `table`+8 at byte 40, variable "
                     "`table`+8 at byte 48, variable `table`+8 at byte 56, …");
}

TEST_F(RetiredCodeTest, WordsOfAnyModulesHeapCount) {
    FakeHeapImage other;
    heaps.push_back(&other);
    const Word word = in(1, on_hit);
    std::memcpy(other.memory().data() + 16, &word, sizeof word);
    EXPECT_TRUE(other.take(kUsedBytes, HeapImage::Memory::kKept));
    retire_first_nine();
    EXPECT_EQ(close_old(), Words{"retired game 1 mapped"});
}

TEST_F(RetiredCodeTest, WhatHoldsItIsToldOnceAndItIsClosedWhenItIsFree) {
    put(5, in(1, on_hit));
    take();
    retire_first_nine();
    EXPECT_EQ(close_old(), Words{"retired game 1 mapped"});
    EXPECT_EQ(close_old(), Words{});
    retire(kKept + 2);
    observer.take_words();
    EXPECT_EQ(close_old(), Words{"retired game 2 unmapped"});
    EXPECT_EQ(retired.mapped().front()->id, 1u);
    put(5, 0);
    EXPECT_EQ(close_old(), Words{}) << "the image is what counts";
    take();
    EXPECT_EQ(close_old(), Words{"retired game 1 unmapped"});
    EXPECT_TRUE(is_closed(1));
}

TEST_F(RetiredCodeTest, ThreadHoldsItsCode) {
    holders.threads.emplace(FakeLibraryLoader::place(1).begin, "thread 43 (worker) is in it");
    retire_first_nine();
    EXPECT_EQ(close_old(), Words{"retired game 1 mapped"});
    EXPECT_EQ(why(), "thread 43 (worker) is in it");
    holders.threads.clear();
    EXPECT_EQ(close_old(), Words{"retired game 1 unmapped"});
}

TEST_F(RetiredCodeTest, CodeThatDoesNotLeaveIsToldWithWhy) {
    retire_first_nine();
    loader.stays_mapped = {copies.at(1)};
    EXPECT_EQ(close_old(), Words{"retired game 1 mapped"});
    EXPECT_EQ(why(), "a thread_local with a destructor, or another library, holds it");
    EXPECT_EQ(close_old(), Words{});
}

TEST_F(RetiredCodeTest, UniqueSymbolsAreAReasonOfTheirOwn) {
    LiveLibrary code = code_of(1, library);
    code.has_unique_symbols = true;
    loader.stays_mapped = {code.copy.path()};
    retired.add(generation_of(std::move(code), 1));
    for (std::uint64_t number = 2; number <= kKept + 1; ++number)
        retire(number);
    observer.take_words();
    EXPECT_EQ(close_old(), Words{"retired game 1 mapped"});
    EXPECT_EQ(why(), "it has unique symbols; compile it with -fno-gnu-unique");
}

TEST_F(RetiredCodeTest, SymbolsOfRetiredCodeAreLetGoOf) {
    LiveLibrary code = code_of(1, library);
    const std::weak_ptr<const SymbolTable> symbols = code.symbols->get(files, code.copy.path());
    EXPECT_FALSE(symbols.expired());
    retired.add(generation_of(std::move(code), 1));
    EXPECT_TRUE(symbols.expired());
}

} // namespace
} // namespace hotrun
