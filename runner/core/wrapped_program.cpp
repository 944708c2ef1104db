#include "core/wrapped_program.hpp"

#include "control/json_rpc.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <csignal>
#include <utility>

namespace hotrun {

namespace {

constexpr int kInterrupted = 128 + SIGINT;
constexpr int kNotStarted = 127; // as a shell says it

} // namespace

WrappedProgram::WrappedProgram(Services services, WrappedProgramSetup setup, Ways ways)
    : services_(services), setup_(std::move(setup)), ways_(std::move(ways)),
      hosted_(setup_.libraries.begin(), setup_.libraries.end()) {
    seen_ = stamps();
    services_.events.add(*this);
}

std::vector<std::string> WrappedProgram::libraries() const {
    std::set<std::string> files = hosted_;
    files.insert(linked_.begin(), linked_.end());
    files.insert(setup_.path);
    return {files.begin(), files.end()};
}

WrappedProgram::Stamps WrappedProgram::stamps() const {
    Stamps now;
    for (const std::string &file : libraries())
        now[file] = services_.files.timestamp(file);
    return now;
}

std::vector<std::string> WrappedProgram::changed_libraries() const {
    std::vector<std::string> changed;
    for (const auto &[file, stamp] : stamps()) {
        const auto known = seen_.find(file);
        if (known == seen_.end() || known->second != stamp)
            changed.push_back(file);
    }
    return changed;
}

bool WrappedProgram::is_library(const std::string &path) const {
    return path == setup_.path || hosted_.contains(path) || std::ranges::count(linked_, path) != 0;
}

// Nobody has one open for writing; where that can't be known, it is the same as at the last look.
bool WrappedProgram::is_settled() {
    for (const std::string &path : changed_libraries()) {
        const auto file = services_.files.open(path);
        if (!file)
            continue;
        const Writers writers = (*file)->lock_out_writers();
        if (writers == Writers::kSome)
            return false;
        const std::optional<Timestamp> before = std::exchange(seen_[path], (*file)->timestamp());
        if (writers == Writers::kUnknown && before != (*file)->timestamp())
            return false;
    }
    return true;
}

bool WrappedProgram::look(Writer writer, const PhaseTimes &phases) {
    if (exit_status_)
        return true;
    if (writer == Writer::kSomebodyElse && !is_settled())
        return false;
    seen_ = stamps();
    const bool anew = std::exchange(anew_, false);
    if (state_ != State::kRunning) {
        wanted_ = true;
        start_if_wanted();
    } else if (needs_restart(anew)) {
        wanted_ = true;
        end_program();
    } else if (attached_) {
        made_.clear(); // none of it leads to the program
        send_candidate(phases, anew);
    }
    return true;
}

// A file that is away is being made, or is not to be.
bool WrappedProgram::is_as_started(const std::string &path) const {
    const auto known = started_.find(path);
    const std::optional<Timestamp> now = services_.files.timestamp(path);
    return known == started_.end() || !now || known->second == now;
}

// One that reloads by itself has to be restarted for what is in it from its start only. Of what
// somebody else has built our build knows nothing.
bool WrappedProgram::needs_restart(bool anew) const {
    const auto is_another = [this](const std::string &path) { return !is_as_started(path); };
    if (is_another(setup_.path) || std::ranges::any_of(linked_, is_another))
        return true;
    if (!attached_)
        return anew || !made_.empty() || std::ranges::any_of(hosted_, is_another);
    return std::ranges::any_of(
        made_, [this](const std::string &made) { return ways_.leads_to(made, setup_.output); });
}

void WrappedProgram::start_if_wanted() {
    if (!wanted_ || building_ || state_ != State::kNone || exit_status_)
        return;
    wanted_ = false;
    made_.clear();
    why_killed_.clear();
    linked_ = ways_.linked();
    seen_ = started_ = stamps();
    const Result<std::int64_t> pid = services_.control.start();
    if (!pid) {
        ProgramEndedEvent ended;
        ended.program.path = setup_.path;
        ended.exit_status = kNotStarted;
        ended.detail = pid.error().message;
        services_.events.tell(ended);
        return;
    }
    pid_ = *pid;
    state_ = State::kRunning;
    services_.events.tell(ProgramStartedEvent{{setup_.path, pid_}, ++start_count_});
}

void WrappedProgram::end_program() {
    state_ = State::kStopping;
    services_.control.terminate();
    services_.loop.set_alarm(kStopAlarm, services_.clock.now() + setup_.stop_timeout, [this] {
        why_killed_ = "it had not ended " + std::to_string(setup_.stop_timeout.count()) +
                      " ms after SIGTERM (--stop-timeout), and was killed";
        services_.control.kill();
    });
}

void WrappedProgram::stop(int exit_status) {
    const bool again = exit_status_.has_value();
    exit_status_ = exit_status_.value_or(exit_status);
    wanted_ = false;
    if (state_ == State::kNone)
        ways_.finish(*exit_status_);
    else if (again)
        services_.control.kill();
    else if (state_ == State::kRunning)
        end_program();
}

// When the terminal goes, only the program hears of it: it is in the foreground.
AfterEnd WrappedProgram::after(const CommandEnd &end) const {
    const bool interrupted = end.exit_status == kInterrupted && !wanted_;
    if (exit_status_ || end.signal == SIGINT || end.signal == SIGHUP || interrupted)
        return AfterEnd::kEnd;
    if (wanted_)
        return AfterEnd::kRestart;
    return end.exit_status == 0 ? AfterEnd::kEnd : AfterEnd::kWait;
}

void WrappedProgram::ended(const CommandEnd &end, const std::string &signal) {
    services_.loop.clear_alarm(kStopAlarm);
    attached_.reset();
    const AfterEnd next = after(end);
    const ProgramStatus was{setup_.path, std::exchange(pid_, 0)};
    state_ = State::kNone;
    services_.events.tell(ProgramEndedEvent{.program = was,
                                            .exit_status = end.exit_status,
                                            .signal = signal,
                                            .next = next,
                                            .detail = std::exchange(why_killed_, {})});
    if (next == AfterEnd::kEnd)
        return ways_.finish(exit_status_.value_or(end.exit_status));
    start_if_wanted();
    ways_.host_told();
}

// The file of a build that has failed counts as ours as well. A program that waits for a build to
// end need not wait for one that succeeds.
void WrappedProgram::event(const Event &event) {
    if (std::holds_alternative<BuildStartedEvent>(event.body))
        building_ = true;
    const auto *finished = std::get_if<BuildFinishedEvent>(&event.body);
    if (finished == nullptr)
        return;
    building_ = finished->status == BuildStatus::kCancelled; // another one follows
    for (const BuiltEdge &edge : finished->edges)
        made_.insert(edge.output);
    seen_ = stamps();
    if (wanted_ && finished->status == BuildStatus::kFailed)
        services_.loop.post([this] {
            start_if_wanted();
            ways_.host_told();
        });
}

bool WrappedProgram::in_flight() const {
    return wanted_ || state_ == State::kStopping ||
           (attached_ && attached_->answered < attached_->asked);
}

std::vector<ModuleStatus> WrappedProgram::statuses() const {
    return attached_ ? attached_->modules : std::vector<ModuleStatus>();
}

// A library of the build folder that it hosts is built from now on. A process that has replaced
// itself says hello again.
std::string WrappedProgram::attach(const Hello &hello, Client client,
                                   std::function<void(std::string line)> send) {
    if (hello.builddir != setup_.builddir)
        return "this run builds in " + setup_.builddir;
    if (state_ == State::kNone || exit_status_)
        return "this run has no program that runs";
    if (attached_ && attached_->pid != hello.pid)
        return "the process " + std::to_string(attached_->pid) + " has said hello already";
    attached_ = Attached{hello.pid, client, std::move(send), hello.modules, 0, 0};
    std::vector<ModuleStatus> unknown;
    for (const ModuleStatus &module : hello.modules) {
        if (module.library.starts_with(setup_.builddir + "/") &&
            hosted_.insert(module.library).second)
            unknown.push_back(module);
    }
    for (const ModuleStatus &module : unknown)
        seen_[module.library] = services_.files.timestamp(module.library);
    if (!unknown.empty())
        services_.loop.post([this, unknown] { ways_.build_modules(unknown); });
    return "";
}

// Its clock is ours.
void WrappedProgram::send_candidate(const PhaseTimes &phases, bool anew) {
    const auto count = [](Duration time) {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
    };
    attached_->send(
        rpc_request_line(++attached_->asked, "candidate",
                         boost::json::object{{"saved_ns", count(phases.start().time_since_epoch())},
                                             {"watch_ns", count(phases.of(Phase::kWatch))},
                                             {"build_ns", count(phases.of(Phase::kBuild))},
                                             {"anew", anew}}));
}

void WrappedProgram::answered(Client client, std::uint64_t candidate) {
    if (!is_attached(client))
        return;
    attached_->answered = std::max(attached_->answered, candidate);
    ways_.host_told();
}

void WrappedProgram::told(Client client, EventBody body) {
    if (is_attached(client))
        std::visit([this](const auto &said) { hear(said); }, body);
}

void WrappedProgram::detach(Client client) {
    if (!is_attached(client))
        return;
    attached_.reset();
    ways_.host_told();
}

void WrappedProgram::hear(const ReadyEvent &ready) {
    attached_->modules = ready.modules;
    services_.events.tell(ProgramAttachedEvent{attached_->pid, ready.modules});
}

void WrappedProgram::hear(const ReloadedEvent &reloaded) {
    set_generation(reloaded.module, reloaded.generation);
    services_.events.tell(reloaded);
}

void WrappedProgram::hear(const RolledBackEvent &rolled_back) {
    set_generation(rolled_back.module, rolled_back.to);
    services_.events.tell(rolled_back);
}

void WrappedProgram::set_generation(const std::string &module, std::uint64_t generation) {
    for (ModuleStatus &status : attached_->modules) {
        if (status.name == module)
            status.generation = generation;
    }
}

} // namespace hotrun
