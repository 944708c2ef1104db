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
        times.preamble = of(140ms); // as fast again by a half is what it has to be
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
    const char *message;
    const char *cost;
    const char *remedy;
};

const std::vector<PlantedProblem> &planted_times() {
    using Project = CleanProject;
    static const std::vector<PlantedProblem> kProblems = {
        {"slow_linker", [](Project &p) { p.module.link->others[0].time = of(5ms); },
         "the module game is linked by the compiler's own linker in 40 ms, mold 5 ms",
         "40 ms now, 5 ms with mold", "CC_LD=mold CXX_LD=mold meson setup --wipe /b"},
        {"slow_linker",
         [](Project &p) {
             p.module.link->linker = "bfd";
             p.module.link->others[1].time = of(6ms);
         },
         "the module game is linked by bfd in 40 ms, mold 30 ms, lld 6 ms",
         "40 ms now, 6 ms with lld", "CC_LD=lld CXX_LD=lld meson setup --wipe /b"},
        {"lto", [](Project &p) { p.module.is_link_optimised = true; },
         "the module game is optimised as a whole when it is linked (-flto), whichever file was "
         "saved",
         "40 ms for each link", "meson configure /b -Db_lto=false"},
        {"lto",
         [](Project &p) {
             p.module.is_link_optimised = true;
             p.module.link->without_lto = of(5ms);
         },
         "the module game is optimised as a whole when it is linked (-flto), whichever file was "
         "saved",
         "40 ms now, 5 ms without it, for each link", "meson configure /b -Db_lto=false"},
        {"lto",
         [](Project &p) {
             p.module.is_link_optimised = true;
             p.module.link->whole = of(400ms);
             p.module.link->others.clear();
             p.module.link->uncompressed.reset();
             p.module.link->without_lto = of(50ms);
             p.module.compiles[0].without_lto = of(210ms);
         },
         "the module game is optimised as a whole when it is linked (-flto), whichever file was "
         "saved",
         "600 ms now, 260 ms without it, for a save of game.cpp",
         "meson configure /b -Db_lto=false"},
        {"no_precompiled_header",
         [](Project &p) {
             p.module.compiles[0].precompiled = of(80ms);
             p.module.compiles[0].system_headers = {"<vector>", "<map>"};
         },
         "game.cpp compiles its system headers anew each time",
         "200 ms now, 80 ms with them precompiled",
         "give the target a cpp_pch (c_pch in C) that includes <vector>, <map>"},
        {"no_preamble", [](Project &p) { p.module.compiles[0].preamble = of(133ms); },
         "game.cpp begins with headers that are the same at each save",
         "200 ms now, 133 ms with them precompiled",
         "start hotrun with --preamble on, which precompiles them ahead of a save"},
        {"optimised",
         [](Project &p) {
             p.module.compiles[0].unoptimised = of(90ms);
             p.module.compiles[0].optimisation = "-O3";
         },
         "game.cpp is compiled with -O3", "200 ms now, 90 ms with -O0",
         "meson configure /b -Doptimization=0, as long as you edit"},
        {"unity_build", [](Project &p) { p.module.compiles[0].part = of(50ms); },
         "game.cpp is 3 sources: a save of one compiles all of them",
         "200 ms now, 50 ms for the largest of them alone", "meson configure /b -Dunity=off"},
        {"ccache", [](Project &p) { p.module.compiles[0].cached = of(260ms); },
         "ccache looks for what it can't know: a save of game.cpp is new to it",
         "260 ms now, 200 ms without it", "start hotrun with CCACHE_DISABLE=1"},
        {"ccache",
         [](Project &p) {
             p.module.compiles[0].cached = of(260ms);
             p.folder.cache = CacheUse{.hit_count = 40, .miss_count = 120};
         },
         "ccache looks for what it can't know: a save of game.cpp is new to it, as were 120 of 160 "
         "compilations before",
         "260 ms now, 200 ms without it", "start hotrun with CCACHE_DISABLE=1"},
        {"compressed_debug_info", [](Project &p) { p.module.compiles[0].uncompressed = of(120ms); },
         "the debug information of game.cpp is compressed", "200 ms now, 120 ms with -gz=none",
         "take -gz out of the compiler's arguments, or add -gz=none"},
        {"compressed_debug_info", [](Project &p) { p.module.link->uncompressed = of(10ms); },
         "the linker compresses the debug information of game", "40 ms now, 10 ms with -gz=none",
         "take -gz out of the link_args"},
        {"heavy_headers",
         [](Project &p) {
             p.module.compiles[0].headers = {{"<regex>", 9'000'000, 140ms},
                                             {"<vector>", 900'000, 60ms}};
         },
         "game.cpp takes 200 ms, of which reading and checking is 150 ms; its heaviest headers, "
         "each alone: <regex> 140 ms, <vector> 60 ms",
         "140 ms for <regex>",
         "precompile them, or move what needs them into a source that you edit less"},
        {"always_stale", [](Project &p) { p.folder.stale = "Generating version.h"; },
         "ninja finds work at each build though nothing has changed: Generating version.h",
         "4 ms for nothing",
         "let that command write its output only where it is another one, or not be "
         "build_always_stale"},
        {"slow_ninja", [](Project &p) { p.idle = of(700ms); },
         "ninja needs long to see what has changed in /b", "700 ms with nothing to do",
         "set up a build folder with less in it: without tests, and what else you don't edit"},
    };
    return kProblems;
}

const std::vector<PlantedProblem> &planted_in_folder() {
    using Project = CleanProject;
    static const std::vector<PlantedProblem> kProblems = {
        {"old_ninja", [](Project &p) { p.folder.ninja_version = "1.9.0.git"; },
         "ninja is of version 1.9.0.git", "hotrun can't rely on what it prints",
         "install ninja 1.11 or later"},
        {"old_meson", [](Project &p) { p.folder.meson_version = "0.61.2"; },
         "meson is of version 0.61.2", "hotrun can't rely on what it prints",
         "install meson 1.0 or later"},
        {"read_only_folder", [](Project &p) { p.folder.can_be_written = false; },
         "no live copy can be made in /b", "each generation is copied to the temporary folder",
         "let your user write there"},
        {"network_file_system", [](Project &p) { p.folder.file_system = "a network file system"; },
         "the build folder /b is on a network file system", "each object and library goes over it",
         "set up a build folder on a local disk"},
        {"watch_limit",
         [](Project &p) {
             p.folder.unwatched_count = 7;
             p.folder.unwatched_why =
                 Error{ErrorKind::kFailed,
                       "can't watch /p: the limit of watched folders is reached; raise "
                       "fs.inotify.max_user_watches; until then its files are polled",
                       28};
         },
         "can't watch /p: the limit of watched folders is reached",
         "7 of 12 files are polled every 250 ms", "raise fs.inotify.max_user_watches"},
        {"silent_file_system",
         [](Project &p) {
             p.folder.unwatched_count = 12;
             p.folder.source_system = "a 9p file system";
         },
         "sources are on a 9p file system, which does not tell of all saves",
         "12 of 12 files are polled every 250 ms", "keep the project on a local disk"},
    };
    return kProblems;
}

const std::vector<PlantedProblem> &planted_in_library() {
    using Project = CleanProject;
    static const std::vector<PlantedProblem> kProblems = {
        {"unique_symbols",
         [](Project &p) {
             p.module.library.unique_symbol_count = 9;
             p.module.library.unique_symbols = {"Pool<int>::names", "b", "c", "d"};
         },
         "the module game has unique symbols: its old code can't leave the process, and its "
         "inline variables are shared between old and new code (Pool<int>::names, b, c and 6 more)",
         "40 KB stay in the process with each reload", "compile it with -fno-gnu-unique"},
        {"thread_local_destructor",
         [](Project &p) { p.module.library.has_thread_local_destructor = true; },
         "the module game has a thread_local variable with a destructor: code that a thread has "
         "used it from can't leave the process",
         "40 KB stay in the process with each reload",
         "keep the object in the permanent heap, or behind a thread_local pointer that "
         "hotrun_unload releases"},
        {"nodelete", [](Project &p) { p.module.library.stays_loaded = true; },
         "the module game is linked with -z nodelete: its old code can't leave the process",
         "40 KB stay in the process with each reload", "take -Wl,-z,nodelete out of its link_args"},
        {"no_debug_info", [](Project &p) { p.module.library.has_debug_info = false; },
         "the module game has no debug information: a change of its structs can't be seen, and "
         "its static variables start afresh",
         "nothing of a changed struct is carried over", "compile it with -g"},
        {"incomplete_types",
         [](Project &p) {
             p.module.library.incomplete_type_count = 2;
             p.module.library.incomplete_type = "std::string";
         },
         "the debug information of the module game only declares types that its state consists "
         "of: std::string and 1 more",
         "a change of a struct that has one is refused",
         "compile it with -fstandalone-debug (clang) or -femit-class-debug-always (g++)"},
        {"hidden_callback",
         [](Project &p) { p.module.library.hidden_callbacks = {"hotrun_reload"}; },
         "the module game defines hotrun_reload, but does not export it as a C function",
         "it is never called", "include hotrun/module.h, which declares it so"},
        {"missing_library",
         [](Project &p) { add_bindings("\tlibgone.so => not found\n", p.module.library); },
         "the dynamic linker can't find what the module game is linked with: libgone.so",
         "no generation is loaded", "install it, or give its folder to the module as build_rpath"},
        {"undefined_symbol",
         [](Project &p) {
             add_bindings("undefined symbol: _Z4drawv\t(./libgame.so)\n", p.module.library);
         },
         "nothing that the module game is linked with defines draw()",
         "no generation is loaded by hotrun's own host",
         "link what defines it, or run the module in a host that exports it"},
        {"no_step",
         [](Project &p) {
             p.module.library.rejection = Rejection{
                 RejectReason::kNoStep, "/b/libgame.so exports no hotrun_step: include it"};
         },
         "/b/libgame.so exports no hotrun_step", "no generation is loaded", "include it"},
        {"truncated",
         [](Project &p) {
             p.module.library.rejection =
                 Rejection{RejectReason::kTruncated, "/b/libgame.so is not whole: it is empty"};
         },
         "/b/libgame.so is not whole: it is empty", "no generation is loaded", "build it anew"},
    };
    return kProblems;
}

TEST(Findings, ThereAreNoneOfACleanProject) {
    for (const Finding &finding : CleanProject().find())
        ADD_FAILURE() << finding.code << ": " << finding.message;
}

TEST(Findings, EachPlantedProblemIsFoundWithItsCostAndItsRemedyAndNoOther) {
    for (const auto &problems : {planted_times(), planted_in_folder(), planted_in_library()}) {
        for (const PlantedProblem &problem : problems) {
            CleanProject project;
            problem.plant(project);
            const std::vector<Finding> findings = project.find();
            ASSERT_EQ(findings.size(), 1u) << problem.code;
            EXPECT_EQ(findings[0].code, problem.code);
            EXPECT_EQ(findings[0].message, problem.message);
            EXPECT_EQ(findings[0].cost, problem.cost);
            EXPECT_EQ(findings[0].remedy, problem.remedy);
        }
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
