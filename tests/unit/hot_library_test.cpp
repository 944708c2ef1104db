#include "core/hot_library.hpp"

#include "support/fake_module.hpp"
#include "support/fake_process_table.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

enum class Verdict { kUnchanged, kUnsettled, kReady, kRejected };
using Paths = std::vector<std::string>;

const std::string kGameLibrary = "/b/libgame.so";

class HotLibraryTest : public testing::Test {
  protected:
    HotLibraryTest() { files.make_folder("/b"); }

    void build(const ElfBuilder &library) {
        clock.advance(std::chrono::milliseconds(1));
        files.replace(kGameLibrary, content_of(library));
    }
    void build(const std::string &mark) { build(stepping_library(mark)); }

    struct Outcome {
        Verdict verdict = Verdict::kUnchanged;
        LiveLibrary::Shared code;
        std::optional<Rejection> rejection;
    };

    // Reads what is there, if it is new, and loads it.
    static Outcome prepare(HotLibrary &library, PhaseTimes &phases, Writer writer,
                           HotLibrary::Order order) {
        if (!library.changed())
            return {};
        const HotLibrary::Reading reading = library.read(writer);
        if (reading != HotLibrary::Reading::kDone)
            return {Verdict::kUnsettled, nullptr, std::nullopt};
        HotLibrary::Outcome outcome{nullptr, library.rejection()};
        if (!outcome.rejection)
            outcome = library.load(order, phases);
        library.close();
        if (outcome.rejection)
            return {Verdict::kRejected, nullptr, outcome.rejection};
        return {outcome.loaded == nullptr ? Verdict::kUnsettled : Verdict::kReady, outcome.loaded,
                std::nullopt};
    }
    static HotLibrary::Order numbered(std::uint64_t number) {
        HotLibrary::Order order;
        order.number = number;
        return order;
    }
    Outcome prepare(Writer writer = Writer::kOurBuild, std::uint64_t number = 1) {
        return prepare(library, phases, writer, numbered(number));
    }

    LiveLibrary::Shared load() {
        Outcome outcome = prepare();
        EXPECT_EQ(outcome.verdict, Verdict::kReady);
        return std::move(outcome.code);
    }

