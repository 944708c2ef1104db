#include "control/control_server.hpp"

#include "control/event_json.hpp"
#include "support/fake_controlled_run.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <array>
#include <random>

namespace hotrun {
namespace {

namespace json = boost::json;
using Lines = std::vector<std::string>;

class ControlServerTest : public testing::Test {
  protected:
    using Client = std::shared_ptr<ControlServer::Client>;

    Client connect(Lines &lines) {
        return server.connect([&lines](std::string line) { lines.push_back(std::move(line)); });
    }

    // What the line is answered by at once: "ID result", "ID error CODE", or nothing.
    Lines answers(const std::string &line) {
        said.clear();
        client->receive(line + "\n");
        return summaries();
    }
    Lines summaries() const {
        Lines texts;
        for (const std::string &line : said) {
            EXPECT_EQ(line.find('\n'), line.size() - 1);
            const json::object answer = json::parse(line).as_object();
            EXPECT_EQ(answer.at("jsonrpc"), "2.0");
            const json::object *error =
                answer.contains("error") ? &answer.at("error").as_object() : nullptr;
            EXPECT_TRUE(error == nullptr || !error->at("message").as_string().empty());
            texts.push_back(answer.contains("method")
                                ? "event " + json::serialize(answer.at("params").at("seq"))
                                : json::serialize(answer.at("id")) +
                                      (error == nullptr
                                           ? " result"
                                           : " error " + json::serialize(error->at("code"))));
        }
        return texts;
    }
    std::string error_message() const {
        return std::string(json::parse(said.back()).at("error").at("message").as_string());
    }
    json::object result() const { return json::parse(said.back()).at("result").as_object(); }

    void tell(std::uint64_t seq, const std::string &message = "m") {
        server.event(Event{seq, Microseconds(1), WarningEvent{"c", message}});
    }

    FakeControlledRun run;
    int stop_count = 0;
    bool at_once = true; // what is to be done later
    std::vector<std::function<void()>> later;
    ControlServer server{run,
                         {[this] { ++stop_count; },
                          [this](std::function<void()> work) {
                              later.push_back(std::move(work));
                              if (at_once)
                                  std::exchange(later, {}).front()();
                          }}};
    Lines said;
    Client client = connect(said);
};

TEST_F(ControlServerTest, WhatIsNoRequestGetsTheProtocolsErrors) {
    EXPECT_EQ(answers("{"), Lines{"null error -32700"});
    EXPECT_EQ(answers(""), Lines{"null error -32700"});
    EXPECT_EQ(answers("\xff"), Lines{"null error -32700"});
    EXPECT_EQ(answers(std::string(100, '[')), Lines{"null error -32700"});
    EXPECT_EQ(answers("7"), Lines{"null error -32600"});
    EXPECT_EQ(answers("[]"), Lines{"null error -32600"});
    EXPECT_EQ(answers(R"([{"jsonrpc":"2.0","id":1,"method":"status"}])"),
              Lines{"null error -32600"});
    EXPECT_EQ(answers(R"({"id":1,"method":"status"})"), Lines{"1 error -32600"});
    EXPECT_EQ(answers(R"({"jsonrpc":"1.0","id":1,"method":"status"})"), Lines{"1 error -32600"});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":"x","method":5})"), Lines{"\"x\" error -32600"});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1})"), Lines{"1 error -32600"});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":{},"method":"status"})"),
              Lines{"null error -32600"});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1e999,"method":"status"})"),
              Lines{"null error -32600"});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"status","params":5})"),
              Lines{"1 error -32600"});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"sing"})"), Lines{"1 error -32601"});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"status","params":[1]})"),
              Lines{"1 error -32602"});
    EXPECT_EQ(run.asked, Lines{});
}

