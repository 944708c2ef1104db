// One run of ninja after the other.
#pragma once

#include "core/command_runner.hpp"
#include "core/event_loop.hpp"
#include "core/file_system.hpp"
#include "core/ninja_output.hpp"
#include "hotrun/events.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

struct NinjaSetup {
    std::string program; // absolute path
    std::string builddir;
    std::vector<std::string> targets;
};

// Bound to the runner's thread.
class NinjaBuild {
  public:
    struct Services {
        CommandRunner &commands;
        FileSystem &files;
        const Clock &clock;
    };
    struct Outcome {
        BuildFinishedEvent finished;
        std::vector<DiagnosticEvent> diagnostics;
        TimePoint ended{};
    };
    using OnProgress = std::function<void(std::size_t done, std::size_t total)>;
    using OnEnd = std::function<void(Outcome)>;
    using OnGraph = std::function<void(Result<std::string> graphviz)>;

    NinjaBuild(Services services, NinjaSetup setup);

    bool running() const { return command_ != nullptr; }
    const std::vector<std::string> &targets() const { return setup_.targets; }

    // One at a time: a build or a graph.
    Status build(OnProgress on_progress, OnEnd on_end);
    Status graph(OnGraph on_graph);

    // The end is told as that of any other build.
    void cancel();

    // Ends what runs and waits for that; nothing is told any more.
    void stop() { command_.reset(); }

  private:
    Outcome outcome(const Result<CommandEnd> &end);
    std::vector<BuiltEdge> built_edges() const;
    std::string log_path() const { return setup_.builddir + "/.ninja_log"; }

    Services services_;
    NinjaSetup setup_;
    std::unique_ptr<RunningCommand> command_;
    NinjaOutput output_;
    std::string graphviz_;
    std::optional<Timestamp> log_before_;
    TimePoint started_{};
    bool cancelled_ = false;
};

} // namespace hotrun
