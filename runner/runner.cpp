// The composition root: makes the real watcher, builder and loader, and hands them to the core.
#include "hotrun/runner.hpp"

#include "core/build_folder.hpp"
#include "core/engine.hpp"
#include "core/fallback_watcher.hpp"
#include "core/module.hpp"
#include "core/polling_watcher.hpp"
#include "linux/asio_event_loop.hpp"
#include "linux/build_lock.hpp"
#include "linux/dl_library_loader.hpp"
#include "linux/heap_mapping.hpp"
#include "linux/inotify_watcher.hpp"
#include "linux/linux_file_system.hpp"
#include "linux/linux_process_table.hpp"
#include "linux/spawn_command_runner.hpp"
#include "linux/stop_signals.hpp"
#include "linux/wake_descriptor.hpp"
#include "ninja_program.hpp"
#include "run_plan.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <algorithm>
#include <map>
#include <thread>

namespace hotrun {

namespace {

constexpr int kPollAlarm = 100;

// A run of so many steps can't end by itself when there is nothing to step.
class NothingToStep : public Observer {
  public:
    explicit NothingToStep(Handover &handover) : handover_(handover) {}

    void event(const Event &event) override {
        const auto *ready = std::get_if<ReadyEvent>(&event.body);
        if (ready == nullptr)
            return;
        for (const ModuleStatus &module : ready->modules) {
            if (module.generation == 0)
                handover_.request_stop(kFailedStatus);
        }
    }

  private:
    static constexpr int kFailedStatus = 1;
    Handover &handover_;
};

} // namespace

class Runner::Impl {
  public:
    static Result<std::unique_ptr<Impl>> create(Options options);
    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;
    ~Impl();

    bool poll() {
        if (look_at_libraries_)
            look_at_libraries();
        if (handover_.has_news())
            switch_at_safe_point();
        return !handover_.stop_requested();
    }

    bool step();
    int run();
    void wait(std::chrono::nanoseconds limit) const { wake_.wait(limit); }
    int descriptor() const { return wake_.descriptor(); }
    void stop(int exit_status) noexcept { handover_.request_stop(exit_status); }
    int exit_status() const { return handover_.exit_status(); }

  private:
    Impl(Options options, RunPlan plan, WakeDescriptor wake);

    Status set_up();
    Status claim_builddir();
    Status add_modules();
    Module::Hooks hooks_for(const std::string &name);
    void make_watcher();
    void look_at_libraries();
    void switch_at_safe_point();
    void report_switches();
    void shut_modules_down();
    std::chrono::milliseconds idle_interval() const;

    Options options_;
    RunPlan plan_;
    WakeDescriptor wake_;
    Handover handover_{[this] { wake_.notify(); }};

    LinuxFileSystem files_;
    LinuxProcessTable processes_;
    DlLibraryLoader loader_;
    SystemClock clock_;
    AsioEventLoop loop_;
    SpawnCommandRunner commands_{loop_.io()};
    HotLibrary::Services library_services_{files_, loader_, processes_, clock_};

    NothingToStep nothing_to_step_{handover_};
    std::optional<BuildLock> lock_;
    std::optional<EventStream> events_;
    std::vector<HeapMapping> heaps_;
    std::vector<std::unique_ptr<Module>> modules_;
    std::optional<Reloader> reloader_;
    std::optional<NinjaBuild> ninja_;
    std::optional<Engine> engine_;
    std::unique_ptr<Watcher> watcher_;
    std::optional<StopSignals> signals_;

    // Of the host's thread.
    std::vector<SwitchReport> reports_; // wait for the first step with the new code
    std::map<std::string, std::optional<Timestamp>> library_stamps_; // by path
    bool look_at_libraries_ = false; // no build: this loop compares the timestamps
    std::uint64_t steps_ = 0;
    bool shut_down_ = false;