TEST_F(ControlServerTest, AnErrorSaysWhatWouldBeRight) {
    const auto rows = std::to_array<std::pair<std::string, std::string>>({
        {"{", "the line is no JSON"},
        {"7", "a request is an object"},
        {"[]", "send one request a line: there are no batches"},
        {R"({"jsonrpc":"1.0","id":1,"method":"status"})", R"(jsonrpc is "2.0")"},
        {R"({"jsonrpc":"2.0","id":{},"method":"status"})", "id is a string or a number"},
        {R"({"jsonrpc":"2.0","id":1,"method":5})", "method is a string"},
        {R"({"jsonrpc":"2.0","id":1,"method":"status","params":5})", "params is an object"},
        {R"({"jsonrpc":"2.0","id":1,"method":"status","params":[1]})",
         "params are given by name, in an object"},
        {R"({"jsonrpc":"2.0","id":1,"method":"sing"})", "there is no method sing"},
        {R"({"jsonrpc":"2.0","id":1,"method":"notify"})",
         "notify takes paths, a list of absolute paths"},
        {R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"from_seq":0.5}})",
         "subscribe takes from_seq, a number from 1 on"},
    });
    for (const auto &[line, sentence] : rows) {
        answers(line);
        EXPECT_EQ(error_message(), sentence) << line;
    }
}

TEST_F(ControlServerTest, ParametersThatAMethodDoesNotTakeAreRefused) {
    const auto notify = [&](const std::string &params) {
        return answers(R"({"jsonrpc":"2.0","id":1,"method":"notify","params":)" + params + "}");
    };
    for (const char *params : {"{}", "[]", R"({"paths":"/a"})", R"({"paths":[]})",
                               R"({"paths":[1]})", R"({"paths":["a.cpp"]})", R"({"paths":[""]})",
                               R"({"paths":["/a\u0000b"]})", R"({"paths":["/a", null]})"})
        EXPECT_EQ(notify(params), Lines{"1 error -32602"}) << params;
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"notify"})"), Lines{"1 error -32602"});
    for (const char *params :
         {R"({"from_seq":"1"})", R"({"from_seq":-1})", R"({"from_seq":1.5})", "[7]"})
        EXPECT_EQ(answers(std::string(R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":)") +
                          params + "}"),
                  Lines{"1 error -32602"})
            << params;
    EXPECT_EQ(run.asked, Lines{});
}

TEST_F(ControlServerTest, RequestsWithoutIdAreNotAnswered) {
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","method":"status"})"), Lines{});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","method":"sing"})"), Lines{});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","method":"notify","params":{}})"), Lines{});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","method":"build"})"), Lines{});
    EXPECT_TRUE(client->is_waiting());
    run.answer({});
    EXPECT_EQ(said, Lines{});
    EXPECT_FALSE(client->is_waiting());
}

TEST_F(ControlServerTest, OutcomesAnswerInTheOrderInWhichTheyAreKnown) {
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"notify","params":{"paths":["/p/a"]}})"),
              Lines{});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":"b","method":"build"})"), Lines{});
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":3,"method":"reload","params":{}})"), Lines{});
    EXPECT_EQ(run.asked, (Lines{"notify /p/a", "build", "reload"}));
    std::swap(run.waiting[0], run.waiting[2]);
    for (int i = 0; i < 3; ++i)
        run.answer({});
    EXPECT_EQ(summaries(), (Lines{"3 result", "\"b\" result", "1 result"}));
}

TEST_F(ControlServerTest, AnOutcomeHasItsStatusDiagnosticsAndModules) {
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"build"})"), Lines{});
    ChangeOutcome outcome{OutcomeStatus::kRolledBack, "game: crash \xff", {}, {{"game", "/l", 3}}};
    outcome.diagnostics.push_back({"/p/a.cpp", 2, 5, Severity::kWarning, "m", "t", {}});
    run.answer(outcome);
    EXPECT_EQ(json::serialize(result()),
              R"({"status":"rolled_back","detail":"game: crash )"
              "\xef\xbf\xbd"
              R"(","diagnostics":[{"path":"/p/a.cpp","line":2,"column":5,"severity":"warning",)"
              R"("message":"m","target":"t","children":[]}],)"
              R"("modules":[{"name":"game","generation":3}]})");
}

