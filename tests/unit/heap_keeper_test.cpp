#include "core/heap_keeper.hpp"

#include "support/fake_module.hpp"
#include "support/heap_keeping.hpp"

namespace hotrun {
namespace {

constexpr std::size_t kPage = FakeHeapImage::kPageBytes;

class HeapKeeperTest : public testing::Test {
  protected:
    void write(std::size_t page, int value) {
        image.memory()[page * kPage + 5] = static_cast<std::byte>(value);
    }
    void take(std::size_t pages = 8) {
        EXPECT_TRUE(image.take(pages * kPage, HeapImage::Memory::kKept));
    }
    // The moment after a snapshot of the code that was loaded as that one.
    static HeapKeeper::Moment moment(const std::unique_ptr<Generation> &generation,
                                     std::uint64_t step) {
        return {.generation = 1, .step = step, .state = 77, .recipe = recipe_of(generation->code)};
    }
    void keep(std::uint64_t step) { keeping.keeper.keep(moment(code, step)); }
    void keep_and_write(std::uint64_t step) {
        keep(step);
        keeping.loop.run_posted();
    }
    int value(std::size_t page) const {
        std::vector<std::byte> heap;
        EXPECT_TRUE(keeping.kept(&heap));
        return std::to_integer<int>(heap.at(page * kPage + 5));
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    FakeHeapImage image;
    HeapKeeping keeping{clock, files, image};
    std::unique_ptr<Generation> code = make_generation(files, 1, {});
};

TEST_F(HeapKeeperTest, WhatIsKeptIsFoundAgain) {
    write(0, 1);
    write(7, 2);
    take();
    keep(12);
    EXPECT_FALSE(keeping.kept()) << "the host's thread writes nothing";
    keeping.loop.run_posted();
    const std::optional<KeptState> kept = keeping.kept();
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->module, "game");
    EXPECT_EQ(kept->step, 12U);
    EXPECT_EQ(kept->state, 77U);
    EXPECT_EQ(kept->heap_base, reinterpret_cast<std::uintptr_t>(image.memory().data()));
    EXPECT_EQ(kept->used_bytes, 8 * kPage);
    EXPECT_EQ(value(0), 1);
    EXPECT_EQ(value(7), 2);
    EXPECT_TRUE(keeping.warnings.empty());
}

TEST_F(HeapKeeperTest, AnImageThatIsTakenAnewIsLeftForTheNextTime) {
    write(2, 1);
    take();
    keep(1);
    write(3, 1);
    take(); // of no moment that is to be kept
    keeping.loop.run_posted();
    EXPECT_FALSE(keeping.kept());
    write(4, 1);
    take();
    keep_and_write(2);
    EXPECT_EQ(value(2) + value(3) + value(4), 3);
}

TEST_F(HeapKeeperTest, OneThatKeepsOnceKeepsTheFirstMomentThatWasWhole) {
    HeapKeeping once(clock, files, image, {.keeps_once = true});
    const auto keep_at = [&](std::uint64_t step) {
        take();
        once.keeper.keep(moment(code, step));
    };
    keep_at(1);
    take();
    once.loop.run_posted();
    EXPECT_FALSE(once.keeper.has_kept()) << "its image was taken anew";
    keep_at(2);
    once.loop.run_posted();
    EXPECT_TRUE(once.keeper.has_kept());
    keep_at(3);
    once.loop.run_posted();
    EXPECT_EQ(once.kept()->step, 2U);
}

TEST_F(HeapKeeperTest, OnlyTheLastOfSeveralMomentsIsWritten) {
    take();
    keep(1);
    write(3, 9);
    take();
    keep(2);
    keeping.loop.run_posted();
    EXPECT_EQ(keeping.kept()->step, 2U);
    EXPECT_EQ(value(3), 9);
    EXPECT_EQ(keeping.file.commit_count(), 1U);
}

TEST_F(HeapKeeperTest, AProgramAtRestLeavesTheDiskAloneUntilItEnds) {
    take();
    keep_and_write(1);
    const int operations = keeping.disk.operation_count;
    take();
    keep_and_write(2);
    EXPECT_EQ(keeping.disk.operation_count, operations);
    HeapKeeper::Moment last = moment(code, 3);
    last.is_last = true;
    keeping.keeper.keep(last);
    keeping.loop.run_posted();
    EXPECT_EQ(keeping.kept()->step, 3U);
}

TEST_F(HeapKeeperTest, AFullDiskIsToldOnceAndMadeUpForLater) {
    take();
    keep_and_write(1);
    keeping.disk.fault = MemoryDisk::Fault::kError;
    for (int i = 0; i < 3; ++i) {
        write(3, 7 + i);
        take();
        keep_and_write(2);
    }
    EXPECT_EQ(keeping.warnings, std::vector<std::string>{
                                    "can't write /s/heap: No space left on device; /s/heap keeps "
                                    "the state from before until that is mended"});
    EXPECT_EQ(keeping.kept()->step, 1U);
    keeping.disk.fault = MemoryDisk::Fault::kNone;
    write(4, 1);
    take();
    keep_and_write(5);
    EXPECT_EQ(value(3), 9);
    EXPECT_EQ(value(4), 1);
    EXPECT_EQ(keeping.warnings.size(), 1U);
}

TEST_F(HeapKeeperTest, TheCodeLiesBesideItAndGoesWhenOtherCodeHasTakenItsPlace) {
    take();
    keep_and_write(1);
    EXPECT_EQ(files.content("/s/heap.d/libgame.so.1"), "generation 1");
    EXPECT_EQ(files.synced.front(), "/s/heap.d/libgame.so.1");
    const std::unique_ptr<Generation> next = make_generation(files, 2, {});
    take();
    keeping.keeper.keep(moment(next, 2));
    keeping.disk.fault = MemoryDisk::Fault::kError;
    keeping.loop.run_posted();
    EXPECT_TRUE(files.exists("/s/heap.d/libgame.so.1")) << "its heap is still that of the file";
    keeping.disk.fault = MemoryDisk::Fault::kNone;
    take();
    keeping.keeper.keep(moment(next, 3));
    keeping.loop.run_posted();
    EXPECT_FALSE(files.exists("/s/heap.d/libgame.so.1"));
    EXPECT_EQ(files.content("/s/heap.d/libgame.so.2"), "generation 2");

    const KeptLibraries libraries(files, "/s/heap.d");
    const auto found = libraries.find(keeping.kept()->code);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->back().copy, "/s/heap.d/libgame.so.2");
    EXPECT_EQ(found->back().place, next->code->library->place());
}

TEST_F(HeapKeeperTest, CodeThatCantBeCopiedIsToldAndTheFileStaysAsItWas) {
    take();
    keep_and_write(1);
    const std::unique_ptr<Generation> next = make_generation(files, 2, {});
    files.copy_failure = Error{ErrorKind::kFailed, "can't copy that", 0};
    write(1, 1);
    take();
    keeping.keeper.keep(moment(next, 2));
    keeping.loop.run_posted();
    EXPECT_EQ(keeping.warnings.size(), 1U);
    EXPECT_EQ(keeping.kept()->step, 1U);
}

TEST_F(HeapKeeperTest, WhatIsGivenUpIsSetAsideFirstUnderANameOfItsOwn) {
    take();
    keep_and_write(1);
    files.write("/s/heap.bak", "of another day");
    const std::unique_ptr<Generation> next = make_generation(files, 2, {});
    HeapKeeper::Moment fresh = moment(next, 0);
    fresh.is_fresh = true;
    files.copy_failure = Error{ErrorKind::kFailed, "can't copy that", 0};
    take();
    keeping.keeper.keep(fresh);
    keeping.loop.run_posted();
    EXPECT_EQ(keeping.kept()->step, 1U) << "not before that is done";
    files.copy_failure.reset();
    fresh.is_fresh = false; // it was said before
    keeping.keeper.keep(fresh);
    keeping.loop.run_posted();
    EXPECT_EQ(keeping.kept()->step, 0U);
    EXPECT_EQ(files.content("/s/heap.bak"), "of another day");
    EXPECT_EQ(files.content("/s/heap.bak2"), "the file");
    EXPECT_EQ(files.content("/s/heap.bak2.d/libgame.so.1"), "generation 1");
}

TEST_F(HeapKeeperTest, WhatWasLoadedFromTheFileIsNotWrittenAgain) {
    write(2, 1);
    take();
    keep_and_write(1);
    FakeHeapImage next_image;
    std::ranges::copy(image.memory(), next_image.memory().begin());
    EXPECT_TRUE(next_image.take(8 * kPage, HeapImage::Memory::kKept));
    HeapKeeper next({keeping.loop, files, keeping.file, next_image, [](const Error &) {}}, "game",
                    {.is_loaded = true});
    next_image.memory()[3 * kPage] = std::byte{1};
    EXPECT_TRUE(next_image.take(8 * kPage, HeapImage::Memory::kKept));
    const std::size_t before = keeping.journal.written_bytes;
    next.keep(moment(code, 2));
    keeping.loop.run_posted();
    EXPECT_GT(keeping.journal.written_bytes, before + 2 * kPage);
    EXPECT_LT(keeping.journal.written_bytes, before + 3 * kPage) << "one page, and the last";
}

class KeptCodeTest : public testing::Test {
  protected:
    KeptCodeTest() {
        LiveLibrary base = make_code(files, 2);
        base.path = "/p/build/base/libbase.so";
        base.is_module = false;
        LiveLibrary game = make_code(files, 3);
        game.path = "/p/build/libgame.so";
        game.links = {std::make_shared<const LiveLibrary>(std::move(base))};
        files.make_folder("/s/heap.d");
        text = *libraries.keep(recipe_of(std::make_shared<const LiveLibrary>(std::move(game))), 7);
    }
    std::string error() const {
        const auto found = libraries.find(text);
        return found ? "" : found.error().message;
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    KeptLibraries libraries{files, "/s/heap.d"};
    std::string text;
};

TEST_F(KeptCodeTest, TakesThePlacesOfWhatTheProjectMakesNowWhereverItLies) {
    const auto found = libraries.find(text);
    ASSERT_TRUE(found) << found.error().message;
    const LiveLibrary::Shared code = live_code_of({"/s/heap", *found}, files, "/q/out/libgame.so");
    EXPECT_EQ(code->path, "/q/out/libgame.so");
    EXPECT_EQ(code->library->place(), FakeLibraryLoader::place(3));
    ASSERT_EQ(code->links.size(), 1U);
    EXPECT_EQ(code->links[0]->path, "/q/out/base/libbase.so");
    EXPECT_EQ(code->links[0]->copy.path(), "/s/heap.d/libbase.so.7");
    EXPECT_NE(code->id, code->links[0]->id);
}

TEST_F(KeptCodeTest, StaysWhenNobodyNeedsItAnyMore) {
    live_code_of({"/s/heap", *libraries.find(text)}, files, "/q/libgame.so").reset();
    EXPECT_EQ(error(), "");
}

TEST_F(KeptCodeTest, ThatIsMissingOrAnotherOneIsFoundOut) {
    files.write("/s/heap.d/libbase.so.7", "generation 9");
    EXPECT_EQ(error(), "the code that made it, /s/heap.d/libbase.so.7, is another one now");
    ASSERT_TRUE(files.remove("/s/heap.d/libbase.so.7"));
    EXPECT_EQ(error(), "the code that made it is missing: can't open /s/heap.d/libbase.so.7: "
                       "No such file or directory");
}

} // namespace
} // namespace hotrun
