// A run that wraps a program: the engine beside the program's own process.
#include "hotrun/wrap.hpp"

#include "builddir_parts.hpp"
#include "control/control_server.hpp"
#include "core/engine.hpp"
#include "core/wrapped_program.hpp"
#include "linux/foreground_program.hpp"
#include "linux/linux_file_system.hpp"
#include "linux/linux_process_table.hpp"
#include "linux/passed_signals.hpp"
#include "linux/spawn_command_runner.hpp"
#include "ninja_program.hpp"
#include "source_watcher.hpp"
#include "wrap_plan.hpp"

#include <csignal>
#include <filesystem>
#include <optional>

namespace hotrun {

namespace {

// Bound to the one thread that there is: its loop is the runner's.
class WrappingRun {
  public:
    WrappingRun(const WrapOptions &options, WrapPlan plan)
        : options_(options), plan_(std::move(plan)), events_(clock_, options.observers) {}

    Status set_up();
    int run();

  private:
    WrappedProgram::Ways ways();
    std::vector<std::string> linked_libraries() const;
    void make_program();
    void make_engine(const std::string &ninja);
    void build_modules(const std::vector<ModuleStatus> &modules);
    void received(int signal, bool from_terminal);
    void stop(int exit_status);
    void finish(int exit_status);

    const WrapOptions &options_;
    const WrapPlan plan_;
    LinuxFileSystem files_;
    LinuxProcessTable processes_;
    SystemClock clock_;
    AsioEventLoop loop_;
    EventStream events_;
    std::optional<BuildLock> lock_;
    std::optional<PassedSignals> signals_;
    std::optional<SpawnCommandRunner> commands_;
    std::optional<NinjaBuild> ninja_;
    std::unique_ptr<ControlSocket> control_socket_; // null: there can't be one
    std::optional<ForegroundProgram> control_;
    std::optional<WrappedProgram> program_;
    std::optional<Engine> engine_;
    std::optional<ControlServer> control_server_;
    std::unique_ptr<Watcher> watcher_;
    bool finished_ = false;
    int exit_status_ = 0;
};

Status WrappingRun::set_up() {
    if (const Status claimed = claim_builddir(plan_.builddir, lock_); !claimed)
        return claimed.error();
    const Result<std::string> ninja = find_ninja();
    if (!ninja)
        return ninja.error();
    signals_.emplace(loop_.io(),
                     [this](int signal, bool from_terminal) { received(signal, from_terminal); });
    control_socket_ = make_control_socket(loop_, events_, plan_.builddir);
    make_program();
    make_engine(*ninja);
    watcher_ =
        make_source_watcher({loop_, loop_.io(), clock_, files_, events_}, options_.poll_interval,
                            [this](const std::vector<std::string> &paths, ChangeSource source) {
                                engine_->files_changed(paths, source);
                            });
    engine_->set_watcher(watcher_.get());
    return Done{};
}

WrappedProgram::Ways WrappingRun::ways() {
    return {.host_told = [this] { engine_->host_told(); },
            .build_modules =
                [this](const std::vector<ModuleStatus> &modules) { build_modules(modules); },
            .leads_to =
                [this](const std::string &input, const std::string &output) {
                    return engine_->graph().leads_to(input, output);
                },
            .linked = [this] { return linked_libraries(); },
            .finish = [this](int status) { finish(status); }};
}

std::vector<std::string> WrappingRun::linked_libraries() const {
    const BuildGraph &graph = engine_->graph();
    std::vector<std::string> paths;
    for (const std::string &output : graph.outputs()) {
        if (graph.rule_of(output).find("_LINKER") != std::string::npos &&
            output.find(".so") != std::string::npos && graph.leads_to(output, plan_.output))
            paths.push_back((std::filesystem::path(plan_.builddir) / output).string());
    }
    return paths;
}

void WrappingRun::make_program() {
    std::vector<std::string> words = {options_.program};
    words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
    control_.emplace(
        ForegroundProgramSetup{plan_.command, std::move(words),
                               control_socket_ != nullptr ? control_socket_->path() : std::string(),
                               signals_->before()},
        [this](const CommandEnd &end, const std::string &signal) { program_->ended(end, signal); });
    WrappedProgramSetup setup{
        plan_.program, plan_.output, plan_.builddir, {}, options_.stop_timeout};
    for (const ModuleTarget &module : plan_.targets.modules)
        setup.libraries.push_back(module.library);
    program_.emplace(WrappedProgram::Services{loop_, clock_, files_, events_, *control_},
                     std::move(setup), ways());
}

void WrappingRun::make_engine(const std::string &ninja) {
    commands_.emplace(loop_.io());
    ninja_.emplace(
        NinjaBuild::Services{*commands_, files_, clock_},
        NinjaSetup{ninja, plan_.builddir, plan_.targets.ninja_targets, find_program({"flock"})});
    EngineSetup setup{.builddir = plan_.builddir,
                      .target_names = plan_.target_names,
                      .claim_builddir = [this] { return claim_builddir(plan_.builddir, lock_); },
                      .target_alone = "the code is in another process"};
    if (control_socket_ != nullptr)
        setup.socket = control_socket_->path();
    engine_.emplace(Engine::Services{loop_, clock_, files_, processes_}, std::move(setup), events_,
                    *program_, &*ninja_);
    if (control_socket_ == nullptr)
        return;
    control_server_.emplace(
        *engine_,
        ControlServer::Ways{[this] { loop_.post([this] { stop(0); }); },
                            [this](std::function<void()> work) { loop_.post(std::move(work)); }});
    control_server_->set_program(&*program_);
    events_.add(*control_server_);
    control_socket_->serve(*control_server_);
}

// The program has said which ones it hosts.
void WrappingRun::build_modules(const std::vector<ModuleStatus> &modules) {
    std::vector<std::string> outputs;
    std::vector<std::string> names;
    for (const ModuleStatus &module : modules) {
        outputs.push_back(
            std::filesystem::path(module.library).lexically_relative(plan_.builddir).string());
        names.push_back(module.name);
    }
    engine_->add_targets(outputs, names);
}

// A program gets all but those that are for the run.
void WrappingRun::received(int signal, bool from_terminal) {
    constexpr int kBySignal = 128;
    if (signal == SIGCHLD)
        return control_->look();
    if (signal == SIGTERM)
        return stop(0);
    if (signal == SIGHUP || signal == SIGPIPE)
        return stop(kBySignal + signal);
    const bool ends_us = signal == SIGINT || signal == SIGQUIT;
    if (ends_us && !program_->is_running())
        return stop(kBySignal + signal);
    control_->pass(signal, from_terminal);
}

void WrappingRun::stop(int exit_status) {
    engine_->stop();
    program_->stop(exit_status);
}

void WrappingRun::finish(int exit_status) {
    if (std::exchange(finished_, true))
        return;
    exit_status_ = exit_status;
    engine_->stop();
    engine_->tell_stopped(exit_status, 0);
    if (control_server_)
        control_server_->tell_events();
    control_socket_.reset();
    loop_.io().stop();
}

int WrappingRun::run() {
    loop_.post([this] { engine_->start(); });
    loop_.io().run();
    return exit_status_;
}

} // namespace

Result<int> wrap(const WrapOptions &options) {
    Result<WrapPlan> plan = make_wrap_plan(
        LinuxFileSystem(), options, [](const std::string &name) { return find_program({name}); });
    if (!plan)
        return plan.error();
    WrappingRun run(options, std::move(*plan));
    if (const Status ready = run.set_up(); !ready)
        return ready.error();
    return run.run();
}

} // namespace hotrun
