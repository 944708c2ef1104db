// What an editor and a script ask of a run, by the commands that use the control socket.
#include "e2e/game_test.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct EndedCommand {
    int status;
    std::string output;
};

EndedCommand hotrun(std::vector<std::string> words, const std::string &directory) {
    words.insert(words.begin(), HOTRUN_TOOL);
    Child child(words, directory, Child::Streams::kPipe);
    const int status = child.wait_for_exit();
    return {status, child.output()};
}

json::object in_json(std::vector<std::string> words, const std::string &directory) {
    words.emplace_back("--json");
    const EndedCommand ended = hotrun(std::move(words), directory);
    boost::system::error_code error;
    const json::value value = json::parse(ended.output, error);
    EXPECT_TRUE(value.is_object()) << ended.output;
    return value.is_object() ? value.get_object() : json::object();
}

class Control : public GameTest {
  protected:
    EndedCommand notify() { return hotrun({"notify", project.source_name()}, project.path()); }

    void expect(const EndedCommand &ended, int status, const std::string &part) {
        EXPECT_EQ(ended.status, status) << ended.output;
        EXPECT_NE(ended.output.find(part), std::string::npos) << ended.output;
    }
};

// The watch looks every 100 seconds: what is built is what the editor told of.
TEST_F(Control, NotifyIsAnsweredByWhatBecomesOfTheSave) {
    HotrunProcess &run = start({"--interval", "5", "--poll", "100000"});
    project.set_value(2);
    expect(notify(), 0, "live (game: generation 2)");
    EXPECT_EQ(run.next("change")->at("source"), "editor");
    EXPECT_TRUE(run.wait_for("value=2"));

    const std::string broken = "\n\tconst char *s = \"ä\"; int 漢 = 0;\tint x = missing_name;\n";
    project.set_source(project.source("2") + broken);
    const EndedCommand failed = notify();
    const auto line = std::ranges::count(project.source("2"), '\n') + 2;
    const std::size_t column = broken.find("missing_name"); // after a line break: from 1
    expect(failed, 1,
           project.path(project.source_name()) + ":" + std::to_string(line) + ":" +
               std::to_string(column) + ": error: ");
    expect(notify(), 1, "error: the build failed");
    EXPECT_EQ(in_json({"status"}, project.path()).at("last_build").at("status"), "failed");

    project.set_source(project.source("3"));
    const std::string path = project.path(project.source_name());
    expect(hotrun({"notify", path}, "/"), 0, "live (game: generation 3)");
    EXPECT_TRUE(run.wait_for("value=3"));

    project.set_source("extern \"C\" int missing_function();\n" +
                       project.source("missing_function()"));
    expect(notify(), 1, "error: the new code is rejected: game: ");

    project.set_source(project.source("4"));
    const json::object live = in_json({"notify", project.source_name()}, project.path());
    EXPECT_EQ(live.at("status"), "live");
    EXPECT_EQ(live.at("modules").at(0).at("generation"), 4);
    expect(notify(), 0, "live");

    expect(hotrun({"report"}, project.path()), 0, "hotrun-report.html has ");
    const std::string report = content_of(project.path("hotrun-report.html"));
    EXPECT_NE(report.find("<b>1</b>rejected"), std::string::npos);
    EXPECT_NE(report.find("missing_name"), std::string::npos) << "why the build failed";

    project.write("README", "text");
    expect(hotrun({"notify", "README"}, project.path()), 0, "nothing to do");
    expect(hotrun({"build"}, project.path()), 0, "nothing to do");
    expect(hotrun({"reload"}, project.path()), 0, "live (game: generation 5)");
    for (int generation = 2; generation <= 5; ++generation)
        EXPECT_NE(run.next("reloaded"), nullptr);
    EXPECT_EQ(run.count("build_started"), 7U)
        << "the first, one for each save, and the one asked for";
    expect(hotrun({"notify", "absent.cpp"}, project.path()), 2, "there is no file absent.cpp");
    expect(hotrun({"notify"}, project.path()), 2, "name the file that was saved");
    expect(hotrun({"stop", "game"}, project.path()), 2, "hotrun stop does not take game");
}

