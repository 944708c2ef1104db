// A Runner's inside: the real watcher, builder, loader and guard, and the core that they are handed
// to.
#pragma once

#include "hotrun/runner.hpp"

#include "builddir_parts.hpp"
#include "core/engine.hpp"
#include "core/host_thread_loader.hpp"
#include "core/hosted_modules.hpp"
#include "core/reloader.hpp"
#include "core/watchdog.hpp"
#include "kept_heap.hpp"
#include "linux/crash_guard.hpp"
#include "linux/dl_library_loader.hpp"
#include "linux/dwarf_patch_loader.hpp"
#include "linux/dwarf_symbolizer.hpp"
#include "linux/dwarf_types.hpp"
#include "linux/guarded_library_loader.hpp"
#include "linux/heap_mapping.hpp"
#include "linux/linux_code_holders.hpp"
#include "linux/linux_file_system.hpp"
#include "linux/linux_process_memory.hpp"
#include "linux/linux_process_table.hpp"
#include "linux/page_map.hpp"
#include "linux/process_restart.hpp"
#include "linux/spawn_command_runner.hpp"
#include "linux/stop_signals.hpp"
#include "linux/wake_descriptor.hpp"
#include "linux/wrapper_link.hpp"
#include "recorded_run.hpp"
#include "run_plan.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace hotrun {

// Notes that the run is ready, for a process that may take over. A run of so many steps can't end
// by itself when there is nothing to step.
class ReadyNote : public Observer {
  public:
    ReadyNote(Handover &handover, RunRecord &record, bool needs_steps)
        : handover_(handover), record_(record), needs_steps_(needs_steps) {}

    void event(const Event &event) override {
        const auto *ready = std::get_if<ReadyEvent>(&event.body);
        if (ready == nullptr)
            return;
        record_.ready = true;
        if (!needs_steps_)
            return;
        for (const ModuleStatus &module : ready->modules) {
            if (module.generation == 0)
                handover_.request_stop(kFailedStatus);
        }
    }

  private:
    static constexpr int kFailedStatus = 1;
    Handover &handover_;
    RunRecord &record_;
    const bool needs_steps_;
};

enum Alarm { kWatchdogAlarm = 101, kSnapshotAlarm };

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
            act_at_safe_point();
        return !handover_.stop_requested();
    }

    bool step() { return hosted_->step(); }
    int run();
    void wait(std::chrono::nanoseconds limit) const { wake_.wait(limit); }
    int descriptor() const { return wake_.descriptor(); }
    void stop(int exit_status) noexcept { handover_.request_stop(exit_status); }
    int exit_status() const { return handover_.exit_status(); }
    void replay();
    bool push_input(std::uint32_t kind, std::string_view bytes) { return input_.push(kind, bytes); }
    void end(int exit_status);
    bool request_build();
    void request_reload();
    void set_paused(bool paused) noexcept { handover_.set_paused(paused); }
    bool is_paused() const noexcept { return handover_.is_paused(); }
    std::uint64_t steps() const noexcept { return restart_->record().steps.load(); }
    void watch(int descriptor, std::function<void()> readable);

  private:
    Impl(Options options, RunPlan plan, WakeDescriptor wake);

    Status set_up();
    void join_wrapper();
    Status make_guard();
    std::string why_no_patches() const;
    Status add_modules();
    Status open_state_file();
    Status open_heap_file(const std::string &path);
    Status open_recording(const std::string &path);
    Status open_replay(const std::string &path);
    Result<std::unique_ptr<HeapMapping>> make_heap(ModuleRecord &record, bool resumes);
    void forget_pass(ModuleRecord &record) const;
    void make_way_for_replay();
    void begin_replay();
    void go_on_unchanged();
    Status bring_recorded(std::unique_ptr<ReplayedRun> replayed);
    void tell_pass(const Replay::Pass &pass, std::uint64_t generation);
    std::function<void(const Error &)> warn_of(const char *code);
    Duration pause_after_step() const;
    Status add_module(std::size_t index, const std::string &name);
    void keep_heap(HeapMapping &heap, bool resumes, Module::Parts &parts);
    void make_reloader();
    void set_up_preambles();
    void start_thread();
    void begin();
    void ask_for_snapshots();
    void expect_code(bool expected);
    Module::Hooks hooks_for(const std::string &name);
    void close();
    void close_sockets();
    void look_at_libraries();
    void act_at_safe_point();
    void force_end(int status);
    void stop_by_signal(int status);
    std::chrono::milliseconds idle_interval() const;

    Options options_;
    RunPlan plan_;
    WakeDescriptor wake_;
    Handover handover_{[this] { wake_.notify(); }};

    LinuxFileSystem files_;
    LinuxProcessTable processes_;
    DlLibraryLoader dl_loader_;
    std::optional<GuardedLibraryLoader> guarded_loader_;
    std::optional<HostThreadLoader> host_loader_;
    LibraryLoader *loader_ = &dl_loader_; // the outermost of these
    SystemClock clock_;
    DwarfSymbolizer symbolizer_;
    DwarfTypeReader type_reader_{options_.carry_statics ? DwarfTypeReader::Statics::kRead
                                                        : DwarfTypeReader::Statics::kLeftOut};
    LinuxCodeHolders code_holders_;
    DwarfPatchLoader patch_loader_{code_holders_, dl_loader_.exit_hook()};
    PageMap page_map_;
    LinuxProcessMemory process_memory_;
    AsioEventLoop loop_;

    std::unique_ptr<ProcessRestart> restart_;
    NoGuard no_guard_;
    std::unique_ptr<CrashGuard> crash_guard_; // null: calls are not guarded
    std::optional<SpawnCommandRunner> commands_;
    std::optional<ReadyNote> ready_note_;
    std::optional<BuildLock> lock_;
    std::optional<EventStream> events_;
    std::vector<std::unique_ptr<HeapMapping>> heaps_;
    std::unique_ptr<KeptHeap> kept_heap_;    // these three: at most one is there
    std::unique_ptr<RecordedRun> recording_; // of this run
    std::unique_ptr<ReplayedRun> replayed_;  // that this run plays
    InputQueue input_;
    std::optional<HostedModules> hosted_;
    std::optional<Watchdog> watchdog_;
    std::optional<Reloader> reloader_;
    std::optional<NinjaBuild> ninja_;
    std::optional<Preambles> preambles_; // goes before what it asks and tells
    std::optional<Engine> engine_;
    std::unique_ptr<WrapperLink> wrapper_; // null: nobody wraps this program
    std::optional<ControlServer> control_server_;
    std::unique_ptr<ControlSocket> control_socket_; // null: nothing is built, or there can't be one
    std::unique_ptr<Watcher> watcher_;
    std::optional<StopSignals> signals_;

    TimePoint snapshot_asked_; // of the runner's thread

    // Of the host's thread.
    std::map<std::string, std::optional<Timestamp>> library_stamps_; // by path
    bool look_at_libraries_ = false; // no build: this loop compares the timestamps

    std::thread thread_;
};

} // namespace hotrun