    void expect_rejected(RejectReason reason, const std::string &detail) {
        const Outcome outcome = prepare();
        ASSERT_EQ(outcome.verdict, Verdict::kRejected);
        EXPECT_EQ(to_word(outcome.rejection->reason), to_word(reason));
        EXPECT_EQ(outcome.rejection->detail, detail);
        EXPECT_EQ(outcome.code, nullptr);
        // What was rejected is not looked at again, and leaves nothing behind.
        EXPECT_EQ(prepare().verdict, Verdict::kUnchanged);
        EXPECT_FALSE(files.exists("/b/libgame_live.42.1.so"));
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    FakeLibraryLoader loader;
    FakeProcessTable processes;
    PhaseTimes phases{clock.now()};
    HotLibrary library{{files, loader, processes, clock}, kGameLibrary, true};
};

TEST_F(HotLibraryTest, AbsentLibraryIsNoChange) {
    EXPECT_FALSE(library.changed());
    EXPECT_EQ(prepare().verdict, Verdict::kUnchanged);
    build("one");
    const auto code = load();
    static_cast<void>(files.remove(kGameLibrary));
    EXPECT_FALSE(library.changed());
    EXPECT_EQ(prepare().verdict, Verdict::kUnchanged);
}

TEST_F(HotLibraryTest, NewLibraryIsCopiedAndLoaded) {
    build("one");
    EXPECT_TRUE(library.changed());
    const Outcome outcome = prepare();
    ASSERT_EQ(outcome.verdict, Verdict::kReady);
    EXPECT_EQ(outcome.code->copy.path(), "/b/libgame_live.42.1.so");
    EXPECT_EQ(loader.loaded, Paths{"/b/libgame_live.42.1.so"});
    EXPECT_EQ(files.content("/b/libgame_live.42.1.so"), files.content(kGameLibrary));
    EXPECT_FALSE(outcome.code->has_unique_symbols);
}

TEST_F(HotLibraryTest, SameTimestampIsNoChange) {
    build("one");
    const auto code = load();
    EXPECT_FALSE(library.changed());
    EXPECT_EQ(prepare().verdict, Verdict::kUnchanged);
}

TEST_F(HotLibraryTest, OlderLibraryIsAChange) {
    build("one");
    const auto code = load();
    build("two");
    files.set_time(kGameLibrary, std::chrono::seconds(5));
    EXPECT_TRUE(library.changed());
    EXPECT_EQ(prepare(Writer::kOurBuild, 2).verdict, Verdict::kReady);
}

TEST_F(HotLibraryTest, KnowsWhatAVersionWasCopiedFrom) {
    build("one");
    const auto code = load();
    build("one");
    EXPECT_TRUE(library.changed());
    EXPECT_TRUE(library.is_origin_of(*code));
    build("two");
    EXPECT_FALSE(library.is_origin_of(*code));
}

TEST_F(HotLibraryTest, LibraryThatSomebodyWritesIsUnsettled) {
    build("one");
    files.set_writers(kGameLibrary, Writers::kSome);
    EXPECT_EQ(prepare(Writer::kSomebodyElse).verdict, Verdict::kUnsettled);
    EXPECT_EQ(prepare(Writer::kSomebodyElse).verdict, Verdict::kUnsettled);
    EXPECT_EQ(prepare(Writer::kOurBuild).verdict, Verdict::kUnsettled);
    files.set_writers(kGameLibrary, Writers::kNone);
    EXPECT_EQ(prepare(Writer::kSomebodyElse).verdict, Verdict::kReady);
}

TEST_F(HotLibraryTest, WithoutLeasesTwoEqualLooksAreNeeded) {
    build("one");
    files.set_writers(kGameLibrary, Writers::kUnknown);
    EXPECT_EQ(prepare(Writer::kSomebodyElse).verdict, Verdict::kUnsettled);
    build("one, and more");
    EXPECT_EQ(prepare(Writer::kSomebodyElse).verdict, Verdict::kUnsettled);
    EXPECT_EQ(prepare(Writer::kSomebodyElse).verdict, Verdict::kReady);
}

TEST_F(HotLibraryTest, WithoutLeasesOurOwnBuildIsTrusted) {
    build("one");
    files.set_writers(kGameLibrary, Writers::kUnknown);
    EXPECT_EQ(prepare(Writer::kOurBuild).verdict, Verdict::kReady);
}

TEST_F(HotLibraryTest, LibraryReplacedWhileItIsCopiedIsLookedAtAgain) {
    build("one");
    files.during_copy = [this] { build("two"); };
    EXPECT_EQ(prepare().verdict, Verdict::kUnsettled);
    EXPECT_FALSE(files.exists("/b/libgame_live.42.1.so"));
    EXPECT_TRUE(library.changed());
    files.during_copy = nullptr;
    const Outcome outcome = prepare();
    ASSERT_EQ(outcome.verdict, Verdict::kReady);
    EXPECT_EQ(files.content(outcome.code->copy.path()), content_of(stepping_library("two")));
}

TEST_F(HotLibraryTest, NameOfACopyIsNeverUsedTwice) {
    build("one");
    const Outcome first = prepare(Writer::kOurBuild, 2);
    build("two");
    const Outcome second = prepare(Writer::kOurBuild, 2);
    build("three");
    const Outcome third = prepare(Writer::kOurBuild, 3);
    EXPECT_EQ(loader.loaded, (Paths{"/b/libgame_live.42.2.so", "/b/libgame_live.42.2-2.so",
                                    "/b/libgame_live.42.3.so"}));
}

TEST_F(HotLibraryTest, FullDiskIsARejection) {
    build("one");
    files.copy_failure = Error{ErrorKind::kFailed, "can't copy: No space left on device", 28};
    expect_rejected(RejectReason::kNoSpace, "can't copy: No space left on device");
}

TEST_F(HotLibraryTest, UndefinedSymbolIsARejection) {
    build("one");
    loader.failure = "/b/libgame_live.42.1.so: undefined symbol: fly";
    expect_rejected(RejectReason::kUndefinedSymbol, loader.failure);
}

TEST_F(HotLibraryTest, FailedLookUpIsAnUndefinedSymbol) {
    build("one");
    loader.failure = "/b/libgame_live.42.1.so: symbol lookup error: no fly";
    expect_rejected(RejectReason::kUndefinedSymbol, loader.failure);
}

TEST_F(HotLibraryTest, WhatTheDynamicLinkerFindsTooShortIsTruncated) {
    build("one");
    loader.failure = "/b/libgame_live.42.1.so: file too short";
    expect_rejected(RejectReason::kTruncated, loader.failure);
}

TEST_F(HotLibraryTest, MissingLibraryIsARejection) {
    build("one");
    loader.failure = "libfoo.so: cannot open shared object file: No such file or directory";
    expect_rejected(RejectReason::kMissingLibrary, loader.failure);
}

TEST_F(HotLibraryTest, LibraryThatIsCutShortIsARejection) {
    const std::string whole = content_of(stepping_library("one"));
    files.write(kGameLibrary, whole.substr(0, whole.size() / 2));
    const Outcome outcome = prepare();
    ASSERT_EQ(outcome.verdict, Verdict::kRejected);
    EXPECT_EQ(outcome.rejection->reason, RejectReason::kTruncated);
    EXPECT_EQ(loader.loaded, Paths{});
}

TEST_F(HotLibraryTest, WhatIsNoLibraryIsARejection) {
    files.write(kGameLibrary,
                "INPUT(libgame.so.1) and some more text, longer than a header of ELF");
    const Outcome outcome = prepare();
    ASSERT_EQ(outcome.verdict, Verdict::kRejected);
    EXPECT_EQ(outcome.rejection->reason, RejectReason::kNotElf);
}

TEST_F(HotLibraryTest, LibraryWithoutStepIsRejectedOnlyWhereStepIsCalled) {
    ElfBuilder without_step;
    without_step.machine(host_machine()).soname("one");
    build(without_step);
    const Outcome outcome = prepare();
    ASSERT_EQ(outcome.verdict, Verdict::kRejected);
    EXPECT_EQ(outcome.rejection->reason, RejectReason::kNoStep);

    HotLibrary stepless({files, loader, processes, clock}, kGameLibrary, false);
    EXPECT_EQ(prepare(stepless, phases, Writer::kOurBuild, numbered(1)).verdict, Verdict::kReady);
}

TEST_F(HotLibraryTest, RepairedLibraryIsAChangeAgain) {
    files.write(kGameLibrary, "short");
    EXPECT_EQ(prepare().verdict, Verdict::kRejected);
    build("one");
    EXPECT_EQ(prepare().verdict, Verdict::kReady);
}

TEST_F(HotLibraryTest, UniqueSymbolsAreNoted) {
    build(stepping_library("one").unique("_ZZ1fvE1s"));
    EXPECT_TRUE(prepare().code->has_unique_symbols);
}

TEST_F(HotLibraryTest, LibraryIsClosedBeforeItsFileGoes) {
    build("one");
    bool there_at_close = false;
    loader.on_close = [&](const std::string &path) { there_at_close = files.exists(path); };
    load().reset();
    EXPECT_TRUE(there_at_close);
    EXPECT_FALSE(files.exists("/b/libgame_live.42.1.so"));
}

TEST_F(HotLibraryTest, PhasesAreMarkedUpToPrepare) {
    build("one");
    files.during_copy = [this] { clock.advance(std::chrono::microseconds(500)); };
    load();
    EXPECT_EQ(phases.in_microseconds()[static_cast<std::size_t>(Phase::kCopy)], Microseconds(500));
}

TEST_F(HotLibraryTest, CopiesOfDeadProcessesGoAtTheStart) {
    files.write("/b/libgame_live.7.1.so", "old");
    const HotLibrary next({files, loader, processes, clock}, kGameLibrary, true);
    EXPECT_FALSE(files.exists("/b/libgame_live.7.1.so"));
}

TEST_F(HotLibraryTest, AllOwnCopiesCanBeRemovedAtOnce) {
    build("one");
    const auto code = load();
    files.write("/b/libgame_live.42.9-2.so", "ours as well");
    files.write("/b/libgame_live.7.1.so", "not ours");
    library.remove_own_copies();
    EXPECT_EQ(*files.list("/b"), (Paths{"libgame.so", "libgame_live.7.1.so"}));
}

// A folder that can't be written to: copies go to one under the temporary directory.
class PrivateFolderTest : public HotLibraryTest {
  protected:
    PrivateFolderTest() { files.forbid_creation_in("/b"); }

