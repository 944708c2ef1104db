// A reloader whose module has a heap that was kept by another run.
#include "unit/reloader_test.hpp"

#include "core/migration.hpp"
#include "core/rebind_plan.hpp"
#include "core/type_checksum.hpp"
#include "support/fake_heap_image.hpp"
#include "unit/type_layouts.hpp"

#include <map>

namespace hotrun {
namespace {

class FakeTypeReader final : public TypeReader {
  public:
    std::shared_ptr<const LibraryTypes> read(const std::string &path,
                                             const LibraryTypes *before) override {
        befores[path] = before;
        return types[path];
    }
    std::map<std::string, std::shared_ptr<const LibraryTypes>> types; // by path
    std::map<std::string, const LibraryTypes *> befores;
};

class ReloaderKeepTest : public ReloaderTest {
  protected:
    ReloaderKeepTest() {
        files.write("/s/heap.d/libgame.so.4", content_of(stepping_library("before")));
        reader.types["/s/heap.d/libgame.so.4"] = types_of(8);
        reader.types["/b/libgame_live.42.1.so"] = types_of(8);
        reader.types["/b/libgame_live.42.2.so"] = types_of(8);
    }

    std::shared_ptr<const LibraryTypes> types_of(std::size_t bytes) {
        auto library = std::make_shared<LibraryTypes>();
        library->descriptors.push_back(
            {64, &layouts.object("State", bytes, {TypeLayouts::member("a", layouts.of<int>(), 0)}),
             0, bytes});
        return library;
    }
    static std::uint64_t checksum(const std::shared_ptr<const LibraryTypes> &types) {
        return checksum_of(*types);
    }

    // With what that run says of the types of its code.
    static KeptCode kept_code(std::uint64_t checksum) {
        CodeRecipe recipe;
        recipe.path = "/b/libgame.so";
        recipe.copy = "/s/heap.d/libgame.so.4";
        recipe.place = kPlace;
        recipe.types = checksum;
        return {"/s/heap", {recipe}};
    }
    Reloader &make(std::uint64_t checksum) { return make(kept_code(checksum)); }
    Reloader &make(std::optional<KeptCode> kept) {
        HostProcess process;
        process.heaps = {&heap};
        process.types = &reader;
        process.keeps_heap = true;
        process.kept = std::move(kept);
        return next.emplace(HotLibrary::Services{files, loader, processes, clock}, loop, events,
                            next_handover, std::vector<ModuleTarget>{{"game", "/b/libgame.so"}},
                            true, std::move(process));
    }
    std::vector<Candidate> offered(const std::string &mark) {
        build("game", mark);
        EXPECT_TRUE(next->look(Writer::kOurBuild, PhaseTimes(clock.now())));
        return next_handover.take();
    }
    static FailureReport refused(Candidate &candidate) {
        FailureReport report;
        report.from = candidate.generation->number;
        report.refusal = "no";
        report.dropped = std::move(candidate.generation);
        return report;
    }
    static SwitchReport switched(const Candidate &candidate, StateOutcome state,
                                 const std::string &detail) {
        SwitchReport report;
        report.generation = candidate.generation->number;
        report.state = state;
        report.detail = detail;
        report.phases = candidate.phases;
        return report;
    }