TEST_F(Control, AnEditorsSaveIsBuiltOnceAndTheRunIsFoundFromAnywhereInTheProject) {
    fs::create_directories(project.path("run"));
    ::setenv("XDG_RUNTIME_DIR", project.path("run").c_str(), 1);
    HotrunProcess &run = start();
    ::unsetenv("XDG_RUNTIME_DIR"); // the clients are started elsewhere
    const std::string socket = run.events().back().at("socket").as_string().c_str();
    EXPECT_TRUE(socket.starts_with(project.path("run/hotrun/"))) << socket;
    EXPECT_TRUE(fs::is_socket(socket)) << socket;
    Child events({HOTRUN_TOOL, "events", "--from", "1"}, project.path(), Child::Streams::kPipe);
    events.wait_for("\"event\":\"ready\"");
    for (int value = 2; value < 6; ++value) {
        project.set_value(value);
        expect(notify(), 0, "live (game: generation " + std::to_string(value) + ")");
        EXPECT_EQ(run.next("reloaded")->at("generation"), value);
        events.wait_for("\"event\":\"reloaded\"");
    }
    EXPECT_EQ(run.count("build_started"), 5U);
    EXPECT_EQ(run.count("change"), 4U);

    fs::create_directories(project.path("sub/folder"));
    const std::string pid = std::to_string(run.child().pid());
    const EndedCommand status = hotrun({"status"}, project.path("sub/folder"));
    expect(status, 0, "hotrun is at work (process " + pid + "): idle");
    expect(status, 0, "module game: generation 5");
    const json::object fields = in_json({"status"}, project.path("sub/folder"));
    EXPECT_EQ(fields.at("socket"), socket.c_str());
    EXPECT_EQ(fields.at("state"), "idle");

    expect(hotrun({"stop"}, project.path("sub")), 0, "(process " + pid + ")");
    EXPECT_EQ(run.child().wait_for_exit(), 0);
    EXPECT_EQ(events.wait_for_exit(), 0);
    EXPECT_NE(events.output().find("\"event\":\"stopped\""), std::string::npos);
    EXPECT_FALSE(fs::exists(socket));
    for (const char *word : {"stop", "build", "reload", "events"}) {
        const EndedCommand ended = hotrun({word}, project.path());
        expect(ended, 1, "hotrun: error: no hotrun is at work in " + project.builddir());
        EXPECT_EQ(ended.output.find('\n'), ended.output.size() - 1) << ended.output;
    }
    expect(notify(), 1, "start one with hotrun TARGET");
    expect(hotrun({"status"}, project.path("sub")), 0, "hotrun is not at work\n");
    EXPECT_TRUE(in_json({"status"}, project.path()).at("pid").is_null());
    expect(hotrun({"status"}, "/"), 2, "hotrun: error: no Meson project at or above /");
}

// The compiler waits for what nobody writes, and only the request has the run build.
TEST_F(Control, ThoseThatWaitForARunThatIsKilledAreToldSo) {
    HotrunProcess &run = start({"--interval", "5", "--poll", "100000"});
    const std::string process = "process " + std::to_string(run.child().pid());
    Child events({HOTRUN_TOOL, "events", "--from", "1"}, project.path(), Child::Streams::kPipe);
    ASSERT_TRUE(events.wait_for("\"ready\""));
    const std::string pipe = project.path("pipe.h");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    project.set_source("#include \"pipe.h\"\n" + project.source("2"));
    Child request({HOTRUN_TOOL, "notify", project.source_name()}, project.path(),
                  Child::Streams::kPipe);
    const int writer = ::open(pipe.c_str(), O_WRONLY | O_CLOEXEC); // once the compiler reads
    ASSERT_GE(writer, 0);
    run.child().signal(SIGKILL);
    EXPECT_EQ(request.wait_for_exit(), 1);
    EXPECT_EQ(request.output(),
              "hotrun: error: the run (" + process + ") ended before it answered\n");
    EXPECT_EQ(events.wait_for_exit(), 1);
    EXPECT_TRUE(events.output().ends_with("the run (" + process + ") was ended from outside\n"))
        << events.output();
    ::close(writer);
}

TEST_F(Control, TheSocketAnswersAgainAfterTheProcessHasReplacedItself) {
    HotrunProcess &run = start({"--interval", "5", "--poll", "100000", "--guard", "on"});
    const json::object before = in_json({"status"}, project.path());
    Child events({HOTRUN_TOOL, "events", "--from", "1"}, project.path(), Child::Streams::kPipe);
    events.wait_for("\"event\":\"ready\"");
    project.set_source("static int thrown = [] { throw 1; return 1; }();\n" + project.source("2"));
    expect(notify(), 1, "error: the new code is rejected: game: its static constructors end in");
    ASSERT_NE(run.next("rejected"), nullptr);
    events.wait_for("\"event\":\"restarted\"");
    events.wait_for("\"event\":\"rejected\"");
    const json::object after = in_json({"status"}, project.path());
    EXPECT_EQ(after.at("pid"), before.at("pid"));
    EXPECT_EQ(after.at("socket"), before.at("socket"));
    project.set_value(3);
    expect(notify(), 0, "live");
    EXPECT_EQ(run.end_with(SIGTERM), 0);
    EXPECT_EQ(events.wait_for_exit(), 0);
    EXPECT_FALSE(fs::exists(before.at("socket").as_string().c_str()));
}

} // namespace
} // namespace hotrun::e2e
