#include "core/hot_graph.hpp"

#include "support/fake_module.hpp"
#include "support/fake_process_table.hpp"
#include "support/memory_file.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Words = std::vector<std::string>;

// Modules and companions lie in /b. A test plays the build and the host.
class HotGraphTest : public testing::Test {
  protected:
    HotGraphTest() { files.make_folder("/b"); }

    static std::string path(const std::string &name) { return "/b/lib" + name + ".so"; }

    static ElfBuilder library(const std::string &name, const Words &needs,
                              const std::string &mark) {
        ElfBuilder library;
        library.machine(host_machine()).soname("lib" + name + ".so").run_path("$ORIGIN");
        for (const std::string &needed : needs)
            library.needed("lib" + needed + ".so");
        return library.function("hotrun_step").function("mark_" + mark);
    }
    void build(const std::string &name, const ElfBuilder &library) {
        clock.advance(std::chrono::milliseconds(1));
        files.replace(path(name), content_of(library));
    }
    void build(const std::string &name, const Words &needs, const std::string &mark) {
        build(name, library(name, needs, mark));
    }
    void break_library(const std::string &name) {
        clock.advance(std::chrono::milliseconds(1));
        files.replace(path(name), "no library");
    }

    void run_with(const Words &modules) {
        Words paths;
        for (const std::string &name : modules)
            paths.push_back(path(name));
        names = modules;
        generations.assign(modules.size(), 0);
        graph.emplace(HotLibrary::Services{files, loader, processes, clock}, paths, true);
    }

    // What there is news of, in few words; new code is at hand in `codes`, but does not run yet.
    Words look() {
        Words words;
        codes.clear();
        HotGraph::Look seen = graph->look(Writer::kOurBuild, PhaseTimes(clock.now()));
        settled = seen.settled;
        for (HotGraph::News &news : seen.news) {
            std::string word = names[news.module];
            if (news.rejection) {
                word += " rejected " + std::string(to_word(news.rejection->reason));
                detail = news.rejection->detail;
            } else {
                codes[names[news.module]] = news.code;
            }
            words.push_back(news.why.empty() ? word : word + ": " + news.why);
        }
        return words;
    }

    // The host switches to all that the last look has found.
    void host_switches() {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (const auto code = codes.find(names[i]); code != codes.end()) {
                live[names[i]] = code->second;
                graph->runs(i, code->second, ++generations[i]);
            }
        }
        codes.clear();
    }
    void reload(const Words &expected) {
        EXPECT_EQ(look(), expected);
        host_switches();
    }

    ElfImage copy_of(const LiveLibrary::Shared &code) const {
        const std::string content = files.content(code->copy.path());
        const auto *bytes = reinterpret_cast<const std::byte *>(content.data());
        const MemoryFile file({bytes, bytes + content.size()});
        return std::get<ElfImage>(ElfImage::read(file, ""));
    }
    // The one library that the live code of a module is bound to.
    LiveLibrary::Shared link_of(const std::string &name) const {
        EXPECT_EQ(live.at(name)->links.size(), 1u);
        return live.at(name)->links.at(0);
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    FakeLibraryLoader loader;
    FakeProcessTable processes;
    Words names;
    std::vector<std::uint64_t> generations;
    std::optional<HotGraph> graph;
    std::map<std::string, LiveLibrary::Shared> codes;
    std::map<std::string, LiveLibrary::Shared> live;
    bool settled = true;
    std::string detail;
};

TEST_F(HotGraphTest, LibraryWithoutHotLinksIsCopiedByteForByte) {
    build("game", {}, "1");
    run_with({"game"});
    reload({"game"});
    EXPECT_EQ(files.content(live["game"]->copy.path()), files.content(path("game")));
    EXPECT_EQ(graph->libraries(), Words{path("game")});
    EXPECT_EQ(look(), Words{});
}

TEST_F(HotGraphTest, LibraryIsLoadedBeforeThoseThatLinkIt) {
    build("a", {}, "1");
    build("b", {"a"}, "1");
    run_with({"b", "a"});
    reload({"a", "b"});
    EXPECT_EQ(loader.loaded, (Words{"/b/liba_live.42.1.so", "/b/libb_live.42.1.so"}));
    EXPECT_EQ(link_of("b"), live["a"]);
    EXPECT_EQ(copy_of(live["a"]).soname, live["a"]->soname);
    EXPECT_NE(live["a"]->soname, "liba.so");
    EXPECT_EQ(copy_of(live["b"]).needed, Words{live["a"]->soname});
    EXPECT_EQ(copy_of(live["b"]).soname, "libb.so");
}