    const std::string folder = "/temporary/hotrun-1";
};

TEST_F(PrivateFolderTest, NeededLibrariesAreOpenedFirst) {
    files.write("/b/sub/libhelper.so", "in $ORIGIN/sub");
    files.write("/opt/lib/libhelper.so", "found too late");
    files.write("/opt/lib/libother.so", "second folder");
    build(stepping_library("one")
              .needed("libhelper.so")
              .needed("libc.so.6")
              .needed("libother.so")
              .run_path("$ORIGIN/sub:${ORIGIN}:/opt/lib"));
    auto code = load();
    EXPECT_EQ(loader.loaded, (Paths{"/b/sub/libhelper.so", "/opt/lib/libother.so",
                                    folder + "/libgame_live.42.1.so"}));
    code.reset();
    EXPECT_EQ(loader.closed.front(), folder + "/libgame_live.42.1.so");
    EXPECT_EQ(loader.closed.size(), 3u);
}

TEST_F(PrivateFolderTest, OneFolderServesAllGenerationsAndGoesAtTheEnd) {
    {
        HotLibrary own({files, loader, processes, clock}, kGameLibrary, true);
        build("one");
        const auto first = prepare(own, phases, Writer::kOurBuild, numbered(1));
        build("two");
        const auto second = prepare(own, phases, Writer::kOurBuild, numbered(2));
        EXPECT_EQ(*files.list(folder), (Paths{"libgame_live.42.1.so", "libgame_live.42.2.so"}));
        EXPECT_FALSE(files.exists("/temporary/hotrun-2"));
    }
    EXPECT_FALSE(files.exists(folder));
}

TEST_F(PrivateFolderTest, AllOwnCopiesCanBeRemovedAtOnce) {
    build("one");
    const auto code = load();
    library.remove_own_copies();
    EXPECT_FALSE(files.exists(folder));
}

TEST_F(PrivateFolderTest, FolderThatCantBeMadeIsARejection) {
    build("one");
    files.private_folder_failure = Error{ErrorKind::kFailed, "can't make a folder in /tmp", 30};
    expect_rejected(RejectReason::kNoSpace, "can't make a folder in /tmp");
}

} // namespace
} // namespace hotrun
