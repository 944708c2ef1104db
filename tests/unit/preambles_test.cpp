#include "core/preambles.hpp"

#include "support/fake_code_host.hpp"
#include "support/fake_command_runner.hpp"
#include "support/fake_file_system.hpp"
#include "support/recording_observer.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Words = std::vector<std::string>;

constexpr const char *kObject = "game.p/game.cpp.o";
constexpr const char *kFolder = "/p/b/.hotrun_preambles/";

// The object of /p/game.cpp in the build folder /p/b. A test plays ninja and the compiler.
class PreamblesTest : public testing::Test {
  protected:
    PreamblesTest() {
        files.write("/p/b/build.ninja", "first");
        files.write("/bin/c++", "");
        files.write("/usr/include/vector", "");
        files.write("/p/game.h", "");
        write_source("first");
        build();
        build_files.read();
        clock.advance(std::chrono::seconds(1));
    }

    void write_source(const std::string &rest,
                      const std::string &includes = "#include \"game.h\"\n#include <vector>\n") {
        clock.advance(std::chrono::milliseconds(20));
        files.write("/p/game.cpp", includes + rest);
    }
    void build() {
        clock.advance(std::chrono::milliseconds(20));
        files.write(std::string("/p/b/") + kObject, "built");
    }

    void make(const std::string &object = kObject) {
        preambles.want(object);
        preambles.make(build_files);
    }
    bool is_of_use() const { return preambles.find(kObject, build_files).has_value(); }

    // What runs prints this and ends.
    void end(int exit_status, const std::string &output = {}) {
        ASSERT_TRUE(preambles.running());
        clock.advance(std::chrono::milliseconds(100));
        for (const std::string &word : commands.last().command.arguments) {
            if (word.ends_with(".gch") || word.starts_with(kFolder + std::string("1.o")))
                files.write(word, "made");
        }
        if (!output.empty())
            commands.last().print(output);
        commands.last().end(exit_status);
    }
    void tell_command() { end(0, "c++ -g -MD -MF x.d -o x.o -c ../game.cpp\n"); }
    void precompile() { end(0, ". ../game.h\n. /usr/include/vector\n"); }
    void make_all() {
        make();
        tell_command();
        precompile();
        end(0);
    }

    std::string last_word() const { return commands.last().command.arguments.back(); }

    FakeClock clock;
    FakeFileSystem files{clock};
    FakeCommandRunner commands;
    FakeCodeHost host;
    RecordingObserver observer;
    EventStream events{clock, {&observer}};
    BuildFiles build_files{files, "/p/b"};
    Preambles preambles{
        {commands, files, clock, host, events},
        {"/bin/ninja", "/p/b", [](const std::string &name) { return "/bin/" + name; }}};
};

TEST_F(PreamblesTest, PreambleIsMadeAndProvenBeforeItIsOfUse) {
    make();
    EXPECT_EQ(commands.last().command.arguments, (Words{"-n", "-t", "commands", "-s", kObject}));
    tell_command();
    EXPECT_EQ(files.content(kFolder + std::string("1.hpp")),
              "#include \"game.h\"\n#include <vector>\n");
    EXPECT_EQ(last_word(), kFolder + std::string("1.hpp.gch"));
    precompile();
    EXPECT_FALSE(is_of_use());
    EXPECT_EQ(last_word(), "../game.cpp");
    end(0);
    EXPECT_FALSE(preambles.running());
    const auto stand_in = preambles.find(kObject, build_files);
    ASSERT_TRUE(stand_in);
    EXPECT_EQ(stand_in->path, kFolder + std::string("1.o"));
    EXPECT_EQ(stand_in->command.arguments, commands.last().command.arguments);
    make(); // once is enough
    EXPECT_FALSE(preambles.running());
    EXPECT_EQ(observer.take_words(), Words{"preamble_made /p/game.cpp"});
    EXPECT_EQ(observer.last<PreambleMadeEvent>().duration, std::chrono::milliseconds(200));
}

TEST_F(PreamblesTest, AnotherBodyIsCompiledWithIt) {
    make_all();
    write_source("another", "// what it is\n#include \"game.h\" // its own\n#include <vector>\n");
    EXPECT_TRUE(is_of_use());
}

TEST_F(PreamblesTest, PreambleOfOtherIncludesIsMadeAnew) {
    make_all();
    write_source("first", "#include <vector>\n");
    EXPECT_FALSE(is_of_use());
    build();
    make_all();
    EXPECT_TRUE(is_of_use());
    EXPECT_FALSE(files.exists(kFolder + std::string("1.hpp.gch")));
}

TEST_F(PreamblesTest, NothingThatItIsMadeFromMayHaveChanged) {
    for (const char *path : {"/p/game.h", "/usr/include/vector", "/bin/c++", "/p/b/build.ninja"}) {
        build();
        clock.advance(std::chrono::seconds(1));
        build_files.read();
        make_all();
        EXPECT_TRUE(is_of_use());
        files.write(path, path);
        EXPECT_FALSE(is_of_use()) << path;
        build_files.read();
        EXPECT_FALSE(is_of_use()) << path;
    }
}

TEST_F(PreamblesTest, HeaderThatChangesWhileItIsReadIsReadAgainLater) {
    make();
    tell_command();
    files.write("/p/game.h", "another");
    precompile();
    EXPECT_FALSE(preambles.running());
    clock.advance(std::chrono::seconds(1));
    make_all();
    EXPECT_TRUE(is_of_use());
}