    std::thread thread_;
};

Runner::Impl::Impl(Options options, RunPlan plan, WakeDescriptor wake)
    : options_(std::move(options)), plan_(std::move(plan)), wake_(std::move(wake)),
      look_at_libraries_(!plan_.build) {}

Result<std::unique_ptr<Runner::Impl>> Runner::Impl::create(Options options) {
    const LinuxFileSystem files;
    Result<RunPlan> plan = make_run_plan(files, options, executable_path);
    if (!plan)
        return plan.error();
    Result<WakeDescriptor> wake = WakeDescriptor::create();
    if (!wake)
        return wake.error();
    std::unique_ptr<Impl> impl(new Impl(std::move(options), std::move(*plan), std::move(*wake)));
    if (const Status ready = impl->set_up(); !ready)
        return ready.error();
    return impl;
}

Status Runner::Impl::set_up() {
    std::vector<Observer *> observers = options_.observers;
    if (options_.step_limit != 0)
        observers.push_back(&nothing_to_step_);
    events_.emplace(clock_, std::move(observers));
    if (plan_.build) {
        if (const Status claimed = claim_builddir(); !claimed)
            return claimed.error();
        const Result<std::string> program = find_ninja();
        if (!program)
            return program.error();
        ninja_.emplace(NinjaBuild::Services{commands_, files_, clock_},
                       NinjaSetup{*program, plan_.builddir, plan_.targets.ninja_targets,
                                  find_program({"flock"})});
    }
    if (const Status added = add_modules(); !added)
        return added;
    reloader_.emplace(library_services_, loop_, *events_, handover_, plan_.targets.modules,
                      options_.step_modules);
    engine_.emplace(Engine::Services{loop_, clock_, files_, processes_},
                    EngineSetup{plan_.builddir, plan_.build, plan_.target_names,
                                [this] { return claim_builddir(); }},
                    *events_, *reloader_, ninja_ ? &*ninja_ : nullptr);
    if (plan_.build)
        make_watcher();
    if (options_.handle_signals)
        signals_.emplace(
            loop_.io(), [this](int status) { stop(status); },
            [this] {
                engine_->stop();
                reloader_->remove_files();
            });
    thread_ = std::thread([this] {
        const auto work = boost::asio::make_work_guard(loop_.io());
        loop_.io().run();
    });
    loop_.post([this] { engine_->start(); });
    return Done{};
}

Status Runner::Impl::claim_builddir() {
    lock_.reset();
    Result<BuildLock> lock = BuildLock::take(plan_.builddir);
    if (!lock)
        return lock.error();
    lock_ = std::move(*lock);
    return Done{};
}

Status Runner::Impl::add_modules() {
    if (options_.heap_bytes > HeapMapping::kMaxBytes)
        return Error{ErrorKind::kMisuse, "a permanent heap can't be larger than 16G", 0};
    for (const ModuleTarget &target : plan_.targets.modules) {
        Result<HeapMapping> heap = HeapMapping::create(options_.heap_bytes);
        if (!heap)
            return heap.error();
        modules_.push_back(std::make_unique<Module>(target.name, heap->base(), heap->bytes(),
                                                    hooks_for(target.name)));
        heaps_.push_back(std::move(*heap));
    }
    return Done{};
}

Module::Hooks Runner::Impl::hooks_for(const std::string &name) {
    Module::Hooks hooks;
    hooks.log = [this, name](int level, const char *text) {
        for (Observer *observer : options_.observers)
            observer->log(name, level, text);
    };
    hooks.stop = [this](int exit_status) { stop(exit_status); };
    if (options_.on_switch) {
        hooks.on_switch = [this, name](const Generation &generation) {
            options_.on_switch(LiveModule{name, generation.number,
                                          generation.code->library->handle(), loader_.get_proc()});
        };
    }
    return hooks;
}

// Where there are no events, files are polled, and that is told.
void Runner::Impl::make_watcher() {
    constexpr std::chrono::milliseconds kFallback{250};
    const auto report = [this](ChangeSource source) {
        return [this, source](const std::vector<std::string> &paths) {
            engine_->files_changed(paths, source);
        };
    };
    const bool only_polls = options_.poll_interval.count() > 0;
    watcher_ = std::make_unique<PollingWatcher>(loop_, clock_, files_, kPollAlarm,
                                                only_polls ? options_.poll_interval : kFallback,
                                                report(ChangeSource::kPoll));
    if (!only_polls) {
        auto events =
            InotifyWatcher::create(loop_.io(), report(ChangeSource::kWatch), silent_file_system);
        if (events)
            watcher_ = std::make_unique<FallbackWatcher>(std::move(*events), std::move(watcher_));
        else
            loop_.post([this, message = events.error().message] {
                events_->tell(WarningEvent{"watch", message});
            });
    }
    engine_->set_watcher(watcher_.get());
}

Runner::Impl::~Impl() {
    if (thread_.joinable()) {
        report_switches();
        shut_modules_down();
        loop_.post([this] {
            engine_->stop();
            for (const std::unique_ptr<Module> &module : modules_)
                static_cast<void>(module->take_live());
            reloader_->close();
            engine_->tell_stopped(exit_status(), steps_);
            loop_.io().stop();
        });
        thread_.join();
    }
    modules_.clear();
}

// The timestamp is all that this compares; what it means is found out on the runner's thread.
void Runner::Impl::look_at_libraries() {
    bool different = false;
    const Handover::Paths libraries = handover_.libraries();
    for (const std::string &path : *libraries) {
        const std::optional<Timestamp> now = files_.timestamp(path);
        std::optional<Timestamp> &known = library_stamps_[path];
        different |= now != known;
        known = now;
    }
    if (different)
        loop_.post([this] { engine_->library_changed(); });
}

void Runner::Impl::switch_at_safe_point() {
    wake_.clear();
    report_switches();
    for (Candidate &candidate : handover_.take()) {
        Module &module = *modules_[candidate.module];
        const std::uint64_t number = candidate.generation->number;
        candidate.phases.mark(Phase::kWait, clock_.now());
        module.set_steps_finished(steps_);
        Module::Switched switched =
            module.switch_to(std::move(candidate.generation), candidate.phases, clock_);
        reports_.push_back(
            {candidate.module, number, switched.state, candidate.phases, std::move(switched.old)});
    }
    if (!options_.step_modules)
        report_switches();
}

void Runner::Impl::report_switches() {
    for (SwitchReport &report : reports_) {
        auto shared = std::make_shared<SwitchReport>(std::move(report));
        loop_.post([this, shared] { engine_->switched(std::move(*shared)); });
    }
    reports_.clear();
}

bool Runner::Impl::step() {
    bool stepped = false;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
        if (!modules_[i]->live())
            continue;
        modules_[i]->set_steps_finished(steps_);
        modules_[i]->step();
        stepped = true;
        for (SwitchReport &report : reports_) {
            if (report.module == i)
                report.phases.mark(Phase::kFirstStep, clock_.now());
        }
    }
    if (stepped)
        ++steps_;
    if (!reports_.empty())
        report_switches();
    return stepped;
}

