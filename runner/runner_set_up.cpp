// How a Runner is put together.
#include "runner_impl.hpp"

#include "linux/alternate_stack.hpp"
#include "linux/yielding_thread.hpp"
#include "ninja_program.hpp"
#include "source_watcher.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <algorithm>

#include <unistd.h>

namespace hotrun {

namespace {

// What the file names of all live copies of this process have in common.
std::string live_copy_mark() {
    return "_live." + std::to_string(::getpid()) + ".";
}

} // namespace

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
    join_wrapper();
    if (Status guarded = make_guard(); !guarded)
        return guarded;
    RunRecord &record = restart_->record();
    ready_note_.emplace(handover_, record, options_.step_limit != 0 || options_.replay_once);
    std::vector<Observer *> observers = options_.observers;
    observers.push_back(&*ready_note_);
    if (!restart_->taken_over())
        record.start_ns = clock_.now().time_since_epoch().count();
    events_.emplace(clock_, std::move(observers), TimePoint(Duration(record.start_ns)),
                    record.last_seq);
    if (plan_.build) {
        if (Status claimed = claim_builddir(plan_.builddir, lock_, restart_->taken_over());
            !claimed)
            return claimed;
        const Result<std::string> program = find_ninja();
        if (!program)
            return program.error();
        ninja_.emplace(NinjaBuild::Services{*commands_, files_, clock_},
                       NinjaSetup{*program, plan_.builddir, plan_.targets.ninja_targets,
                                  find_program({"flock"})});
    }
    if (Status added = add_modules(); !added)
        return added;
    make_reloader();
    if (plan_.build)
        control_socket_ = make_control_socket(loop_, *events_, plan_.builddir);
    engine_.emplace(Engine::Services{loop_, clock_, files_, processes_},
                    EngineSetup{plan_.builddir, plan_.build, plan_.target_names,
                                [this] { return claim_builddir(plan_.builddir, lock_); },
                                control_socket_ != nullptr ? std::optional(control_socket_->path())
                                                           : std::nullopt,
                                [this](bool expected) { expect_code(expected); },
                                options_.lane == LaneChoice::kLibrary ? "--lane library" : ""},
                    *events_, *reloader_, ninja_ ? &*ninja_ : nullptr);
    if (ninja_ && options_.preamble)
        set_up_preambles();
    if (wrapper_ != nullptr)
        events_->add(*wrapper_);
    if (control_socket_ != nullptr) {
        control_server_.emplace(*engine_,
                                ControlServer::Ways{[this] { stop_by_signal(0); },
                                                    [this](std::function<void()> work) {
                                                        loop_.post(std::move(work));
                                                    }},
                                events_->last_seq());
        events_->add(*control_server_);
        control_socket_->serve(*control_server_);
    }
    if (plan_.build) {
        watcher_ = make_source_watcher(
            {loop_, loop_.io(), clock_, files_, *events_}, options_.poll_interval,
            [this](const std::vector<std::string> &paths, ChangeSource source) {
                engine_->files_changed(paths, source);
            });
        engine_->set_watcher(watcher_.get());
    }
    if (options_.handle_signals)
        signals_.emplace(
            loop_.io(), [this](int status) { stop_by_signal(status); },
            [this](int status) {
                stop(status);
                force_end(status);
            },
            &restart_->record().asked_status);
    start_thread();
    return Done{};
}

void Runner::Impl::set_up_preambles() {
    preambles_.emplace(
        Preambles::Services{*commands_, files_, clock_, *reloader_, *events_},
        Preambles::Setup{ninja_->program(), plan_.builddir,
                         [](const std::string &name) { return find_program({name}); }});
    engine_->set_preambles(&*preambles_);
}

// Who wraps this program watches and builds for it.
void Runner::Impl::join_wrapper() {
    Hello hello{::getpid(), plan_.builddir, {}};
    for (const ModuleTarget &module : plan_.targets.modules)
        hello.modules.push_back({module.name, module.library});
    wrapper_ = WrapperLink::join(loop_.io(), hello);
    if (wrapper_ != nullptr)
        plan_.build = look_at_libraries_ = false;
}

