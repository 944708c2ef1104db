// What a wrapped program and the run say to each other, and what becomes of that.
#include "control/attached_program.hpp"

#include "control/control_server.hpp"
#include "control/event_json.hpp"
#include "control/event_reader.hpp"
#include "support/engine_world.hpp"
#include "support/fake_controlled_run.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Sayings = std::vector<std::string>;

class ListeningProgram final : public AttachedProgram {
  public:
    std::string attach(const Hello &hello, Client, std::function<void(std::string)> send) override {
        heard.push_back("hello " + std::to_string(hello.pid) + " " + hello.builddir);
        say = std::move(send);
        return refusal;
    }
    void told(Client, EventBody body) override {
        heard.emplace_back("told " + std::string(event_name(body)));
    }
    void answered(Client, std::uint64_t candidate) override {
        heard.emplace_back("answered " + std::to_string(candidate));
    }
    void detach(Client) override { heard.emplace_back("detach"); }

    std::string refusal;
    Sayings heard;
    std::function<void(std::string)> say;
};

class AttachedProgramTest : public testing::Test {
  protected:
    std::shared_ptr<ControlServer::Client> connect() {
        return server.connect([this](std::string line) { answers.push_back(std::move(line)); });
    }
    void say_hello(ControlServer::Client &client) {
        client.receive(
            rpc_request_line(1, "hello", to_json(Hello{7, "/p/b", {{"game", "/g.so"}}})));
    }

    FakeControlledRun run;
    ControlServer server{run, {[] {}, [](std::function<void()> work) { work(); }}};
    ListeningProgram program;
    Sayings answers;
};

TEST_F(AttachedProgramTest, HelloIsNoMethodWhereNothingIsWrapped) {
    say_hello(*connect());
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_NE(answers[0].find("-32601"), std::string::npos) << answers[0];
}

TEST_F(AttachedProgramTest, IsHeardFromHelloToTheEndOfItsConnection) {
    server.set_program(&program);
    auto client = connect();
    const std::string event = to_json_line({1, {}, WarningEvent{"code", "message"}});
    const std::string warning =
        rpc_notification_line("event", std::string_view(event).substr(0, event.size() - 1));
    client->receive(warning);
    EXPECT_EQ(program.heard, Sayings{}) << "before hello it is anybody";
    say_hello(*client);
    EXPECT_EQ(answers, Sayings{rpc_result_line(1, boost::json::object())});
    client->receive(warning);
    client->receive(rpc_result_line(5, boost::json::object()));
    client->receive(rpc_notification_line("event", R"({"event":"unknown"})"));
    client.reset();
    EXPECT_EQ(program.heard, (Sayings{"hello 7 /p/b", "told warning", "answered 5", "detach"}));
}

TEST_F(AttachedProgramTest, AsksForOtherThingsAsAnybodyMay) {
    server.set_program(&program);
    const auto client = connect();
    say_hello(*client);
    client->receive(rpc_request_line(2, "status", nullptr));
    client->receive(rpc_request_line(2, "status", boost::json::object()));
    client->receive("no JSON\n");
    ASSERT_EQ(answers.size(), 4u);
    EXPECT_NE(answers[2].find("\"state\""), std::string::npos);
    EXPECT_NE(answers[3].find("-32700"), std::string::npos);
}

TEST_F(AttachedProgramTest, ThatIsRefusedIsToldWhyAndNotHeard) {
    server.set_program(&program);
    program.refusal = "not you";
    auto client = connect();
    say_hello(*client);
    EXPECT_NE(answers.at(0).find("not you"), std::string::npos);
    client->receive(rpc_request_line(3, "hello", boost::json::object()));
    EXPECT_NE(answers.at(1).find("hello takes pid, builddir and modules"), std::string::npos);
    client.reset();
    EXPECT_EQ(program.heard, Sayings{"hello 7 /p/b"});
}

// In the program: somebody else has built.
TEST(EngineCandidate, IsAnsweredWhenItIsLive) {
    EngineWorld world(EngineWorld::Mode::kNoBuild);
    world.files.replace(EngineWorld::kLibrary, content_of(stepping_library("one")));
    world.engine.start();
    world.host_switches();
    ASSERT_EQ(world.words().back(), "ready game 1");
    world.files.replace(EngineWorld::kLibrary, content_of(stepping_library("two")));
    PhaseTimes phases(world.clock.now());
    world.loop.advance(std::chrono::milliseconds(30));
    phases.mark(Phase::kBuild, world.clock.now());
    std::vector<OutcomeStatus> outcomes;
    const auto take = [&outcomes](const ChangeOutcome &made) { outcomes.push_back(made.status); };
    world.engine.candidate(phases, false, take);
    EXPECT_TRUE(outcomes.empty());
    world.host_switches();
    EXPECT_EQ(outcomes, std::vector{OutcomeStatus::kLive});
    EXPECT_EQ(world.observer.last<ReloadedEvent>().phases.at(static_cast<int>(Phase::kBuild)),
              std::chrono::milliseconds(30));
    world.engine.candidate(PhaseTimes(world.clock.now()), false, take);
    EXPECT_EQ(outcomes.back(), OutcomeStatus::kNothing);
    world.engine.candidate(PhaseTimes(world.clock.now()), true, take);
    world.host_switches();
    EXPECT_EQ(outcomes.back(), OutcomeStatus::kLive);
    EXPECT_EQ(world.live_mark(), "two");
}

// In the run that wraps it.
TEST(EngineCandidate, FurtherTargetsAreBuiltAndWatched) {
    EngineWorld world;
    world.start_ready();
    world.engine.add_targets({"libmore.so"}, {"more"});
    ASSERT_TRUE(world.build_runs());
    EXPECT_EQ(world.run().command.arguments, (Sayings{"libgame.so", "libmore.so"}));
    EXPECT_EQ(world.engine.status().run.targets, (Sayings{"game", "more"}));
    world.run().end(0);
    EXPECT_TRUE(world.graph_runs());
}

} // namespace
} // namespace hotrun