// Between two iterations while there is nothing to step. Only a loop that compares timestamps has
// to come back by itself.
std::chrono::milliseconds Runner::Impl::idle_interval() const {
    constexpr std::chrono::milliseconds kLookAgain{10};
    if (!look_at_libraries_)
        return std::chrono::hours(24);
    return std::max(options_.interval, kLookAgain);
}

int Runner::Impl::run() {
    while (poll()) {
        const TimePoint start = clock_.now();
        for (Observer *observer : options_.observers)
            observer->before_steps();
        const bool stepped = step();
        for (Observer *observer : options_.observers)
            observer->after_steps();
        if (options_.step_limit != 0 && steps_ >= options_.step_limit)
            stop(0);
        const Duration left =
            start + (stepped ? options_.interval : idle_interval()) - clock_.now();
        if (left.count() > 0)
            wake_.wait(left);
    }
    report_switches();
    shut_modules_down();
    return exit_status();
}

void Runner::Impl::shut_modules_down() {
    if (std::exchange(shut_down_, true))
        return;
    for (const std::unique_ptr<Module> &module : modules_) {
        module->set_steps_finished(steps_);
        module->shutdown();
    }
}

Runner::Runner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Runner::Runner(Runner &&) noexcept = default;
Runner &Runner::operator=(Runner &&) noexcept = default;
Runner::~Runner() = default;

Result<Runner> Runner::create(Options options) {
    Result<std::unique_ptr<Impl>> impl = Impl::create(std::move(options));
    if (!impl)
        return impl.error();
    return Runner(std::move(*impl));
}

bool Runner::poll() {
    return impl_->poll();
}
bool Runner::step() {
    return impl_->step();
}
int Runner::run() {
    return impl_->run();
}
void Runner::wait(std::chrono::nanoseconds limit) {
    impl_->wait(limit);
}
int Runner::descriptor() const {
    return impl_->descriptor();
}
void Runner::stop(int exit_status) noexcept {
    impl_->stop(exit_status);
}
int Runner::exit_status() const {
    return impl_->exit_status();
}

} // namespace hotrun