// The record of the run is kept without a guard too: modules say there what they are.
Status Runner::Impl::make_guard() {
    Result<std::unique_ptr<ProcessRestart>> restart = ProcessRestart::create(
        plan_.targets.modules.size(), [this] { handover_.ask(Handover::Wish::kRestart); });
    if (!restart)
        return restart.error();
    restart_ = std::move(*restart);
    restart_->end_children();
    commands_.emplace(loop_.io(), std::chrono::seconds(5), &restart_->record().children);
    // One that has replaced itself was guarded, whoever has attached since.
    const bool guarded =
        options_.guard == GuardChoice::kOn || (options_.guard == GuardChoice::kAuto &&
                                               (restart_->taken_over() || !is_watched_by_others()));
    if (guarded) {
        crash_guard_ = std::make_unique<CrashGuard>(*restart_, live_copy_mark());
        guarded_loader_.emplace(dl_loader_, *restart_, options_.step_timeout);
        loader_ = &*guarded_loader_;
    }
    if (options_.load_on_main) {
        host_loader_.emplace(*loader_, [this] { handover_.ask(Handover::Wish::kLoad); });
        loader_ = &*host_loader_;
    }
    return Done{};
}

// The state would lead into code that another process does not have.
std::string Runner::Impl::why_no_patches() const {
    if (kept_heap_ != nullptr)
        return "the heap is kept in a file";
    if (recording_ != nullptr)
        return "the run is recorded";
    if (replayed_ != nullptr)
        return "a recording is replayed";
    if (options_.on_crash == OnCrash::kRestart)
        return "--on-crash restart goes on in another process";
    return {};
}

void Runner::Impl::make_reloader() {
    HostProcess process;
    for (const std::unique_ptr<HeapMapping> &heap : heaps_)
        process.heaps.push_back(heap.get());
    process.symbolizer = &symbolizer_;
    process.holders = &code_holders_;
    process.types = &type_reader_;
    process.patches = &patch_loader_;
    process.no_patches = why_no_patches();
    process.looks_up_names = options_.on_switch != nullptr;
    process.keeps_heap = kept_heap_ != nullptr || recording_ != nullptr;
    if (restart_->record().modules()->generation == 0) {
        if (kept_heap_ != nullptr)
            process.kept = kept_heap_->code();
        else if (replayed_ != nullptr)
            process.kept = replayed_->code();
    }
    reloader_.emplace(HotLibrary::Services{files_, *loader_, processes_, clock_}, loop_, *events_,
                      handover_, plan_.targets.modules, options_.step_modules, std::move(process));
    if (crash_guard_ != nullptr && options_.step_timeout.count() > 0)
        watchdog_.emplace(loop_, clock_, kWatchdogAlarm, *crash_guard_, options_.step_timeout,
                          [this](const std::vector<CodeAddress> &backtrace) {
                              reloader_->stalled(crash_guard_->current_module(), backtrace);
                              if (handover_.stop_requested())
                                  force_end(exit_status());
                          });
}

void Runner::Impl::start_thread() {
    thread_ = std::thread([this] {
        yield_to_others();
        code_holders_.leave_out_this_thread();
        const AlternateStack stack;
        const auto work = boost::asio::make_work_guard(loop_.io());
        loop_.io().run();
    });
    loop_.post([this] { begin(); });
}

void Runner::Impl::begin() {
    RunRecord &record = restart_->record();
    if (restart_->taken_over()) {
        if (const std::optional<int> status = reloader_->take_over(record, options_.on_crash))
            stop(*status);
        if (const int status = record.asked_status; status != StopSignals::kNotAsked)
            stop(status);
        if (record.ready)
            engine_->set_ready();
        if (record.stopping)
            return;
    }
    if (watchdog_)
        watchdog_->start();
    snapshot_asked_ = clock_.now();
    if ((crash_guard_ != nullptr || kept_heap_ != nullptr) && replayed_ == nullptr &&
        options_.snapshot_interval.count() > 0)
        ask_for_snapshots();
    if (replayed_ != nullptr && replayed_->cut_bytes != 0)
        events_->tell(WarningEvent{
            "record", replayed_->replay->plan().file + " is cut short or damaged: its last " +
                          std::to_string(replayed_->cut_bytes) + " bytes are left out"});
    engine_->start();
    if (wrapper_ != nullptr)
        wrapper_->serve([this](const WrapperLink::Candidate &candidate) {
            engine_->candidate(candidate.phases, candidate.anew,
                               [this, number = candidate.number](const ChangeOutcome &) {
                                   wrapper_->answer(number);
                               });
        });
}

// What code that waits is parked for.
void Runner::Impl::expect_code(bool expected) {
    restart_->record().code_expected = expected;
    if (!expected && reloader_->restart_due())
        handover_.ask(Handover::Wish::kRestart);
}

