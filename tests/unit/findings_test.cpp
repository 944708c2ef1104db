#include "core/findings.hpp"

#include "support/elf_builder.hpp"
#include "support/fake_file_system.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace hotrun {
namespace {

using namespace std::chrono_literals;

constexpr RunTime of(Microseconds time) {
    return {time, time};
}

// What is measured of a project in which all is well.
struct CleanProject {
    CleanProject() {
        folder.builddir = "/b";
        folder.watched_count = 12;
        folder.meson_version = "1.0.1";
        folder.ninja_version = "1.11.1";
        module.library.module = "game";
        module.library.loaded_bytes = 40 * 1024;
        module.library.has_step = true;
        module.library.has_debug_info = true;
        CompileTimes times;
        times.source = "../src/game.cpp";
        times.whole = of(200ms);
        times.front_end = of(150ms);
        times.precompiled = of(190ms);
        times.unoptimised = of(195ms);
        times.cached = of(215ms);
        times.uncompressed = of(199ms);
        times.part = of(195ms);
        times.part_count = 3;
        times.headers = {{"<vector>", 900'000, 60ms}};
        module.compiles = {times};
        module.link = LinkTimes{.module = "game",
                                .linker = "",
                                .whole = of(40ms),
                                .others = {{"mold", true, of(30ms)}, {"lld", false, {}}},
                                .uncompressed = of(39ms)};
    }

    std::vector<Finding> find() const { return hotrun::find(folder, idle, {module}); }

    FolderFacts folder;
    RunTime idle = of(4ms);
    ModuleFacts module;
};

struct PlantedProblem {
    const char *code;
    std::function<void(CleanProject &)> plant;
    const char *cost;   // a part of it
    const char *remedy; // likewise
};

const std::vector<PlantedProblem> &planted_problems() {
    using Project = CleanProject;
    static const std::vector<PlantedProblem> kProblems = {
        {"slow_linker", [](Project &p) { p.module.link->others[0].time = of(5ms); },
         "40 ms now, 5 ms with mold", "CXX_LD=mold meson setup --wipe /b"},
        {"lto", [](Project &p) { p.module.is_link_optimised = true; }, "40 ms for each link",
         "-Db_lto=false"},
        {"lto",
         [](Project &p) {
             p.module.is_link_optimised = true;
             p.module.link->whole = of(400ms);
             p.module.link->others.clear();
             p.module.link->uncompressed.reset();
             p.module.link->without_lto = of(50ms);
             p.module.compiles[0].without_lto = of(210ms);
         },
         "600 ms now, 260 ms without it, for a save of game.cpp", "-Db_lto=false"},
        {"no_precompiled_header",
         [](Project &p) {
             p.module.compiles[0].precompiled = of(80ms);
             p.module.compiles[0].system_headers = {"<vector>"};
         },
         "200 ms now, 80 ms", "cpp_pch (c_pch in C) that includes <vector>"},
        {"optimised",
         [](Project &p) {
             p.module.compiles[0].unoptimised = of(90ms);
             p.module.compiles[0].optimisation = "-O3";
         },
         "90 ms with -O0", "meson configure /b -Doptimization=0"},
        {"unity_build", [](Project &p) { p.module.compiles[0].part = of(50ms); },
         "50 ms for the largest", "-Dunity=off"},
        {"ccache", [](Project &p) { p.module.compiles[0].cached = of(260ms); },
         "260 ms now, 200 ms without it", "CCACHE_DISABLE=1"},
        {"ccache",
         [](Project &p) {
             p.module.compiles[0].cached = of(260ms);
             p.folder.cache = CacheUse{.hit_count = 40, .miss_count = 120};
         },
         "260 ms now, 200 ms without it", "CCACHE_DISABLE=1"},
        {"compressed_debug_info", [](Project &p) { p.module.compiles[0].uncompressed = of(120ms); },
         "120 ms with -gz=none", "take -gz out"},
        {"compressed_debug_info", [](Project &p) { p.module.link->uncompressed = of(10ms); },
         "40 ms now, 10 ms", "link_args"},
        {"heavy_headers",
         [](Project &p) {
             p.module.compiles[0].headers = {{"<regex>", 9'000'000, 140ms}};
         },
         "140 ms for <regex>", "precompile them"},
        {"always_stale", [](Project &p) { p.folder.stale = "Generating version.h"; },
         "4 ms for nothing", "build_always_stale"},
        {"slow_ninja", [](Project &p) { p.idle = of(700ms); }, "700 ms with nothing to do",
         "without tests"},
        {"old_ninja", [](Project &p) { p.folder.ninja_version = "1.9.0.git"; }, "rely",
         "ninja 1.11 or later"},
        {"old_meson", [](Project &p) { p.folder.meson_version = "0.61.2"; }, "rely",
         "meson 1.0 or later"},
        {"read_only_folder", [](Project &p) { p.folder.can_be_written = false; }, "is copied",
         "write there"},
        {"network_file_system", [](Project &p) { p.folder.file_system = "a network file system"; },
         "over it", "local disk"},
        {"watch_limit",
         [](Project &p) {
             p.folder.unwatched_count = 7;
             p.folder.unwatched_why =
                 Error{ErrorKind::kFailed,
                       "can't watch /p: the limit of watched folders is reached; raise "
                       "fs.inotify.max_user_watches; until then its files are polled",
                       28};
         },
         "7 of 12 files are polled", "raise fs.inotify.max_user_watches"},
        {"silent_file_system",
         [](Project &p) {
             p.folder.unwatched_count = 12;
             p.folder.source_system = "a 9p file system";
         },
         "12 of 12 files", "local disk"},
        {"unique_symbols",
         [](Project &p) {
             p.module.library.unique_symbol_count = 9;
             p.module.library.unique_symbols = {"Pool<int>::names", "b", "c", "d"};
         },
         "40 KB stay", "-fno-gnu-unique"},
        {"thread_local_destructor",
         [](Project &p) { p.module.library.has_thread_local_destructor = true; }, "40 KB stay",
         "permanent heap"},
        {"nodelete", [](Project &p) { p.module.library.stays_loaded = true; }, "40 KB stay",
         "-Wl,-z,nodelete"},
        {"no_debug_info", [](Project &p) { p.module.library.has_debug_info = false; },
         "nothing of a changed struct", "-g"},
        {"incomplete_types",
         [](Project &p) {
             p.module.library.incomplete_type_count = 2;
             p.module.library.incomplete_type = "std::string";
         },
         "is refused", "-fstandalone-debug"},
        {"hidden_callback",
         [](Project &p) { p.module.library.hidden_callbacks = {"hotrun_reload"}; }, "never called",
         "hotrun/module.h"},
        {"missing_library",
         [](Project &p) { add_bindings("\tlibgone.so => not found\n", p.module.library); },
         "no generation", "build_rpath"},
        {"undefined_symbol",
         [](Project &p) {
             add_bindings("undefined symbol: _Z4drawv\t(./libgame.so)\n", p.module.library);
         },
         "no generation", "link what defines it"},
        {"no_step",
         [](Project &p) {
             p.module.library.rejection = Rejection{
                 RejectReason::kNoStep, "/b/libgame.so exports no hotrun_step: include it"};
         },
         "no generation", "include it"},
        {"truncated",
         [](Project &p) {
             p.module.library.rejection =
                 Rejection{RejectReason::kTruncated, "/b/libgame.so is not whole: it is empty"};
         },
         "no generation", "build it anew"},
    };
    return kProblems;
}

TEST(Findings, ThereAreNoneOfACleanProject) {
    for (const Finding &finding : CleanProject().find())
        ADD_FAILURE() << finding.code << ": " << finding.message;
}

TEST(Findings, EachPlantedProblemIsFoundWithItsCostAndItsRemedyAndNoOther) {
    for (const PlantedProblem &problem : planted_problems()) {
        CleanProject project;
        problem.plant(project);
        const std::vector<Finding> findings = project.find();
        ASSERT_EQ(findings.size(), 1u) << problem.code;
        EXPECT_EQ(findings[0].code, problem.code);
        EXPECT_NE(findings[0].cost.find(problem.cost), std::string::npos)
            << problem.code << ": " << findings[0].cost;
        EXPECT_NE(findings[0].remedy.find(problem.remedy), std::string::npos)
            << problem.code << ": " << findings[0].remedy;
        EXPECT_FALSE(findings[0].message.empty()) << problem.code;
    }
}

TEST(Findings, WhatMakesReloadsFailComesFirstThenWhatCostsMost) {
    CleanProject project;
    project.module.link->others[0].time = of(5ms);
    project.module.compiles[0].precompiled = of(80ms);
    project.module.library.has_debug_info = false;
    std::string codes;
    for (const Finding &finding : project.find())
        codes += finding.code + " ";
    EXPECT_EQ(codes, "no_debug_info no_precompiled_header slow_linker ");
}

TEST(Findings, HowOftenCcacheMissesIsToldWithWhatAMissCosts) {
    CleanProject project;
    project.module.compiles[0].cached = of(260ms);
    EXPECT_TRUE(project.find().at(0).message.ends_with("a save of game.cpp is new to it"));
    project.folder.cache = CacheUse{.hit_count = 40, .miss_count = 120};
    EXPECT_TRUE(project.find().at(0).message.ends_with(
        "a save of game.cpp is new to it, as were 120 of 160 compilations before"));
}

TEST(Findings, LtoThatCostsNothingIsNone) {
    CleanProject project;
    project.module.is_link_optimised = true;
    project.module.link->without_lto = of(30ms);
    project.module.compiles[0].without_lto = of(215ms);
    EXPECT_TRUE(project.find().empty()) << "what linking gains compiling loses";
}

TEST(Findings, OfSeveralSourcesTheOneThatItCostsMostIsTold) {
    CleanProject project;
    CompileTimes other = project.module.compiles[0];
    project.module.compiles[0].precompiled = of(120ms);
    other.source = "../src/world.cpp";
    other.precompiled = of(60ms);
    project.module.compiles.push_back(other);
    const std::vector<Finding> findings = project.find();
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_TRUE(findings[0].message.starts_with("world.cpp")) << findings[0].message;
    EXPECT_EQ(findings[0].cost_time, 140ms);
}

class ChosenTypes final : public TypeReader {
  public:
    std::shared_ptr<const LibraryTypes> read(const std::string & /*path*/,
                                             const LibraryTypes * /*before*/) override {
        return types;
    }

    std::shared_ptr<LibraryTypes> types; // null: no debug information
};

class LibraryFactsTest : public testing::Test {
  protected:
    LibraryFacts facts_of(const ElfBuilder &library) {
        const std::vector<std::byte> bytes = library.build();
        files.write("/b/libgame.so", {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
        return library_facts(files, types, nullptr, {"game", "/b/libgame.so"});
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    ChosenTypes types;
};

TEST_F(LibraryFactsTest, AreThoseOfTheChecksAtAReload) {
    LibraryFacts facts = facts_of(ElfBuilder().function("hotrun_step"));
    EXPECT_FALSE(facts.rejection);
    EXPECT_TRUE(facts.has_step);
    EXPECT_EQ(facts.unique_symbol_count, 0u);
    EXPECT_FALSE(facts.has_debug_info || facts.has_thread_local_destructor || facts.stays_loaded);
    facts = facts_of(ElfBuilder()
                         .function("hotrun_step", STV_HIDDEN)
                         .unique("_ZN4PoolIiE5namesE")
                         .undefined("__cxa_thread_atexit")
                         .undefined("__tsan_init"));
    ASSERT_TRUE(facts.rejection);
    EXPECT_EQ(facts.rejection->reason, RejectReason::kNoStep);
    EXPECT_EQ(facts.unique_symbols, std::vector<std::string>{"Pool<int>::names"});
    EXPECT_TRUE(facts.has_thread_local_destructor);
    facts = facts_of(ElfBuilder().function("hotrun_step").undefined("__tsan_init"));
    ASSERT_TRUE(facts.rejection);
    EXPECT_EQ(facts.rejection->reason, RejectReason::kSanitizer);
    files.write("/b/libgame.so", "");
    EXPECT_EQ(library_facts(files, types, nullptr, {"game", "/b/libgame.so"}).rejection->reason,
              RejectReason::kTruncated);
}

TEST_F(LibraryFactsTest, ATypeOfTheStateThatIsOnlyDeclaredCountsWhereTheStateConsistsOfIt) {
    using Kind = TypeLayout::Kind;
    types.types = std::make_shared<LibraryTypes>();
    LibraryTypes::Types all;
    const auto add = [&](Kind kind, const TypeLayout *element = nullptr) -> TypeLayout & {
        all.emplace_back().kind = kind;
        all.back().element = element;
        return all.back();
    };
    TypeLayout &text = add(Kind::kIncomplete);
    text.scope = "std::";
    text.name = "string";
    TypeLayout &state = add(Kind::kStruct);
    state.members.emplace_back().type = &add(Kind::kPointer, &text);
    types.types->descriptors.emplace_back().type = &state;
    const ElfBuilder library = ElfBuilder().function("hotrun_step");
    EXPECT_EQ(facts_of(library).incomplete_type_count, 0u);
    EXPECT_TRUE(facts_of(library).has_debug_info);
    state.members.emplace_back().type = &add(Kind::kArray, &text);
    EXPECT_EQ(facts_of(library).incomplete_type_count, 1u);
    EXPECT_EQ(facts_of(library).incomplete_type, "std::string");
}

} // namespace
} // namespace hotrun