TEST_F(ControlServerTest, StatusHasTheFieldsOfReadyAndMore) {
    run.told.run.pid = 7;
    run.told.run.modules = {{"game", "/l", 3}};
    run.told.state = RunState::kBuilding;
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"status"})"), Lines{"1 result"});
    for (const auto &field : event_fields(run.told.run))
        EXPECT_EQ(result().at(field.key()), field.value());
    EXPECT_EQ(result().at("state"), "building");
    EXPECT_TRUE(result().at("last_build").is_null());
    EXPECT_EQ(result().at("paused"), false);
    run.told.last_build = {BuildStatus::kFailed, 1, Microseconds(5), {{}}};
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"status"})"), Lines{"1 result"});
    EXPECT_EQ(result().at("last_build").at("status"), "failed");
    EXPECT_EQ(result().at("last_build").at("diagnostics").as_array().size(), 1u);
}

TEST_F(ControlServerTest, StatusTellsWhichFilesAreWatchedIfAsked) {
    const auto status = [&](const std::string &params) {
        return answers(R"({"jsonrpc":"2.0","id":1,"method":"status","params":)" + params + "}");
    };
    EXPECT_EQ(status("{}"), Lines{"1 result"});
    EXPECT_FALSE(result().contains("watched"));
    run.watched = {"/p/a", "/p/c"};
    EXPECT_EQ(status(R"({"paths":["/p/b","/p/a"]})"), Lines{"1 result"});
    EXPECT_EQ(result().at("watched"), json::array({"/p/a"}));
    for (const char *params : {R"({"paths":"/a"})", R"({"paths":[]})", R"({"paths":["a.cpp"]})"})
        EXPECT_EQ(status(params), Lines{"1 error -32602"}) << params;
}

TEST_F(ControlServerTest, StopIsAnsweredBeforeTheRunIsAskedToEnd) {
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"stop"})"), Lines{"1 result"});
    EXPECT_EQ(stop_count, 1);
}

TEST_F(ControlServerTest, SubscribersAreToldWhatComes) {
    tell(1);
    EXPECT_EQ(answers(R"({"jsonrpc":"2.0","id":1,"method":"subscribe"})"), Lines{"1 result"});
    EXPECT_EQ(result().at("from_seq"), 2);
    EXPECT_TRUE(client->is_waiting());
    Lines others;
    const Client other = connect(others);
    tell(2);
    EXPECT_EQ(summaries(), (Lines{"1 result", "event 2"}));
    EXPECT_EQ(others, Lines{});
    const Event event{2, Microseconds(1), WarningEvent{"c", "m"}};
    EXPECT_EQ(json::serialize(json::parse(said.back()).at("params")) + "\n", to_json_line(event));
}

TEST_F(ControlServerTest, SubscribersMayBeginWithWhatWasTold) {
    for (const std::uint64_t seq : {1, 2, 3})
        tell(seq);
    const auto subscribe = [&](const char *from) {
        return answers(std::string(R"({"jsonrpc":"2.0","id":1,"method":"subscribe",)") +
                       R"("params":{"from_seq":)" + from + "}}");
    };
    EXPECT_EQ(subscribe("2"), (Lines{"1 result", "event 2", "event 3"}));
    EXPECT_EQ(subscribe("9"), Lines{"1 result"});
    EXPECT_EQ(result().at("from_seq"), 4);
    tell(4);
    EXPECT_EQ(summaries(), (Lines{"1 result", "event 4"})) << "subscribed once, and told once";
    const std::string large(ControlServer::kMostHistoryBytes / 2, 'x');
    for (const std::uint64_t seq : {5, 6})
        tell(seq, large);
    EXPECT_EQ(subscribe("1"), (Lines{"1 result", "event 6"}));
    EXPECT_EQ(json::parse(said.front()).at("result").at("from_seq"), 6);
}

// Serialising takes time that a save need not wait for.
TEST_F(ControlServerTest, EventsAreToldLaterAndBeforeTheAnswersThatFollow) {
    at_once = false;
    answers(R"({"jsonrpc":"2.0","id":1,"method":"subscribe"})");
    answers(R"({"jsonrpc":"2.0","id":2,"method":"build"})");
    said.clear();
    tell(1);
    tell(2);
    EXPECT_EQ(said, Lines{});
    EXPECT_EQ(later.size(), 1u);
    run.answer({});
    EXPECT_EQ(summaries(), (Lines{"event 1", "event 2", "2 result"}));
    later.front()();
    tell(3);
    EXPECT_EQ(said.size(), 3u);
    later.back()();
    EXPECT_EQ(summaries().back(), "event 3");
}