TEST_F(HotGraphTest, NewLibraryMakesItsUsersNew) {
    build("a", {}, "1");
    build("b", {"a"}, "1");
    build("c", {"b"}, "1");
    run_with({"c", "b", "a"});
    reload({"a", "b", "c"});
    const std::string old_name = live["a"]->soname;
    build("a", {}, "2");
    reload({"a", "b: liba.so changed", "c: liba.so changed"});
    EXPECT_EQ(link_of("b"), live["a"]);
    EXPECT_EQ(link_of("c"), live["b"]);
    EXPECT_NE(live["a"]->soname, old_name);
    EXPECT_EQ(copy_of(live["b"]).needed, Words{live["a"]->soname});
    EXPECT_EQ(live["c"]->copy.path(), "/b/libc_live.42.2.so");
}

TEST_F(HotGraphTest, NewUserIsBoundToTheLibraryThatRuns) {
    build("a", {}, "1");
    build("b", {"a"}, "1");
    run_with({"a", "b"});
    reload({"a", "b"});
    build("b", {"a"}, "2");
    reload({"b"});
    EXPECT_EQ(link_of("b"), live["a"]);
    EXPECT_EQ(loader.loaded.size(), 3u);
}

TEST_F(HotGraphTest, NewLibraryAndNewUserAreBoundToEachOther) {
    build("a", {}, "1");
    build("b", {"a"}, "1");
    run_with({"b", "a"});
    reload({"a", "b"});
    build("a", {}, "2");
    build("b", {"a"}, "2");
    reload({"a", "b"});
    EXPECT_EQ(link_of("b"), live["a"]);
}

TEST_F(HotGraphTest, CompanionIsSharedByItsUsers) {
    build("base", {}, "1");
    build("game", {"base"}, "1");
    build("music", {"base"}, "1");
    run_with({"game", "music"});
    reload({"game", "music"});
    EXPECT_EQ(graph->libraries(), (Words{path("game"), path("music"), path("base")}));
    EXPECT_EQ(link_of("game"), link_of("music"));
    EXPECT_EQ(loader.loaded.front(), "/b/libbase_live.42.1.so");
    EXPECT_EQ(loader.loaded.size(), 3u);

    build("base", {}, "2");
    EXPECT_EQ(graph->changed(), Words{path("base")});
    reload({"game: libbase.so changed", "music: libbase.so changed"});
    EXPECT_EQ(link_of("game"), link_of("music"));
    EXPECT_EQ(link_of("game")->copy.path(), "/b/libbase_live.42.2.so");
}

TEST_F(HotGraphTest, UniqueSymbolsOfACompanionAreThoseOfItsUser) {
    build("base", library("base", {}, "1").unique("_ZZ1fvE1s"));
    build("game", {"base"}, "1");
    run_with({"game"});
    reload({"game"});
    EXPECT_TRUE(live["game"]->has_unique_symbols);
}

TEST_F(HotGraphTest, CompanionOfACompanionIsOne) {
    build("deep", {}, "1");
    build("base", {"deep"}, "1");
    build("game", {"base"}, "1");
    run_with({"game"});
    reload({"game"});
    build("deep", {}, "2");
    reload({"game: libdeep.so changed"});
    EXPECT_EQ(link_of("game")->links.at(0)->copy.path(), "/b/libdeep_live.42.2.so");
}

TEST_F(HotGraphTest, VersionsAndNamesOfACompanionAreRenamedTogether) {
    build("base", {}, "1");
    build("game", library("game", {"base"}, "1").version_of("libbase.so"));
    run_with({"game"});
    reload({"game"});
    const ElfImage copy = copy_of(live["game"]);
    for (const ElfImage::LibraryName &name : copy.library_names)
        EXPECT_NE(name.text, "libbase.so");
}