TEST_F(PreamblesTest, ObjectOfAnotherTextProvesNothing) {
    write_source("saved since");
    make_all();
    EXPECT_FALSE(is_of_use());
    for (const int exit_status : {0, 1}) {
        build();
        make();
        write_source("saved meanwhile");
        build();
        end(exit_status);
        EXPECT_FALSE(is_of_use());
    }
    make();
    end(0);
    EXPECT_TRUE(is_of_use());
    EXPECT_EQ(observer.take_words(), Words{"preamble_made /p/game.cpp"});
}

TEST_F(PreamblesTest, OtherCodeIsGivenUpUntilTheIncludesChange) {
    host.unlike = "the section .text is another one";
    make_all();
    EXPECT_FALSE(is_of_use());
    EXPECT_EQ(observer.last<WarningEvent>().message,
              "game.cpp is compiled without a preamble, until its first includes change: the "
              "section .text is another one");
    EXPECT_EQ(observer.take_words(), Words{"warning preamble"});
    host.unlike.clear();
    make();
    tell_command();
    EXPECT_FALSE(preambles.running());
    write_source("first", "#include <vector>\n");
    build();
    make_all();
    EXPECT_TRUE(is_of_use());
    observer.take_words();
    preambles.give_up(kObject, "the section .data is another one");
    EXPECT_FALSE(is_of_use());
    EXPECT_EQ(observer.take_words(), Words{"warning preamble"});
    preambles.give_up(kObject, "told before");
    EXPECT_EQ(observer.take_words(), Words{});
}

TEST_F(PreamblesTest, HeadersThatCanNotBePrecompiledAreGivenUp) {
    make();
    tell_command();
    end(1, "error");
    EXPECT_EQ(observer.last<WarningEvent>().message,
              "game.cpp is compiled without a preamble, until its first includes change: its "
              "headers can't be precompiled");
    write_source("first", "#include <vector>\n");
    build();
    make();
    tell_command();
    precompile();
    end(1, "error");
    EXPECT_EQ(observer.last<WarningEvent>().message,
              "game.cpp is compiled without a preamble, until its first includes change: it does "
              "not compile with its headers precompiled");
}

TEST_F(PreamblesTest, WarningsOfATextAreNoReasonForever) {
    make();
    tell_command();
    precompile();
    end(0, "warning");
    EXPECT_FALSE(is_of_use());
    EXPECT_EQ(observer.take_words(), Words{});
    make();
    end(0);
    EXPECT_TRUE(is_of_use());
}

TEST_F(PreamblesTest, SourceWithoutIncludesHasNone) {
    write_source("int x;", "");
    make();
    tell_command();
    EXPECT_FALSE(preambles.running());
    make();
    end(0, "touch x && touch y");
    EXPECT_FALSE(preambles.running());
}

TEST_F(PreamblesTest, BuildEndsWhatRunsAndItIsBegunAgain) {
    make();
    tell_command();
    preambles.stop();
    EXPECT_TRUE(commands.last().given_up);
    EXPECT_FALSE(files.exists(kFolder + std::string("1.hpp")));
    preambles.make(build_files);
    tell_command();
    precompile();
    preambles.stop();
    EXPECT_FALSE(is_of_use());
    const std::size_t count = commands.runs.size();
    preambles.make(build_files);
    EXPECT_EQ(commands.runs.size(), count + 1);
    EXPECT_EQ(last_word(), "../game.cpp") << "the header is made";
    end(0);
    EXPECT_TRUE(is_of_use());
    preambles.make(build_files);
    EXPECT_FALSE(preambles.running());
}

TEST_F(PreamblesTest, CommandThatCanNotBeStartedIsNoPreamble) {
    commands.failure = Error{ErrorKind::kFailed, "no more processes", 11};
    make();
    EXPECT_FALSE(preambles.running());
    commands.failure.reset();
    make();
    commands.failure = Error{ErrorKind::kFailed, "no more processes", 11};
    tell_command();
    EXPECT_FALSE(preambles.running());
    EXPECT_FALSE(is_of_use());
}

TEST_F(PreamblesTest, TheLastSaveComesFirst) {
    files.write("/p/b/draw.o", "built");
    preambles.want(kObject);
    preambles.want("draw.o");
    preambles.make(build_files);
    EXPECT_EQ(last_word(), "draw.o");
    tell_command();
    precompile();
    end(0);
    EXPECT_EQ(last_word(), kObject);
    tell_command();
    precompile();
    end(0);
    EXPECT_FALSE(preambles.running());
    EXPECT_TRUE(is_of_use());
    EXPECT_TRUE(preambles.find("draw.o", build_files));
}

TEST_F(PreamblesTest, FewArePutAside) {
    make_all();
    for (int i = 0; i < 8; ++i) {
        EXPECT_TRUE(is_of_use());
        const std::string object = std::to_string(i) + ".o";
        files.write("/p/b/" + object, "built");
        make(object);
        tell_command();
        precompile();
        end(0);
        EXPECT_TRUE(preambles.find(object, build_files));
    }
    EXPECT_FALSE(is_of_use());
    EXPECT_FALSE(files.exists(kFolder + std::string("1.hpp.gch")));
}

TEST(Preambles, NothingIsLeftOfAnEarlierRun) {
    const FakeClock clock;
    FakeFileSystem files(clock);
    FakeCommandRunner commands;
    FakeCodeHost host;
    EventStream events(clock, {});
    files.write("/p/b/.hotrun_preambles/7.hpp.gch", "");
    const Preambles preambles({commands, files, clock, host, events}, {"/bin/ninja", "/p/b", {}});
    EXPECT_FALSE(files.exists("/p/b/.hotrun_preambles/7.hpp.gch"));
}

} // namespace
} // namespace hotrun
