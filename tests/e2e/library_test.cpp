// Libraries that somebody else writes, and those that may not be loaded.
#include "e2e/game_test.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace hotrun::e2e {
namespace {

class Library : public GameTest {};

namespace fs = std::filesystem;

std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Opens, cuts, writes and closes: the inode stays.
void write_in_place(const std::string &path, const std::string &bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string reason_of(const boost::json::object *rejected) {
    return rejected == nullptr ? "none" : std::string(rejected->at("reason").as_string());
}

TEST_F(Library, CopiedOverTheOldOneIsReloadedWithoutABuild) {
    HotrunProcess &hotrun = start_without_build();
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    for (const int value : {2, 3}) {
        run_command({"cp", project.other_library(value), project.library()}, project.path());
        EXPECT_EQ(hotrun.next("change")->at("source").as_string(), "timestamp");
        ASSERT_TRUE(hotrun.wait_for("value=" + std::to_string(value) + " "));
    }
    EXPECT_EQ(hotrun.count("build_started"), 0U);
}

TEST_F(Library, BuiltByHandIsReloadedWithoutABuild) {
    HotrunProcess &hotrun = start_without_build();
    for (const int value : {2, 3}) { // well within a second
        project.set_value(value);
        project.build();
        ASSERT_TRUE(hotrun.wait_for("value=" + std::to_string(value) + " "));
    }
}

TEST_F(Library, NamedByItsPathNeedsNoProject) {
    const std::string library = project.other_library(5);
    HotrunProcess hotrun({"--no-build", "--interval", "5", library}, "/");
    hotrun.wait_until_ready();
    ASSERT_TRUE(hotrun.wait_for("value=5 "));
    write_in_place(library, read_file(project.other_library(6)));
    ASSERT_TRUE(hotrun.wait_for("value=6 "));
}

TEST_F(Library, ThatAppearsLaterStartsTheRun) {
    HotrunProcess &hotrun = start(kNoBuild);
    project.build();
    EXPECT_EQ(hotrun.next("reloaded")->at("state").as_string(), "fresh");
    ASSERT_TRUE(hotrun.wait_for("value=1 steps=1\n"));
}

TEST_F(Library, BuiltByHandBesideARunnerIsReloaded) {
    HotrunProcess &hotrun = start();
    run_command({"cp", project.other_library(8), project.library()}, project.path());
    EXPECT_EQ(hotrun.next("change")->at("source").as_string(), "timestamp");
    ASSERT_TRUE(hotrun.wait_for("value=8 "));
    project.set_value(9); // saved, and built by hand at the same time
    project.build();
    ASSERT_TRUE(hotrun.wait_for("value=9 "));
}

TEST_F(Library, CutInHalfIsNeverLoaded) {
    project.set_up();
    project.build();
    const std::string whole = read_file(project.other_library(4));
    HotrunProcess hotrun(kNoBuild, project.path());
    hotrun.wait_until_ready();
    for (const std::size_t percent : {0U, 1U, 10U, 40U, 50U, 99U}) {
        write_in_place(project.library(), whole.substr(0, whole.size() * percent / 100));
        EXPECT_EQ(reason_of(hotrun.next("rejected")), "truncated") << percent << " %";
    }
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    write_in_place(project.library(), whole);
    ASSERT_TRUE(hotrun.wait_for("value=4 steps="));
    EXPECT_EQ(hotrun.next("reloaded")->at("generation").to_number<int>(), 2);
}

// What a linker that writes slowly looks like: the file is whole only when it is closed.
TEST_F(Library, ThatSomebodyHasOpenForWritingIsNotLoadedBeforeItIsClosed) {
    project.set_up();
    project.build();
    const std::string whole = read_file(project.other_library(4));
    HotrunProcess hotrun(kNoBuild, project.path());
    hotrun.wait_until_ready();
    {
        std::ofstream writer(project.library(), std::ios::binary | std::ios::trunc);
        for (const std::size_t half : {whole.size() / 2, whole.size()}) {
            const auto at = static_cast<std::size_t>(writer.tellp());
            writer.write(whole.data() + at, static_cast<std::streamsize>(half - at));
            writer.flush();
            ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
            ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
        }
        EXPECT_EQ(hotrun.count("reloaded") + hotrun.count("rejected"), 0U);
    }
    ASSERT_TRUE(hotrun.wait_for("value=4 steps="));
    EXPECT_EQ(hotrun.count("rejected"), 0U);
}

struct Refused {
    const char *name;
    std::string source;
    std::vector<std::string> arguments; // of the compiler
    const char *reason;
};

class RefusedLibrary : public GameTest, public testing::WithParamInterface<Refused> {
  protected:
    // Compiled from the source, or the source itself where that is no code.
    std::string bad_library() const {
        const Refused &refused = GetParam();
        if (std::string_view(refused.reason) == "not_elf")
            return refused.source;
        const std::string folder = project.path("bad");
        project.write("bad/need.cpp", "int need() { return 1; }\n");
        project.write("bad/bad.cpp", refused.source);
        run_command({"c++", "-shared", "-fPIC", "need.cpp", "-o", "libneed.so"}, folder);
        std::vector<std::string> words = {"c++", "-shared", "-fPIC", "bad.cpp", "-o", "bad.so"};
        words.insert(words.end(), refused.arguments.begin(), refused.arguments.end());
        run_command(words, folder);
        fs::remove(project.path("bad/libneed.so"));
        return read_file(project.path("bad/bad.so"));
    }
};

TEST_P(RefusedLibrary, IsRejectedOnceAndTheOldCodeRunsOn) {
    const std::string bad = bad_library();
    HotrunProcess &hotrun = start_without_build();
    write_in_place(project.library(), bad);
    const auto *rejected = hotrun.next("rejected");
    EXPECT_EQ(reason_of(rejected), GetParam().reason);
    ASSERT_NE(rejected, nullptr);
    EXPECT_EQ(rejected->at("generation").to_number<int>(), 1);
    EXPECT_FALSE(rejected->at("detail").as_string().empty());
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    EXPECT_EQ(hotrun.count("rejected"), 1U);
    EXPECT_EQ(project.files_with("_live.").size(), 1U);
    write_in_place(project.library(), read_file(project.other_library(2)));
    EXPECT_EQ(hotrun.next("reloaded")->at("generation").to_number<int>(), 2);
    ASSERT_TRUE(hotrun.wait_for("value=2 steps="));
}

// One that this build of hotrun does not have.
const char *other_sanitizer() {
    const bool has_address = std::string_view(HOTRUN_SANITIZE).find("address") != std::string::npos;
    return has_address ? "-fsanitize=thread" : "-fsanitize=address";
}

std::vector<Refused> refused_libraries() {
    const std::string step = "extern \"C\" void hotrun_step(void *) {}\n";
    const std::string newer =
        "extern \"C\" { __attribute__((visibility(\"default\"))) extern const unsigned "
        "hotrun_module_abi_version; const unsigned hotrun_module_abi_version = 99; }\n";
    return {
        {"Text",
         "a text, and long enough to hold the header of an ELF file, really so",
         {},
         "not_elf"},
        {"NoStep", "int f() { return 1; }\n", {}, "no_step"},
        {"UndefinedSymbol",
         "int missing();\nint f() { return missing(); }\n" + step,
         {},
         "undefined_symbol"},
        {"MissingLibrary", step, {"-L.", "-Wl,--no-as-needed", "-lneed"}, "missing_library"},
        {"NewerContract", newer + step, {}, "abi"},
        {"OtherSanitizer", step, {other_sanitizer()}, "sanitizer"},
    };
}

INSTANTIATE_TEST_SUITE_P(Library, RefusedLibrary, testing::ValuesIn(refused_libraries()),
                         [](const auto &info) { return info.param.name; });

TEST_F(Library, ThatCanNotBeUnmappedIsBoundedAndTold) {
#ifdef __clang__
    GTEST_SKIP() << "clang emits no unique symbols";
#endif
    const auto with_unique = [&](int value) {
        return "template <typename T> struct S { static int n; };\n"
               "template <typename T> int S<T>::n = 1;\n"
               "int *use() { return &S<int>::n; }\n" +
               project.source(std::to_string(value));
    };
    project.set_source(with_unique(1));
    project.set_up();
    HotrunProcess hotrun({"--interval", "5", "--lane", "library"}, project.path());
    const auto *warning = hotrun.next("warning");
    ASSERT_NE(warning, nullptr);
    EXPECT_EQ(warning->at("code").as_string(), "unique_symbols");
    hotrun.wait_until_ready();
    for (int i = 2; i <= 12; ++i) {
        project.set_source(with_unique(i));
        ASSERT_NE(hotrun.next("reloaded"), nullptr);
    }
    // The first definition of a unique symbol is the one that everybody binds to, and that stays.
    EXPECT_TRUE(std::any_of(hotrun.events().begin(), hotrun.events().end(), [](const auto &event) {
        return event.at("event").as_string() == "retired" &&
               event.at("why").as_string().find("unique") != std::string::npos;
    }));
    EXPECT_EQ(hotrun.count("warning"), 1U);
    EXPECT_LE(project.files_with("_live.").size(), 10U);
}

} // namespace
} // namespace hotrun::e2e
