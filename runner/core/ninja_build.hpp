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
#include <unordered_set>
#include <vector>

namespace hotrun {

// An object that is made in place of one of ninja's, which stays as it is.
struct StandIn {
    std::string path;
    Command command;
};

struct NinjaSetup {
    std::string program; // absolute path
    std::string builddir;
    std::vector<std::string> targets;
    std::string flock = {}; // absolute path of that program; empty: there is none
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
        // Files that a failed command has read, complained of or missed: a change of one may mend
        // it.
        std::unordered_set<std::string> suspects;
        TimePoint ended{};
        bool killed = false;     // what its commands wrote may be half done
        bool meson_busy = false; // it failed for another Meson that works in the build folder
        std::string stand_in{};  // what was made in place of the output; empty: ninja made it
    };
    using OnProgress = std::function<void(std::size_t done, std::size_t total)>;
    using OnEnd = std::function<void(Outcome)>;
    using OnGraph = std::function<void(Result<std::string> graphviz)>;

    NinjaBuild(Services services, NinjaSetup setup);

    bool running() const { return command_ != nullptr; }
    const std::string &program() const { return setup_.program; }
    const std::vector<std::string> &targets() const { return setup_.targets; }

    // From the next build or graph on.
    void add_targets(const std::vector<std::string> &targets) {
        setup_.targets.insert(setup_.targets.end(), targets.begin(), targets.end());
    }

    // One at a time: a build, a graph or a wait. A build is that of these outputs, mostly of the
    // targets; the graph is that of the targets, of build.ninja and of `further` outputs.
    Status build(const std::vector<std::string> &outputs, OnProgress on_progress, OnEnd on_end);
    // The only output has a stand-in made by that command instead; ninja makes it if that fails, or
    // has anything to say.
    Status build_stand_in(const StandIn &stand_in, const std::vector<std::string> &outputs,
                          OnProgress on_progress, OnEnd on_end);
    Status graph(const std::vector<std::string> &further, OnGraph on_graph);

    // Until no Meson works in the build folder.
    Status wait_for_meson(std::function<void()> on_free);

    // The process that runs; 0: none does.
    std::int64_t pid() const { return command_ == nullptr ? 0 : command_->pid(); }

    // The end is told as that of any other build.
    void cancel();

    // Ends what runs and waits for that; nothing is told any more.
    void stop() { command_.reset(); }

  private:
    struct Build {
        std::vector<std::string> outputs;
        OnProgress on_progress;
        OnEnd on_end;
    };

    Outcome outcome(const Result<CommandEnd> &end);
    void stand_in_ended(const StandIn &stand_in, bool is_made, Build build);
    void read_chunk(const NinjaOutput::Chunk &chunk, Outcome &outcome) const;
    void explain_failure(const Result<CommandEnd> &end, Outcome &outcome) const;
    std::vector<BuiltEdge> built_edges() const;
    std::string log_path() const { return setup_.builddir + "/.ninja_log"; }

    Services services_;
    NinjaSetup setup_;
    std::unique_ptr<RunningCommand> command_;
    NinjaOutput output_;
    std::string graphviz_;
    std::string printed_; // by the command of a stand-in
    std::optional<Timestamp> log_before_;
    TimePoint started_{};
    bool cancelled_ = false;
};

} // namespace hotrun