TEST_F(HotGraphTest, EqualContentIsNothingNew) {
    build("base", {}, "1");
    build("a", {"base"}, "1");
    build("b", {"a"}, "1");
    run_with({"b", "a"});
    reload({"a", "b"});
    for (const char *name : {"base", "a", "b"}) {
        files.replace(path(name), files.content(path(name)));
        clock.advance(std::chrono::milliseconds(1));
        files.set_time(path(name), clock.wall());
    }
    EXPECT_EQ(graph->changed().size(), 3u);
    EXPECT_EQ(look(), Words{});
    EXPECT_EQ(loader.loaded.size(), 3u);
    EXPECT_TRUE(graph->up_to_date());
}

TEST_F(HotGraphTest, UndoneChangeLeadsBackToTheCodeThatRuns) {
    build("base", {}, "1");
    build("game", {"base"}, "1");
    run_with({"game"});
    reload({"game"});
    const std::string base = files.content(path("base"));
    build("base", {}, "2");
    EXPECT_EQ(look(), Words{"game: libbase.so changed"}); // the host has not switched to it
    clock.advance(std::chrono::milliseconds(1));
    files.replace(path("base"), base);
    EXPECT_EQ(look(), Words{});
    EXPECT_EQ(loader.loaded.size(), 4u);
    EXPECT_EQ(loader.closed, (Words{"/b/libgame_live.42.2.so", "/b/libbase_live.42.2.so"}));
}

TEST_F(HotGraphTest, WhatTheHostHasNotSwitchedToIsToldAgain) {
    build("a", {}, "1");
    build("b", {}, "1");
    run_with({"a", "b"});
    reload({"a", "b"});
    build("a", {}, "2");
    EXPECT_EQ(look(), Words{"a"});
    const LiveLibrary::Shared offered = codes["a"];
    build("b", {}, "2");
    EXPECT_EQ(look(), (Words{"a", "b"}));
    EXPECT_EQ(codes["a"], offered);
}

TEST_F(HotGraphTest, CompanionLivesAsLongAsTheCodeThatIsBoundToIt) {
    build("base", {}, "1");
    build("game", {"base"}, "1");
    run_with({"game"});
    reload({"game"});
    const LiveLibrary::Shared kept = live["game"]; // as a retired generation does
    build("base", {}, "2");
    reload({"game: libbase.so changed"});
    EXPECT_EQ(loader.closed, Words{});
    graph->close();
    live.clear();
    EXPECT_EQ(loader.closed, (Words{"/b/libgame_live.42.2.so", "/b/libbase_live.42.2.so"}));
    EXPECT_TRUE(files.exists("/b/libbase_live.42.1.so"));
}

TEST_F(HotGraphTest, BrokenCompanionRejectsItsUsersOnce) {
    build("deep", {}, "1");
    build("base", {"deep"}, "1");
    build("game", {"base"}, "1");
    build("music", {"base"}, "1");
    run_with({"game", "music"});
    reload({"game", "music"});
    break_library("deep");
    EXPECT_EQ(look(), (Words{"game rejected not_elf", "music rejected not_elf"}));
    EXPECT_EQ(detail, "libbase.so, which libmusic.so needs, can't be loaded: libdeep.so, which "
                      "libbase.so needs, can't be loaded: /b/libdeep.so is not an ELF file");
    EXPECT_EQ(look(), Words{});
    build("game", {"base"}, "2");
    EXPECT_EQ(look(), Words{"game rejected not_elf"});
    build("deep", {}, "2");
    reload({"game", "music: libdeep.so changed"});
    EXPECT_EQ(link_of("game"), link_of("music"));
}

TEST_F(HotGraphTest, CompanionThatCantBeLoadedRejectsItsUsers) {
    build("base", {}, "1");
    build("game", {"base"}, "1");
    run_with({"game"});
    reload({"game"});
    build("base", {}, "2");
    loader.failure = "/b/libbase_live.42.2.so: undefined symbol: fly";
    EXPECT_EQ(look(), Words{"game rejected undefined_symbol"});
    EXPECT_EQ(detail, "libbase.so, which libgame.so needs, can't be loaded: " + loader.failure);
    EXPECT_FALSE(files.exists("/b/libbase_live.42.2.so"));
    loader.failure.clear();
    EXPECT_EQ(look(), Words{});
    build("base", {}, "3");
    reload({"game: libbase.so changed"});
}

