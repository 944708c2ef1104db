#include "language_server.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace hotrun {
namespace {

namespace json = boost::json;
using Texts = std::vector<std::string>;

class LanguageServerTest : public testing::Test {
  protected:
    void initialize(const char *capabilities = R"({"window":{"workDoneProgress":true}})") {
        server.from_editor(
            std::string(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{)") +
            R"("rootUri":"file:///a%20b","capabilities":)" + capabilities + "}}");
        told.clear();
    }
    // What the editor is told, in a few words.
    Texts words() {
        Texts texts;
        for (const json::object &message : std::exchange(told, {})) {
            std::string text;
            if (const json::value *method = message.if_contains("method"))
                text = method->as_string().c_str();
            else
                text = json::serialize(message.at("id"));
            if (const json::value *error = message.if_contains("error"))
                text += " error " + json::serialize(error->at("code"));
            if (const json::value *params = message.if_contains("params")) {
                if (const json::value *kind = params->find_pointer("/value/kind", ignored))
                    text += " " + std::string(kind->as_string());
                if (const json::value *shown = params->find_pointer("/message", ignored))
                    text += " " + std::string(shown->as_string());
                if (const json::value *uri = params->find_pointer("/uri", ignored))
                    text += " " + std::string(uri->as_string());
                if (const json::value *list = params->find_pointer("/diagnostics", ignored))
                    text += " " + std::to_string(list->as_array().size());
            }
            texts.push_back(text);
        }
        return texts;
    }
    void event(const std::string &fields) {
        server.from_run(R"({"jsonrpc":"2.0","method":"event","params":{)" + fields + "}}");
    }
    void start_build() { event(R"("event":"build_started","targets":["libgame.so"])"); }
    void diagnose(const std::string &path, int line, int column, const char *severity = "error",
                  const std::string &children = "") {
        event(R"("event":"diagnostic","path":")" + path + R"(","line":)" + std::to_string(line) +
              R"(,"column":)" + std::to_string(column) + R"(,"severity":")" + severity +
              R"(","message":"oops","target":"t","children":[)" + children + "]");
    }
    void finish_build(const char *status) {
        event(std::string(R"("event":"build_finished","status":")") + status + "\"");
    }

    // A request of the editor about a file, which the run is asked about.
    void ask(int id, const std::string &method, const std::string &path, int first_line = 0) {
        asked.clear();
        server.from_editor(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" +
                           method + R"(","params":{"textDocument":{"uri":"file://)" + path +
                           R"("},"range":{"start":{"line":)" + std::to_string(first_line) +
                           R"(,"character":0},"end":{"line":9,"character":0}}}})");
    }
    void tell_status(const std::string &watched, int generation = 7,
                     const std::string &last_build = "null") {
        ASSERT_EQ(asked.size(), 1u);
        const json::object request = json::parse(asked.front()).as_object();
        EXPECT_EQ(request.at("method"), "status");
        server.from_run(R"({"jsonrpc":"2.0","id":)" + json::serialize(request.at("id")) +
                        R"(,"result":{"watched":[)" + watched +
                        R"(],"modules":[{"name":"game","library":"/p/libgame.so","generation":)" +
                        std::to_string(generation) + R"(}],"last_build":)" + last_build + "}}");
    }
    std::string last_result() const { return json::serialize(told.back().at("result")); }

    boost::system::error_code ignored;
    std::vector<json::object> told;
    Texts asked;
    std::map<std::string, std::string> files = {{"/p/a.cpp", "first\n\tint ä = missing;\n"}};
    LanguageServer server{{[this](const json::object &message) { told.push_back(message); },
                           [this](std::string_view line) { asked.emplace_back(line); },
                           [this](const std::string &path) -> std::optional<std::string> {
                               const auto file = files.find(path);
                               if (file == files.end())
                                   return std::nullopt;
                               return file->second;
                           }}};
};

TEST_F(LanguageServerTest, LivesAsTheProtocolSays) {
    server.from_editor(R"({"jsonrpc":"2.0","id":0,"method":"textDocument/hover"})");
    EXPECT_EQ(told.back().at("error").at("message"), "initialize comes first");
    EXPECT_EQ(words(), Texts{"0 error -32002"});
    server.from_editor("no JSON");
    EXPECT_EQ(told.back().at("error").at("message"), "the message is no JSON object");
    static_cast<void>(words());
    initialize();
    EXPECT_EQ(server.root(), "/a b");
    server.from_editor(R"({"jsonrpc":"2.0","method":"initialized","params":{}})");
    server.from_editor(R"({"jsonrpc":"2.0","method":"textDocument/didOpen","params":{}})");
    server.from_editor(R"({"jsonrpc":"2.0","id":"x","result":null})");
    EXPECT_EQ(words(), Texts{});
    server.from_editor(R"({"jsonrpc":"2.0","id":2,"method":"textDocument/hover"})");
    server.from_editor("no");
    EXPECT_EQ(words(), (Texts{"2 error -32601", "null error -32700"}));
    server.from_editor(R"({"jsonrpc":"2.0","id":3,"method":"shutdown"})");
    server.from_editor(R"({"jsonrpc":"2.0","id":4,"method":"shutdown"})");
    EXPECT_EQ(told.back().at("error").at("message"), "exit comes after shutdown");
    start_build();
    EXPECT_EQ(words(), (Texts{"3", "4 error -32600"})) << "and nothing is told any more";
    EXPECT_EQ(server.exit_status(), std::nullopt);
    server.from_editor(R"({"jsonrpc":"2.0","method":"exit"})");
    EXPECT_EQ(server.exit_status(), 0);
}

TEST_F(LanguageServerTest, AnEndWithoutShutdownIsAFailure) {
    server.from_editor(R"({"jsonrpc":"2.0","method":"exit"})");
    EXPECT_EQ(server.exit_status(), 1);
}

TEST_F(LanguageServerTest, SavesAreToldToTheRun) {
    initialize();
    server.from_editor(R"({"jsonrpc":"2.0","method":"textDocument/didSave","params":)"
                       R"({"textDocument":{"uri":"file:///p/a%20b.cpp"}}})");
    server.from_editor(R"({"jsonrpc":"2.0","method":"textDocument/didSave","params":)"
                       R"({"textDocument":{"uri":"untitled:1"}}})");
    server.from_editor(R"({"jsonrpc":"2.0","method":"textDocument/didSave","params":)"
                       R"({"textDocument":{"uri":"file:///p/%97.cpp"}}})"); // no UTF-8
    ASSERT_EQ(asked.size(), 1u);
    const json::object request = json::parse(asked.front()).as_object();
    EXPECT_EQ(request.at("method"), "notify");
    EXPECT_EQ(request.at("params").at("paths"), json::array({"/p/a b.cpp"}));
}

TEST_F(LanguageServerTest, ABuildIsShownWithItsProgressAndDiagnostics) {
    initialize();
    start_build();
    diagnose("/p/a.cpp", 2, 11, "error",
             R"({"path":"/p/gone.h","line":7,"column":3,"severity":"note","message":"here",)"
             R"("target":"","children":[]})");
    EXPECT_EQ(words(), (Texts{"window/workDoneProgress/create", "$/progress begin"}));
    finish_build("failed");
    const json::value list = told.back().at("params").at("diagnostics");
    EXPECT_EQ(words(),
              (Texts{"$/progress end", "textDocument/publishDiagnostics file:///p/a.cpp 1"}));
    EXPECT_EQ(json::serialize(list.at(0)),
              R"({"range":{"start":{"line":1,"character":9},"end":{"line":1,"character":16}},)"
              R"("severity":1,"source":"hotrun","message":"oops","relatedInformation":[)"
              R"({"location":{"uri":"file:///p/gone.h","range":{"start":{"line":6,"character":0},)"
              R"("end":{"line":6,"character":0}}},"message":"here"}]})");
}

TEST_F(LanguageServerTest, DiagnosticsGoWhenTheyAreMended) {
    initialize("{}");
    start_build();
    diagnose("/p/a.cpp", 2, 11);
    diagnose("/p/b.cpp", 1, 0, "warning");
    diagnose("", 0, 0);
    finish_build("failed");
    EXPECT_EQ(words(), (Texts{"window/showMessage hotrun: oops",
                              "textDocument/publishDiagnostics file:///p/a.cpp 1",
                              "textDocument/publishDiagnostics file:///p/b.cpp 1"}));
    start_build();
    finish_build("nothing");
    EXPECT_EQ(words(), Texts{});
    start_build();
    diagnose("/p/b.cpp", 1, 1);
    finish_build("cancelled");
    EXPECT_EQ(words(), Texts{});
    start_build();
    diagnose("/p/b.cpp", 1, 1);
    finish_build("ok");
    EXPECT_EQ(words(), (Texts{"textDocument/publishDiagnostics file:///p/a.cpp 0",
                              "textDocument/publishDiagnostics file:///p/b.cpp 1"}));
}

TEST_F(LanguageServerTest, ARunThatIsFoundTellsOfItsLastBuildAndOfWhatComes) {
    initialize();
    server.run_found();
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_EQ(json::parse(asked[0]).at("method"), "status");
    EXPECT_EQ(json::parse(asked[1]).at("method"), "subscribe");
    server.from_run(R"({"jsonrpc":"2.0","id":1,"result":{"last_build":{"status":"failed",)"
                    R"("diagnostics":[{"path":"/p/a.cpp","line":1,"column":1,"severity":"error",)"
                    R"("message":"m","target":"","children":[]}]}}})");
    EXPECT_EQ(words(), Texts{"textDocument/publishDiagnostics file:///p/a.cpp 1"});
    start_build();
    server.run_lost();
    EXPECT_EQ(words().back(), "$/progress end");
}

TEST_F(LanguageServerTest, WhatBecomesOfTheNewCodeIsSaid) {
    initialize();
    event(R"("event":"reloaded","module":"game","generation":2,"total_us":83600)");
    event(R"("event":"rejected","module":"game","detail":"no step")");
    event(R"("event":"rolled_back","module":"game","reason":"crash","detail":"in hotrun_step",)"
          R"("parked":true)");
    event(R"("event":"retired","module":"game")");
    EXPECT_EQ(
        words(),
        (Texts{"window/logMessage hotrun: game: generation 2 is live",
               "window/showMessage hotrun: game: the new code is rejected: no step",
               "window/showMessage hotrun: game: the code failed (crash), in hotrun_step; the "
               "module is back in an earlier state"}));
}

constexpr const char *kLenses = R"({"textDocument":{"codeLens":{}},)"
                                R"("workspace":{"codeLens":{"refreshSupport":true}}})";
constexpr const char *kHints = R"({"textDocument":{"inlayHint":{}}})";

TEST_F(LanguageServerTest, OnlyWhatTheClientCanShowIsOffered) {
    const auto offered = [&](const std::string &capabilities) {
        server.from_editor(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{)"
                           R"("capabilities":)" +
                           capabilities + "}}");
        const json::object result =
            std::exchange(told, {}).back().at("result").at("capabilities").as_object();
        return std::string(result.contains("codeLensProvider") ? "lens" : "") +
               (result.contains("inlayHintProvider") ? "hint" : "");
    };
    EXPECT_EQ(offered("{}"), "");
    ask(2, "textDocument/codeLens", "/p/a.cpp");
    EXPECT_EQ(words(), Texts{"2 error -32601"});
    EXPECT_EQ(offered(kHints), "hint");
    EXPECT_EQ(offered(kLenses), "lens");
    EXPECT_EQ(offered(R"({"textDocument":{"codeLens":{},"inlayHint":{}}})"), "lens");
}

TEST_F(LanguageServerTest, AFileOfTheRunHasALensThatSaysWhatIsLive) {
    initialize(kLenses);
    ask(2, "textDocument/codeLens", "/p/a.cpp");
    EXPECT_EQ(last_result(), "[]") << "there is no run to be asked";
    EXPECT_EQ(asked, Texts{});
    server.run_found();
    event(R"("event":"reloaded","module":"game","generation":7,"total_us":83600)");
    told.clear();
    ask(3, "textDocument/codeLens", "/p/a%20b.cpp");
    EXPECT_EQ(words(), Texts{}) << "not before the run has answered";
    EXPECT_EQ(json::parse(asked.at(0)).at("params").at("paths"), json::array({"/p/a b.cpp"}));
    tell_status("\"/p/a b.cpp\"");
    EXPECT_EQ(told.back().at("id"), 3);
    EXPECT_EQ(last_result(),
              R"([{"range":{"start":{"line":0,"character":0},"end":{"line":0,"character":0}},)"
              R"("command":{"title":"live: generation 7, 84 ms","command":""}}])");
    ask(4, "textDocument/codeLens", "/p/other.cpp");
    tell_status("");
    EXPECT_EQ(last_result(), "[]") << "the run is not made of it";
    ask(9, "textDocument/codeLens", "/p/%97.cpp");
    EXPECT_EQ(last_result(), "[]") << "the run can't be asked";
    ask(5, "textDocument/codeLens", "/p/a.cpp");
    server.run_lost();
    EXPECT_EQ(words(), (Texts{"3", "4", "9", "5", "workspace/codeLens/refresh"}));
}

TEST_F(LanguageServerTest, ALensThatMayBeAnotherNowIsAskedForAgain) {
    initialize(kLenses);
    asked.clear();
    server.run_found();
    asked.pop_back();
    tell_status("");
    EXPECT_EQ(words(), Texts{"workspace/codeLens/refresh"});
    start_build();
    EXPECT_EQ(words(), Texts{});
    finish_build("failed");
    event(R"("event":"rejected","module":"game","detail":"no step")");
    EXPECT_EQ(words(), (Texts{"workspace/codeLens/refresh",
                              "window/showMessage hotrun: game: the new code is rejected: no step",
                              "workspace/codeLens/refresh"}));
    initialize(R"({"textDocument":{"codeLens":{}}})");
    event(R"("event":"reloaded","module":"game","generation":7,"total_us":83600)");
    EXPECT_EQ(words(), Texts{"window/logMessage hotrun: game: generation 7 is live"})
        << "a client that can't be asked to";
}

TEST_F(LanguageServerTest, WhereThereAreNoLensesAHintStandsBehindTheFirstLine) {
    initialize(kHints);
    server.run_found();
    files["/p/a.cpp"] = "// ä😀\nint x;\n";
    ask(2, "textDocument/inlayHint", "/p/a.cpp");
    tell_status("\"/p/a.cpp\"");
    EXPECT_EQ(last_result(), R"([{"position":{"line":0,"character":6},)"
                             R"("label":"live: generation 7","paddingLeft":true}])");
    ask(3, "textDocument/inlayHint", "/p/a.cpp", 1);
    EXPECT_EQ(last_result(), "[]") << "of other lines";
    EXPECT_EQ(asked, Texts{});
}

} // namespace
} // namespace hotrun