    static constexpr Library::Place kPlace{0x7d0000000000, 0x7d0000000000, 0x7d0000100000};
    TypeLayouts layouts;
    FakeTypeReader reader;
    FakeHeapImage heap;
    Handover next_handover{[] {}};
    std::optional<Reloader> next;
};

TEST_F(ReloaderKeepTest, TheFirstCodeIsReboundFromThatOfTheOtherRun) {
    make(checksum(types_of(8)));
    std::vector<Candidate> candidates = offered("one");
    ASSERT_EQ(candidates.size(), 1U);
    EXPECT_NE(candidates[0].rebind, nullptr);
    EXPECT_EQ(candidates[0].migration, nullptr) << "nothing has changed";
    EXPECT_EQ(candidates[0].refusal, "");
    const auto recipes = parse_recipe(candidates[0].generation->recipe);
    EXPECT_EQ(recipes.value().back().types, checksum(types_of(8)));
}

TEST_F(ReloaderKeepTest, ALayoutThatHasChangedIsMigrated) {
    reader.types["/b/libgame_live.42.1.so"] = types_of(16);
    make(checksum(types_of(8)));
    EXPECT_NE(offered("one").at(0).migration, nullptr);
}

TEST_F(ReloaderKeepTest, DebugInformationThatIsOfOtherCodeByNowIsNeededOnlyForAChange) {
    reader.types["/s/heap.d/libgame.so.4"] = types_of(24);
    make(checksum(types_of(8)));
    EXPECT_EQ(offered("one").at(0).refusal, "");
    reader.types["/b/libgame_live.42.1.so"] = types_of(16);
    make(checksum(types_of(8)));
    EXPECT_EQ(offered("two").at(0).refusal,
              "a type has changed, and the debug information of the code that made it is not there "
              "any more");
}

TEST_F(ReloaderKeepTest, ReadyCanTellWhereTheStateComesFrom) {
    make(checksum(types_of(8)));
    const std::vector<Candidate> candidates = offered("one");
    next->switched(switched(candidates.at(0), StateOutcome::kMigrated, "1 object migrated"));
    EXPECT_EQ(next->statuses()[0].heap, "its heap is that of /s/heap; 1 object migrated");
    EXPECT_EQ(words(), Words{});
}

TEST_F(ReloaderKeepTest, ALateFirstGenerationIsToldWithIt) {
    make(checksum(types_of(8))).set_ready();
    const std::vector<Candidate> candidates = offered("one");
    next->switched(switched(candidates.at(0), StateOutcome::kKept, ""));
    EXPECT_EQ(words(), Words{"reloaded game 1 kept"});
    EXPECT_EQ(observer.last<ReloadedEvent>().detail, "its heap is that of /s/heap");
}

TEST_F(ReloaderKeepTest, FreshStateIsToldWithWhatBecameOfTheFile) {
    make(checksum(types_of(8)));
    const std::vector<Candidate> candidates = offered("one");
    next->switched(switched(candidates.at(0), StateOutcome::kFresh, "fresh state, since so"));
    EXPECT_EQ(next->statuses()[0].heap,
              "fresh state, since so; what /s/heap had is set aside beside it");
}

TEST_F(ReloaderKeepTest, ARefusalAtTheStartEndsTheRun) {
    make(checksum(types_of(8)));
    std::vector<Candidate> candidates = offered("one");
    next->failed(refused(candidates.at(0)));
    EXPECT_EQ(observer.last<RejectedEvent>().detail,
              "the state in /s/heap can't be carried over, since no; go on with the code that made "
              "it, or start with fresh state by --on-refuse fresh");
    EXPECT_TRUE(next->has_given_up());
    EXPECT_TRUE(next_handover.stop_requested());
    EXPECT_EQ(next_handover.exit_status(), 1);
}

// After code that has failed the state is still that of the file.
TEST_F(ReloaderKeepTest, LaterCodeGetsTheSameStateAndItsRefusalIsOneThatAnEditCanMend) {
    make(checksum(types_of(8)));
    std::vector<Candidate> candidates = offered("one");
    FailureReport crash;
    crash.from = 1;
    crash.parked = true;
    crash.dropped = std::move(candidates.at(0).generation);
    next->failed(std::move(crash));
    std::vector<Candidate> later = offered("two");
    EXPECT_NE(later.at(0).rebind, nullptr);
    EXPECT_EQ(reader.befores["/b/libgame_live.42.2.so"],
              reader.types["/s/heap.d/libgame.so.4"].get())
        << "most of it is the same";
    next->failed(refused(later.at(0)));
    EXPECT_FALSE(next->has_given_up());
    EXPECT_FALSE(next_handover.stop_requested());
}

TEST_F(ReloaderKeepTest, ARecordingIsToldAsOne) {
    KeptCode kept = kept_code(checksum(types_of(8)));
    kept.is_recorded = true;
    make(kept);
    std::vector<Candidate> candidates = offered("one");
    EXPECT_NE(candidates.at(0).recorded, nullptr) << "its static variables go on";
    next->failed(refused(candidates.at(0)));
    EXPECT_EQ(observer.last<RejectedEvent>().detail,
              "the state in /s/heap can't be carried over, since no; take that change back, or "
              "record anew with this code");
    candidates = offered("two");
    next->switched(switched(candidates.at(0), StateOutcome::kKept, ""));
    EXPECT_EQ(next->statuses()[0].heap, "its state is that of the recording /s/heap");
}

TEST_F(ReloaderKeepTest, WhileAStateIsBroughtNothingIsOfferedAndThenCodeForIt) {
    make(std::nullopt).set_ready();
    std::vector<Candidate> candidates = offered("one");
    next->switched(switched(candidates.at(0), StateOutcome::kFresh, ""));
    next->hold();
    EXPECT_TRUE(offered("two").empty());
    next->set_kept(kept_code(checksum(types_of(8))));
    candidates = offered("three");
    ASSERT_EQ(candidates.size(), 1U);
    words();
    next->switched(switched(candidates.at(0), StateOutcome::kKept, ""));
    EXPECT_EQ(words(), Words{"reloaded game 2 kept"});
    EXPECT_EQ(observer.last<ReloadedEvent>().detail, "its heap is that of /s/heap");
}

TEST_F(ReloaderKeepTest, CodeWithoutDebugInformationIsToldOnce) {
    make(checksum(types_of(8)));
    offered("one");
    reader.types.clear();
    words();
    EXPECT_EQ(offered("two").size(), 1U);
    EXPECT_EQ(words(), Words{"warning no_debug_info"});
    EXPECT_EQ(offered("three").size(), 1U);
    EXPECT_EQ(words(), Words{});
}

} // namespace
} // namespace hotrun
