// What the subcommands that ask a run say to people.
#include "outcome_text.hpp"
#include "status_text.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

namespace json = boost::json;

json::object object(const char *text) {
    return json::parse(text).as_object();
}

TEST(OutcomeText, IsOneSentenceForEachStatus) {
    const std::pair<const char *, const char *> rows[] = {
        {R"({"status":"live","detail":"","modules":[{"name":"game","generation":3},
             {"name":"music","generation":2}]})",
         "live (game: generation 3, music: generation 2)"},
        {R"({"status":"live","detail":"","modules":[]})", "live: the program is started again"},
        {R"({"status":"nothing","detail":"","modules":[]})", "nothing to do"},
        {R"({"status":"nothing","detail":"no such file","modules":[]})",
         "nothing to do: no such file"},
        {R"({"status":"failed","detail":"","modules":[{"name":"game","generation":1}]})",
         "error: the build failed; the code that runs goes on"},
        {R"({"status":"failed","detail":"","modules":[{"name":"game","generation":0}]})",
         "error: the build failed; nothing runs yet"},
        {R"({"status":"rejected","detail":"game: no step","modules":[]})",
         "error: the new code is rejected: game: no step"},
        {R"({"status":"rolled_back","detail":"game: crashed","modules":[]})",
         "error: the new code is rolled back: game: crashed"},
        {R"({"status":"cancelled","detail":"the run has ended","modules":[]})",
         "error: the run has ended before the outcome was known; start one with hotrun TARGET"},
    };
    for (const auto &[outcome, sentence] : rows)
        EXPECT_EQ(outcome_text(object(outcome)), sentence);
}

TEST(OutcomeText, DiagnosticsAreAsCompilersWriteThem) {
    const json::value diagnostics = json::parse(
        R"([{"path":"/p/a.cpp","line":7,"column":3,"severity":"error","message":"no stat",
             "children":[{"path":"/p/a.hpp","line":2,"column":0,"severity":"note",
                          "message":"it was here","children":[]}]},
            {"path":"","line":0,"column":0,"severity":"error","message":"no -lm","children":[]}])");
    EXPECT_EQ(diagnostics_text(diagnostics.as_array()), "/p/a.cpp:7:3: error: no stat\n"
                                                        "/p/a.hpp:2: note: it was here\n"
                                                        "error: no -lm\n");
}

TEST(StatusText, IsThatOfTheRun) {
    json::object status =
        object(R"({"pid":42,"state":"idle","paused":true,"builddir":"/p/b","targets":["a","b"],
                   "modules":[{"name":"game","generation":3}],"watched_files":12,
                   "last_build":{"status":"failed","diagnostics":[{"severity":"error"},
                   {"severity":"warning"},{"severity":"error"}]}})");
    EXPECT_EQ(status_text(status), "hotrun is at work (process 42): idle, paused\n"
                                   "build folder: /p/b\n"
                                   "targets: a b\n"
                                   "module game: generation 3\n"
                                   "last build: failed (2 errors)\n"
                                   "watched files: 12\n");
    status["last_build"] = nullptr;
    status["paused"] = false;
    status["modules"] = json::array();
    status["program"] = object(R"({"path":"/p/b/host","pid":43})");
    EXPECT_EQ(status_text(status), "hotrun is at work (process 42): idle\n"
                                   "build folder: /p/b\n"
                                   "targets: a b\n"
                                   "program: /p/b/host (process 43)\n"
                                   "last build: none yet\n"
                                   "watched files: 12\n");
    status.at("program").as_object()["pid"] = nullptr;
    EXPECT_NE(status_text(status).find("program: /p/b/host (does not run)\n"), std::string::npos);
}

TEST(StatusText, IsThatOfTheFolderWhereNoRunIs) {
    const WatchSet set{"/p/b", {"game"}, {"/p/a.cpp", "/p/a.hpp"}, 1};
    EXPECT_EQ(status_text(set, std::nullopt), "hotrun is not at work\n"
                                              "build folder: /p/b\n"
                                              "targets: game\n"
                                              "watched files: 2\n");
    EXPECT_TRUE(status_text(set, 42).starts_with("hotrun is at work (process 42)\nbuild folder"));
    EXPECT_EQ(unread_text(1),
              "hotrun: the headers of 1 file are not known before it has been built once\n");
    EXPECT_EQ(unread_text(3),
              "hotrun: the headers of 3 files are not known before these have been built once\n");
}

} // namespace
} // namespace hotrun