// The host comes by anyway; they are put off while they would take more than one hundredth of the
// time, or be in the way of the last one's writing. What that one took is only known after it was
// asked for.
void Runner::Impl::ask_for_snapshots() {
    const auto due = [this] {
        return snapshot_asked_ +
               std::max<Duration>(options_.snapshot_interval, 100 * hosted_->snapshot_cost());
    };
    loop_.set_alarm(kSnapshotAlarm, due(), [this, due] {
        if (clock_.now() >= due()) {
            snapshot_asked_ = clock_.now();
            const bool is_writing = (kept_heap_ != nullptr && kept_heap_->keeper().is_writing()) ||
                                    (recording_ != nullptr && recording_->keeper().is_writing());
            if (!is_writing)
                handover_.ask(Handover::Wish::kSnapshot, Handover::Wake::kLater);
        }
        ask_for_snapshots();
    });
}

Status Runner::Impl::add_modules() {
    if (options_.heap_bytes > HeapMapping::kMaxBytes)
        return Error{ErrorKind::kMisuse, "a permanent heap can't be larger than 16G", 0};
    const auto post = [this](auto report, void (Reloader::*tell)(decltype(report))) {
        auto shared = std::make_shared<decltype(report)>(std::move(report));
        loop_.post([this, shared, tell] {
            ((*reloader_).*tell)(std::move(*shared));
            if (!reloader_->has_given_up())
                engine_->host_told();
        });
    };
    if (Status opened = open_state_file(); !opened)
        return opened;
    Recorder *const recorder = recording_ != nullptr ? &recording_->recorder() : nullptr;
    Replay *const replay = replayed_ != nullptr ? replayed_->replay.get() : nullptr;
    hosted_.emplace(
        HostedModules::Services{
            handover_, clock_, restart_->record(),
            [post](SwitchReport report) { post(std::move(report), &Reloader::switched); },
            [post](FailureReport report) { post(std::move(report), &Reloader::failed); }, input_,
            recorder, replay,
            [this](const Replay::Pass &pass, std::uint64_t generation) {
                tell_pass(pass, generation);
            }},
        HostedModules::Policy{options_.on_crash, options_.step_modules});
    if (restart_->taken_over() && restart_->record().stopping)
        stop(restart_->record().exit_status);
    for (std::size_t i = 0; i < plan_.targets.modules.size(); ++i) {
        if (Status added = add_module(i, plan_.targets.modules[i].name); !added)
            return added;
    }
    return Done{};
}

Status Runner::Impl::add_module(std::size_t index, const std::string &name) {
    ModuleRecord &record = restart_->record().modules()[index];
    bool resumes = restart_->taken_over() && record.heap_descriptor >= 0;
    if (resumes && replayed_ != nullptr)
        forget_pass(record);
    if (resumes && (kept_heap_ != nullptr || replayed_ != nullptr) && record.generation == 0) {
        UniqueFd(record.heap_descriptor).reset(); // nothing has come of it
        resumes = false;
    }
    Result<std::unique_ptr<HeapMapping>> heap = make_heap(record, resumes);
    if (!heap)
        return heap.error();
    record.heap_bytes = (*heap)->bytes();
    record.heap_descriptor = (*heap)->descriptor();
    Guard &guard = crash_guard_ != nullptr ? static_cast<Guard &>(*crash_guard_) : no_guard_;
    Module::Parts parts{
        index, guard, **heap, record, resumes, &page_map_, options_.on_refuse, &process_memory_};
    keep_heap(**heap, resumes, parts);
    hosted_->add(std::make_unique<Module>(name, parts, hooks_for(name)));
    heaps_.push_back(std::move(*heap));
    return Done{};
}

Module::Hooks Runner::Impl::hooks_for(const std::string &name) {
    Module::Hooks hooks;
    hooks.log = [this, name](int level, const char *text) {
        for (Observer *observer : options_.observers)
            observer->log(name, level, text);
    };
    hooks.stop = [this](int exit_status) { stop(exit_status); };
    hooks.warn = [this, name](const Error &error) {
        loop_.post([this, message = name + ": " + error.message] {
            events_->tell(WarningEvent{"snapshot", message});
        });
    };
    if (options_.on_switch) {
        hooks.on_switch = [this, name](const Generation &generation) {
            options_.on_switch(LiveModule{name, generation.number,
                                          generation.code->library->handle(), loader_->get_proc()});
        };
    }
    return hooks;
}

} // namespace hotrun