TEST_F(HotGraphTest, UsersOfARejectedModuleAreBoundToTheOneThatRuns) {
    build("a", {}, "1");
    build("b", {"a"}, "1");
    run_with({"a", "b"});
    reload({"a", "b"});
    break_library("a");
    EXPECT_EQ(look(), Words{"a rejected not_elf"});
    build("b", {"a"}, "2");
    reload({"b"});
    EXPECT_EQ(link_of("b"), live["a"]);
    build("a", {}, "2");
    reload({"a", "b: liba.so changed"});
    EXPECT_EQ(link_of("b"), live["a"]);
}

// Its user would get two versions of the base, and so two of each variable in it.
TEST_F(HotGraphTest, RejectedModuleAlsoRejectsWhatSharesANewCompanionWithIt) {
    build("base", {}, "1");
    build("a", {"base"}, "1");
    build("b", {"a", "base"}, "1");
    run_with({"a", "b"});
    reload({"a", "b"});
    build("base", {}, "2");
    break_library("a");
    EXPECT_EQ(look(), (Words{"a rejected not_elf", "b rejected not_elf"}));
    EXPECT_EQ(detail,
              "liba.so, which libb.so needs, can't be loaded: /b/liba.so is not an ELF file");
    build("a", {"base"}, "2");
    reload({"a", "b: liba.so, libbase.so changed"});
    EXPECT_EQ(live["b"]->links, (std::vector{live["a"], live["a"]->links.at(0)}));
}

TEST_F(HotGraphTest, ModuleThatIsNotBuiltYetIsWaitedFor) {
    build("b", {"a"}, "1");
    run_with({"b", "a"});
    EXPECT_EQ(look(), Words{"b rejected missing_library"});
    EXPECT_EQ(detail, "liba.so, which libb.so needs, can't be loaded: /b/liba.so is not there");
    build("a", {}, "1");
    reload({"a", "b"});
    EXPECT_EQ(link_of("b"), live["a"]);
}

TEST_F(HotGraphTest, LibraryThatIsGoneIsNoChange) {
    build("base", {}, "1");
    build("game", {"base"}, "1");
    run_with({"game"});
    reload({"game"});
    const LiveLibrary::Shared base = link_of("game");
    static_cast<void>(files.remove(path("base")));
    EXPECT_EQ(look(), Words{});
    build("game", {"base"}, "2"); // while a build writes the base anew
    reload({"game"});
    EXPECT_EQ(link_of("game"), base);
    build("base", {}, "2");
    reload({"game: libbase.so changed"});
}

// A user whose own file is missing at this moment can't be copied: it is when it comes back.
TEST_F(HotGraphTest, UserThatIsGoneIsMadeNewLater) {
    build("base", {}, "1");
    build("game", {"base"}, "1");
    run_with({"game"});
    reload({"game"});
    const std::string game = files.content(path("game"));
    static_cast<void>(files.remove(path("game")));
    build("base", {}, "2");
    EXPECT_EQ(look(), Words{});
    EXPECT_TRUE(settled);
    files.write(path("game"), game);
    reload({"game: libbase.so changed"});
}

TEST_F(HotGraphTest, CompanionThatSomebodyWritesHoldsItsUsersUp) {
    build("base", {}, "1");
    build("game", {"base"}, "1");
    build("music", {}, "1");
    run_with({"game", "music"});
    reload({"game", "music"});
    build("base", {}, "2");
    build("game", {"base"}, "2");
    build("music", {}, "2");
    files.set_writers(path("base"), Writers::kSome);
    reload({"music"});
    EXPECT_FALSE(settled);
    EXPECT_FALSE(graph->up_to_date());
    files.set_writers(path("base"), Writers::kNone);
    reload({"game"});
    EXPECT_TRUE(settled);
    EXPECT_TRUE(graph->up_to_date());
}

TEST_F(HotGraphTest, ModuleGetsANameWhenAnotherOneComesToLinkIt) {
    build("a", {}, "1");
    run_with({"a", "b"});
    reload({"a"});
    EXPECT_EQ(live["a"]->soname, "");
    build("b", {"a"}, "1");
    reload({"a", "b"});
    EXPECT_EQ(link_of("b"), live["a"]);
    EXPECT_NE(live["a"]->soname, "");
}

