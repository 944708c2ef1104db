#include "core/known_code.hpp"

#include "support/fake_module.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

class KnownCodeTest : public testing::Test {
  protected:
    LiveLibrary::Shared make(std::uint64_t number) {
        LiveLibrary code = make_code(files, number);
        code.origin = stamp(number);
        return std::make_shared<const LiveLibrary>(std::move(code));
    }
    static Timestamp stamp(std::uint64_t number) { return {5, 100, number, 1}; }

    const std::string game = "/b/libgame.so";
    const Combination files_of_game = {{game, stamp(1)}, {"/b/libbase.so", stamp(2)}};
    FakeClock clock;
    FakeFileSystem files{clock};
    KnownCode known;
};

TEST_F(KnownCodeTest, CombinationIsOfAllFiles) {
    CodeRecipe base;
    base.path = "/b/libbase.so";
    base.origin = stamp(2);
    CodeRecipe module;
    module.path = game;
    module.origin = stamp(1);
    EXPECT_EQ(combination_of({base, module}), files_of_game);
}

TEST_F(KnownCodeTest, OnlyExactlyTheseFilesAreKnown) {
    const LiveLibrary::Shared code = make(1);
    EXPECT_FALSE(known.judge(game, files_of_game));
    known.add(game, files_of_game, code);
    ASSERT_TRUE(known.judge(game, files_of_game));
    EXPECT_EQ(known.judge(game, files_of_game)->code, code);
    EXPECT_FALSE(known.judge("/b/libmusic.so", files_of_game));
    Combination other = files_of_game;
    other["/b/libbase.so"].mtime_ns = 6;
    EXPECT_FALSE(known.judge(game, other));
    other = files_of_game;
    other.erase("/b/libbase.so");
    EXPECT_FALSE(known.judge(game, other));
}

TEST_F(KnownCodeTest, FilesThatFailedHaveNoCode) {
    known.add(game, files_of_game, nullptr);
    ASSERT_TRUE(known.judge(game, files_of_game));
    EXPECT_EQ(known.judge(game, files_of_game)->code, nullptr);
}

TEST_F(KnownCodeTest, CodeThatIsGoneIsNotKnown) {
    LiveLibrary::Shared code = make(1);
    known.add(game, files_of_game, code);
    known.add_library(code);
    EXPECT_EQ(known.library(game, stamp(1)), code);
    code.reset();
    EXPECT_FALSE(known.judge(game, files_of_game));
    EXPECT_EQ(known.library(game, stamp(1)), nullptr);
}

TEST_F(KnownCodeTest, LibraryIsKnownByWhatItWasMadeFrom) {
    const LiveLibrary::Shared one = make(1);
    const LiveLibrary::Shared two = make(2);
    known.add_library(one);
    known.add_library(two);
    EXPECT_EQ(known.library(game, stamp(2)), two);
    EXPECT_EQ(known.library(game, stamp(3)), nullptr);
    EXPECT_EQ(known.library("/b/libbase.so", stamp(2)), nullptr);
}

TEST_F(KnownCodeTest, FileWhoseConstructorsFailedIsRejected) {
    known.add_failed({game, stamp(3)}, "they crash");
    ASSERT_TRUE(known.rejection(game, stamp(3)));
    EXPECT_EQ(to_word(known.rejection(game, stamp(3))->reason), "constructor");
    EXPECT_EQ(known.rejection(game, stamp(3))->detail, "they crash");
    EXPECT_FALSE(known.rejection(game, stamp(4)));
    EXPECT_FALSE(known.rejection("/b/libbase.so", stamp(3)));
}

} // namespace
} // namespace hotrun