TEST_F(ControlServerTest, AStreamThatGoesOnKeepsItsNumbers) {
    ControlServer next(run, {[] {}, [](const auto &) {}}, 17);
    const Client late = next.connect([this](std::string line) { said.push_back(std::move(line)); });
    late->receive(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\",\"params\":{\"from_seq\":18}}\n");
    EXPECT_EQ(result().at("from_seq"), 18);
}

TEST_F(ControlServerTest, NothingIsSentToAClientThatHasGone) {
    answers(R"({"jsonrpc":"2.0","id":1,"method":"subscribe"})");
    answers(R"({"jsonrpc":"2.0","id":2,"method":"build"})");
    client.reset();
    said.clear();
    run.answer({});
    tell(1);
    EXPECT_EQ(said, Lines{});
}

TEST_F(ControlServerTest, ALineHasAtMostOneMegabyte) {
    const std::string head = R"({"jsonrpc":"2.0","id":1,"method":"status","params":{"x":")";
    const std::string tail = "\"}}";
    const std::string fill(ControlServer::kMostLineBytes - head.size() - tail.size(), 'x');
    EXPECT_TRUE(client->receive(head + fill + tail + "\n"));
    EXPECT_EQ(summaries(), Lines{"1 result"});
    said.clear();
    EXPECT_FALSE(client->receive(head + fill + "x" + tail + "\n"));
    EXPECT_EQ(summaries(), Lines{"null error -32600"});
    EXPECT_EQ(error_message(), "a line has at most 1 MB; connect again");
    said.clear();
    const Client slow = connect(said);
    std::size_t sent = 0;
    while (slow->receive(std::string(4096, '{')))
        sent += 4096;
    EXPECT_EQ(sent, ControlServer::kMostLineBytes) << "without a line break";
}

TEST_F(ControlServerTest, RequestsMayComeInPiecesCutAnywhere) {
    const std::string both = R"({"jsonrpc":"2.0","id":1,"method":"status"})"
                             "\nno\n"
                             R"({"jsonrpc":"2.0","id":"ä","method":"status"})"
                             "\n";
    const Lines expected = {"1 result", "null error -32700", "\"ä\" result"};
    for (std::size_t cut = 0; cut <= both.size(); ++cut) {
        said.clear();
        client->receive(both.substr(0, cut));
        client->receive(both.substr(cut));
        EXPECT_EQ(summaries(), expected) << cut;
    }
    said.clear();
    for (const char byte : both)
        client->receive({&byte, 1});
    EXPECT_EQ(summaries(), expected);
}

// Whatever comes, each line is answered by one line, and a request afterwards as ever.
TEST_F(ControlServerTest, RandomBytesAreAnsweredLineByLine) {
    constexpr std::string_view kPieces[] = {"{",      "}",    "[",       "]",    "\"",   ":",
                                            ",",      "\n",   "jsonrpc", "2.0",  "id",   "method",
                                            "status", "\xff", "\\u0000", "null", "-1e9", "params"};
    for (unsigned seed = 0; seed < 1000; ++seed) {
        std::mt19937 random(seed);
        std::string bytes;
        for (unsigned count = random() % 200; count > 0; --count) {
            if (random() % 2 == 0)
                bytes += kPieces[random() % std::size(kPieces)];
            else
                bytes += static_cast<char>(random());
        }
        said.clear();
        const Client any = connect(said);
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t length = 1 + random() % 40;
            any->receive(std::string_view(bytes).substr(at, length));
            at += length;
        }
        EXPECT_EQ(said.size(), static_cast<std::size_t>(std::ranges::count(bytes, '\n'))) << seed;
        any->receive("\n{\"jsonrpc\":\"2.0\",\"id\":\"last\",\"method\":\"status\"}\n");
        EXPECT_EQ(summaries().back(), "\"last\" result") << seed;
    }
}

} // namespace
} // namespace hotrun
