#include "core/ninja_build.hpp"

#include "control/diagnostics.hpp"
#include "core/build_obstacle.hpp"
#include "core/byte_columns.hpp"
#include "core/failed_compile.hpp"
#include "core/ninja_log.hpp"

namespace hotrun {

namespace {

DiagnosticEvent plain_error(std::string message) {
    DiagnosticEvent diagnostic;
    diagnostic.message = std::move(message);
    return diagnostic;
}

} // namespace

NinjaBuild::NinjaBuild(Services services, NinjaSetup setup)
    : services_(services), setup_(std::move(setup)) {}

Status NinjaBuild::build(const std::vector<std::string> &outputs, OnProgress on_progress,
                         OnEnd on_end) {
    if (!services_.files.timestamp(setup_.builddir + "/build.ninja"))
        return Error{ErrorKind::kFailed, not_set_up(setup_.builddir), 0};
    const Command command{
        .program = setup_.program,
        .arguments = outputs,
        .directory = setup_.builddir,
        .environment = {{"NINJA_STATUS", std::string(kNinjaStatus)}, {"CLICOLOR_FORCE", "1"}}};
    output_ = NinjaOutput();
    cancelled_ = false;
    log_before_ = services_.files.timestamp(log_path());
    started_ = services_.clock.now();
    auto started = services_.commands.start(
        command,
        [this, on_progress = std::move(on_progress)](std::string_view chunk) {
            if (output_.feed(chunk))
                on_progress(output_.finished(), output_.total());
        },
        [this, on_end = std::move(on_end)](Result<CommandEnd> end) {
            const std::unique_ptr<RunningCommand> ended = std::move(command_);
            on_end(outcome(end));
        });
    if (!started)
        return Error{ErrorKind::kFailed,
                     started.error().message + "; install ninja-build if it is gone",
                     started.error().system_code};
    command_ = std::move(*started);
    return Done{};
}

Status NinjaBuild::build_stand_in(const StandIn &stand_in, const std::vector<std::string> &outputs,
                                  OnProgress on_progress, OnEnd on_end) {
    printed_.clear();
    cancelled_ = false;
    started_ = services_.clock.now();
    Build build{outputs, std::move(on_progress), std::move(on_end)};
    auto started = services_.commands.start(
        stand_in.command, [this](std::string_view chunk) { printed_ += chunk; },
        [this, stand_in, build](const Result<CommandEnd> &end) {
            const std::unique_ptr<RunningCommand> ended = std::move(command_);
            const bool is_made =
                end && end->exit_status == 0 && end->signal == 0 && printed_.empty();
            stand_in_ended(stand_in, is_made, build);
        });
    if (!started)
        return this->build(build.outputs, std::move(build.on_progress), std::move(build.on_end));
    command_ = std::move(*started);
    return Done{};
}

void NinjaBuild::stand_in_ended(const StandIn &stand_in, bool is_made, Build build) {
    if (!cancelled_ && !is_made) {
        const TimePoint began = started_;
        const Status again = this->build(build.outputs, std::move(build.on_progress), build.on_end);
        started_ = began;
        if (again)
            return;
        Outcome failed;
        failed.ended = services_.clock.now();
        failed.finished.status = BuildStatus::kFailed;
        failed.finished.exit_status = 1;
        failed.diagnostics.push_back(plain_error(again.error().message));
        return build.on_end(std::move(failed));
    }
    Outcome made;
    made.ended = services_.clock.now();
    made.finished.duration = std::chrono::floor<Microseconds>(made.ended - started_);
    made.finished.status = cancelled_ ? BuildStatus::kCancelled : BuildStatus::kOk;
    if (!cancelled_) {
        made.finished.edges = {{build.outputs.front(), {}, made.finished.duration}};
        made.stand_in = stand_in.path;
    }
    build.on_end(std::move(made));
}

// -n: ninja then opens none of its logs for writing, whatever its version does for a tool.
Status NinjaBuild::graph(const std::vector<std::string> &further, OnGraph on_graph) {
    std::vector<std::string> arguments = {"-n", "-t", "graph"};
    arguments.insert(arguments.end(), setup_.targets.begin(), setup_.targets.end());
    arguments.emplace_back("build.ninja");
    arguments.insert(arguments.end(), further.begin(), further.end());
    graphviz_.clear();
    auto started = services_.commands.start(
        Command{setup_.program, std::move(arguments), setup_.builddir, {}},
        [this](std::string_view chunk) { graphviz_ += chunk; },
        [this, on_graph = std::move(on_graph)](const Result<CommandEnd> &end) {
            const std::unique_ptr<RunningCommand> ended = std::move(command_);
            if (!end)
                on_graph(end.error());
            else if (end->exit_status != 0)
                on_graph(Error{ErrorKind::kFailed, strip_colors(graphviz_), end->exit_status});
            else
                on_graph(std::exchange(graphviz_, {}));
        });
    if (!started)
        return started.error();
    command_ = std::move(*started);
    return Done{};
}

// By the lock that Meson takes (mesonlib's BuildDirLock).
Status NinjaBuild::wait_for_meson(std::function<void()> on_free) {
    if (setup_.flock.empty())
        return Error{ErrorKind::kFailed, "there is no flock", 0};
    auto started = services_.commands.start(
        Command{setup_.flock, {"meson-private/meson.lock", "true"}, setup_.builddir, {}},
        [](std::string_view) {},
        [this, on_free = std::move(on_free)](const Result<CommandEnd> &) {
            const std::unique_ptr<RunningCommand> ended = std::move(command_);
            on_free();
        });
    if (!started)
        return started.error();
    command_ = std::move(*started);
    return Done{};
}

void NinjaBuild::cancel() {
    cancelled_ = true;
    if (command_ != nullptr)
        command_->interrupt();
}

NinjaBuild::Outcome NinjaBuild::outcome(const Result<CommandEnd> &end) {
    output_.finish();
    Outcome outcome;
    outcome.ended = services_.clock.now();
    outcome.killed = end && end->signal != 0;
    BuildFinishedEvent &finished = outcome.finished;
    finished.duration = std::chrono::floor<Microseconds>(outcome.ended - started_);
    finished.exit_status = end ? end->exit_status : 1;
    finished.edges = built_edges();
    finished.output = output_.printed();
    if (cancelled_) {
        finished.status = BuildStatus::kCancelled;
        return outcome;
    }
    for (const NinjaOutput::Chunk &chunk : output_.chunks())
        read_chunk(chunk, outcome);
    if (end && finished.exit_status == 0) {
        finished.status = output_.nothing_to_do() ? BuildStatus::kNothing : BuildStatus::kOk;
        return outcome;
    }
    finished.status = BuildStatus::kFailed;
    explain_failure(end, outcome);
    return outcome;
}

void NinjaBuild::read_chunk(const NinjaOutput::Chunk &chunk, Outcome &outcome) const {
    const CompileCommand command =
        chunk.failed ? CompileCommand::parse(chunk.command, setup_.builddir) : CompileCommand();
    find_includes(services_.files, command, outcome.suspects);
    std::vector<DiagnosticEvent> found =
        parse_diagnostics(chunk.text, setup_.builddir, chunk.output_name);
    use_byte_columns(services_.files, chunk.text, found);
    for (DiagnosticEvent &diagnostic : found) {
        if (chunk.failed) {
            outcome.suspects.insert(diagnostic.path);
            for (std::string &place :
                 missing_header_places(diagnostic.message, diagnostic.path, command))
                outcome.suspects.insert(std::move(place));
        }
        outcome.diagnostics.push_back(std::move(diagnostic));
    }
}

// One sentence in place of all that an obstacle makes the commands say.
void NinjaBuild::explain_failure(const Result<CommandEnd> &end, Outcome &outcome) const {
    std::vector<DiagnosticEvent> &diagnostics = outcome.diagnostics;
    if (!end)
        diagnostics.push_back(plain_error(end.error().message));
    else if (end->signal != 0)
        diagnostics.push_back(plain_error("ninja was ended by signal " +
                                          std::to_string(end->signal) + "; save to build again"));
    const std::string printed = strip_colors(outcome.finished.output);
    const std::optional<BuildObstacle> obstacle = find_build_obstacle(printed, setup_.builddir);
    if (!obstacle)
        return;
    outcome.meson_busy = obstacle->meson_busy;
    std::erase_if(diagnostics, [&](const DiagnosticEvent &diagnostic) {
        return diagnostic.message.find(obstacle->words) != std::string::npos;
    });
    diagnostics.push_back(plain_error(obstacle->sentence));
}

// Ninja appends to its log. Where it wrote the log anew instead, the lines of this build can't be
// told from older ones, and none is reported.
std::vector<BuiltEdge> NinjaBuild::built_edges() const {
    const std::optional<Timestamp> after = services_.files.timestamp(log_path());
    const std::uint64_t before = log_before_ ? log_before_->size_bytes : 0;
    if (!after || after->size_bytes <= before ||
        (log_before_ && log_before_->inode != after->inode))
        return {};
    const Result<std::string> added = services_.files.read(log_path(), before);
    return added ? parse_ninja_log(*added) : std::vector<BuiltEdge>();
}

} // namespace hotrun