TEST_F(HotGraphTest, WhatTheHostHasLoadedIsNoCompanion) {
    build("base", {}, "1");
    build("game", {"base"}, "1");
    loader.stays_mapped = {"libbase.so"};
    run_with({"game"});
    reload({"game"});
    EXPECT_EQ(graph->libraries(), Words{path("game")});
    EXPECT_EQ(copy_of(live["game"]).needed, Words{"libbase.so"});
}

TEST_F(HotGraphTest, OnlyWhatIsFoundThroughOriginIsACompanion) {
    files.write("/opt/libbase.so", content_of(library("base", {}, "1")));
    build("base", {}, "1");
    ElfBuilder game;
    game.machine(host_machine()).run_path("/opt:$ORIGIN").needed("libbase.so").needed("libc.so.6");
    build("game", game.function("hotrun_step"));
    run_with({"game"});
    reload({"game"});
    EXPECT_EQ(graph->libraries(), Words{path("game")});
    EXPECT_EQ(files.content(live["game"]->copy.path()), files.content(path("game")));
}

TEST_F(HotGraphTest, CompanionIsFoundInAnotherFolderAndThroughALink) {
    files.write("/b/sub/libbase.so.1.2", content_of(library("base", {}, "1")));
    files.make_link("/b/sub/libbase.so", "libbase.so.1.2");
    ElfBuilder game;
    game.machine(host_machine()).run_path("$ORIGIN:${ORIGIN}/sub").needed("libbase.so");
    build("game", game.function("hotrun_step"));
    run_with({"game"});
    reload({"game"});
    EXPECT_EQ(graph->libraries(), (Words{path("game"), "/b/sub/libbase.so.1.2"}));
    EXPECT_EQ(link_of("game")->copy.path(), "/b/sub/libbase.so.1_live.42.1.so");
}

TEST_F(HotGraphTest, LibraryWhoseNameCantBeChangedIsNoCompanion) {
    const ElfBuilder other_name = library("other", {}, "1");
    build("base", other_name);
    files.write("/b/lib.so", content_of(library("", {}, "1")));
    build("game", {"base", ""}, "1");
    run_with({"game"});
    reload({"game"});
    EXPECT_EQ(graph->libraries(), Words{path("game")});
    EXPECT_EQ(files.content(live["game"]->copy.path()), files.content(path("game")));
    EXPECT_EQ(loader.loaded.size(), 1u);
}

TEST_F(HotGraphTest, CircleIsCutOpen) {
    build("a", {"b"}, "1");
    build("b", {"a"}, "1");
    run_with({"a", "b"});
    reload({"b", "a"});
    EXPECT_EQ(link_of("a"), live["b"]);
    EXPECT_EQ(copy_of(live["b"]).needed, Words{"liba.so"});
    EXPECT_EQ(look(), Words{});
}

TEST_F(HotGraphTest, CopyThatCantBeWrittenToIsARejection) {
    build("base", {}, "1");
    build("game", {"base"}, "1");
    files.patch_failure = Error{ErrorKind::kFailed, "can't write: No space left on device", 28};
    run_with({"game"});
    EXPECT_EQ(look(), Words{"game rejected no_space"});
    EXPECT_EQ(loader.loaded, Words{});
}

TEST_F(HotGraphTest, CopiesOfCompanionsAreRemovedToo) {
    files.write("/b/libbase_live.7.1.so", "of a dead process");
    build("base", {}, "1");
    build("game", {"base"}, "1");
    run_with({"game"});
    reload({"game"});
    EXPECT_FALSE(files.exists("/b/libbase_live.7.1.so"));
    EXPECT_TRUE(files.exists("/b/libbase_live.42.1.so"));
    graph->remove_own_copies();
    EXPECT_EQ(*files.list("/b"), (Words{"libbase.so", "libgame.so"}));
}

TEST_F(HotGraphTest, FoldersThatCantBeWrittenToAreNotNeeded) {
    files.forbid_creation_in("/b");
    build("base", {}, "1");
    build("game", {"base"}, "1");
    run_with({"game"});
    reload({"game"});
    EXPECT_EQ(loader.loaded, (Words{"/temporary/hotrun-1/libbase_live.42.1.so",
                                    "/temporary/hotrun-2/libgame_live.42.1.so"}));
    live.clear();
    graph.reset();
    EXPECT_FALSE(files.exists("/temporary/hotrun-1"));
    EXPECT_FALSE(files.exists("/temporary/hotrun-2"));
}

} // namespace
} // namespace hotrun
