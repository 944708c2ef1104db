#include "support/engine_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotrun {

namespace {

constexpr std::chrono::milliseconds kTick{1};

bool is_graph(const FakeRun &run) {
    return run.command.arguments.front() == "-n";
}

} // namespace

EngineWorld::EngineWorld(Mode mode)
    : reloader({files, loader, processes, clock}, loop, events, handover, {{"game", kLibrary}},
               true),
      ninja({commands, files, clock}, {"/usr/bin/ninja", "/p/b", {"libgame.so"}, "/usr/bin/flock"}),
      engine({loop, clock, files, processes},
             {"/p/b",
              mode == Mode::kBuild,
              {"game"},
              [this] {
                  ++claim_count;
                  return Status(Done{});
              },
              std::nullopt,
              [this](bool expected) { code_expected = expected; }},
             events, reloader, mode == Mode::kBuild ? &ninja : nullptr),
      watcher([this](const std::vector<std::string> &paths) {
          engine.files_changed(paths, ChangeSource::kWatch);
      }) {
    for (const char *path : {kSource, kHeader, kMesonBuild, kBuildFile, kCoreData})
        files.write(path, "first");
    deps.deps("libgame.so.p/game.cpp.o", {"../src/game.cpp", "../src/game.h"});
    engine.set_watcher(&watcher);
    loop.advance(kTick);
}

void EngineWorld::start() {
    engine.start();
    answer_graph();
    ASSERT_TRUE(build_runs());
}

void EngineWorld::start_ready() {
    start();
    finish_build("one");
    host_switches();
    ASSERT_EQ(words().back(), "ready game 1");
}

void EngineWorld::save_unread(const std::string &path, const std::string &content) {
    loop.advance(kTick);
    files.write(path, content);
    watcher.saw(path);
}

void EngineWorld::save(const std::string &path, const std::string &content) {
    save_unread(path, content);
    watcher.drain();
}

void EngineWorld::answer_graph(const std::vector<std::string> &sources) {
    ASSERT_TRUE(graph_runs());
    std::vector<std::string> inputs = {"../src/game.cpp"};
    inputs.insert(inputs.end(), sources.begin(), sources.end());
    GraphText graph;
    graph.edge("cpp_LINKER", {"libgame.so"}, {"libgame.so.p/game.cpp.o"})
        .edge("cpp_COMPILER", {"libgame.so.p/game.cpp.o"}, inputs)
        .edge("REGENERATE_BUILD", {"build.ninja"},
              {"../meson.build", "meson-private/coredata.dat"});
    run().print(graph.text());
    run().end(0);
}

void EngineWorld::link(const std::string &mark) {
    loop.advance(kTick);
    files.write(kObject, mark);
    files.replace(kLibrary, content_of(stepping_library(mark)));
    files.write("/p/b/.ninja_deps", deps.bytes());
    watcher.saw(kLibrary);
}

void EngineWorld::finish_build(const std::string &mark) {
    ASSERT_TRUE(build_runs());
    if (!mark.empty())
        link(mark);
    run().end(0);
}

void EngineWorld::fail_build(const std::string &error) {
    ASSERT_TRUE(build_runs());
    loop.advance(kTick);
    run().print("\x1e"
                "1 2 1 1 1 Compiling\nFAILED: libgame.so.p/game.cpp.o \nc++\n"
                "../src/game.cpp:3:5: error: " +
                error + "\nninja: build stopped: subcommand failed.\n");
    run().end(1);
}

void EngineWorld::host_switches() {
    loop.advance(kTick);
    for (SwitchReport &report : host.switch_now()) {
        reloader.switched(std::move(report));
        engine.host_told();
    }
    loop.run_posted();
}

void EngineWorld::host_failed(FailureReport report) {
    reloader.failed(std::move(report));
    engine.host_told();
}

bool EngineWorld::graph_runs() const {
    return !commands.runs.empty() && run().running() && is_graph(run());
}

bool EngineWorld::build_runs() const {
    return !commands.runs.empty() && run().running() && !is_graph(run());
}

std::size_t EngineWorld::build_count() const {
    return static_cast<std::size_t>(std::count_if(commands.runs.begin(), commands.runs.end(),
                                                  [](const auto &run) { return !is_graph(*run); }));
}

} // namespace hotrun
