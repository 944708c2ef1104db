// A module as the host's thread sees it: its context, its heap, its live code.
#pragma once

#include "core/generation.hpp"
#include "core/heap_copy.hpp"
#include "core/heap_keeper.hpp"
#include "core/migration.hpp"
#include "core/permanent_heap.hpp"
#include "core/process_memory.hpp"
#include "core/run_record.hpp"
#include "core/snapshot.hpp"
#include "hotrun/module.h"
#include "hotrun/runner.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace hotrun {

class Recorder;
struct RecordedStart;

// Each call into the module's code may fail, and then the module is in an earlier state:
//
//     switch_to ─→ unproven ──first step──→ proven ──step──→ proven
//                     │ fails                         │ fails
//                     ↓                               ↓
//          the generation before, as it was     the last snapshot, parked
//
// Bound to the host's thread; only allocate, release, log and stop of the context may be called
// from others.
class Module {
  public:
    struct Hooks {
        std::function<void(int level, const char *text)> log;
        std::function<void(int exit_status)> stop;
        std::function<void(const Generation &)> on_switch; // before init or reload
        std::function<void(const Error &)> warn;           // no snapshot could be taken
    };

    // All of these outlive the Module.
    struct Parts {
        std::size_t index;
        Guard &guard;
        HeapImage &heap;
        ModuleRecord &record; // kept up to date; says where to go on if `resumes`
        bool resumes = false;
        WrittenMemory *written = nullptr; // null: snapshots have all of the statics
        OnRefuse on_refuse = OnRefuse::kKeep;
        const ProcessMemory *memory = nullptr;          // null: only heap and statics are looked at
        HeapKeeper *keeper = nullptr;                   // null: the heap ends with the run
        std::optional<void *> kept_root = std::nullopt; // of a heap that was kept by another
        Recorder *recorder = nullptr;                   // of the snapshot that `keeper` keeps
        bool is_replayed = false; // what is kept was running, and is gone back to again and again
    };

    Module(std::string name, Parts parts, Hooks hooks);
    Module(const Module &) = delete;
    Module &operator=(const Module &) = delete;
    ~Module();

    const std::string &name() const { return name_; }
    bool steps() const { return live_ != nullptr && !parked_; }

    struct Switched {
        StateOutcome state = StateOutcome::kKept;
        std::string detail;
        std::optional<FailureReport> failure;
    };

    // unload(old), switch, then init or reload(new). Until the new code has proven itself by its
    // first step (or is_proven() is called by a host that steps by itself) it can be given up for
    // the old one.
    Switched switch_to(Candidate &candidate, const Clock &clock);

    // Goes on with the generation that ran in the process before, or has it parked.
    Switched resume(Candidate &candidate);

    // The failure of hotrun_step; none: it returned.
    std::optional<FailureReport> step();

    bool is_proven() const { return !unproven_; }
    void prove();

    // What the proven code has taken the place of; null: nothing that was not taken yet.
    std::unique_ptr<Generation> take_old() { return std::move(old_); }

    // Between two calls: a state to go back to.
    void take_snapshot();

    // Between two calls, of a module that is replayed: what to go back to, and doing so. There is
    // no way back before there is code that has started.
    void mark_start();
    void rewind();

    // Ends what the code does, which is called no more, for a state that another process or run has
    // left in the heap; then that state is the module's, for the next code.
    void give_way(const Clock &clock);
    void take_recorded(void *root, std::uint64_t step);
    void go_back() { restore(); } // there is no such state

    // Stays at its address.
    void set_input(const hotrun_input *input) { context_.host.input = input; }

    void set_steps_finished(std::uint64_t count) { first_step_ = count; }

    // Once, at the end of the run; then the code may go.
    std::optional<FailureReport> shutdown();
    std::vector<std::unique_ptr<Generation>> take_all();

    const hotrun_context &context() const { return context_.host; }
    PermanentHeap &heap() { return heap_; }

  private:
    // What the module gets a pointer to, and how its calls find the way back.
    struct ContextWithOwner {
        hotrun_context host;
        Module *module;
    };

    static Module &owner_of(hotrun_context *context);
    void fill_context();
    void *tell_if_full(void *memory, std::size_t wanted_bytes);
    bool call(CallKind kind, Callbacks::Function function);
    std::string unload_old(PhaseTimes &phases, const Clock &clock);
    void make_live(std::unique_ptr<Generation> next);
    bool start_new_code();
    struct Objects {
        void *first = nullptr;
        std::size_t count = 0;
    };

    bool carry_state(Candidate &candidate, Switched &switched);
    bool apply_patch(Candidate &candidate, Switched &switched);
    bool undo_patch(FailureReport &failure);
    std::optional<std::string> migrate(Candidate &candidate);
    std::optional<std::string> carry_statics(Candidate &candidate);
    std::string construct(const Callbacks &callbacks, Callbacks::Function constructor,
                          Objects objects);
    Migration::Construct construct_of(const Candidate &candidate);
    Migration::Finish finish_of(const Candidate &candidate);
    std::string destroy(const ExitCall &call);
    void start_afresh();
    FailureReport refuse(Candidate &candidate, std::string why);
    void go_on_with_old_code(FailureReport &failure);
    bool take_image(HeapImage::Memory memory);
    void take_image_to_keep(bool is_last = false);
    void keep(const std::string &recipe, bool is_last = false);
    RecordedStart recorded_start() const;
    FailureReport roll_back(CallKind where);
    FailureReport park(CallKind where);
    FailureReport failure_of(CallKind where);
    void restore();
    Statics statics() const;

    std::string name_;
    Parts parts_;
    Hooks hooks_;
    PermanentHeap heap_;
    Snapshot snapshot_;
    HeapCopy start_heap_; // these two of a module that is replayed
    Snapshot start_;
    ContextWithOwner context_;
    std::unique_ptr<Generation> live_;
    std::unique_ptr<Generation> previous_; // while the live one has not proven itself
    std::unique_ptr<Generation> old_;
    StaticCarry *carried_ = nullptr; // to be undone if the live one fails before it is proven
    CodePatch *patch_ = nullptr;     // as well
    std::atomic<bool> is_full_told_{false};
    bool unproven_ = false;
    bool parked_ = false;
    bool previous_parked_ = false;
    bool init_returned_ = false;
    bool snapshot_failed_ = false;
    bool has_start_ = false;
    bool is_kept_ = false;  // the heap is that of another run, until a generation has proven itself
    bool is_fresh_ = false; // what the other run had in it was given up
    std::uint64_t first_step_ = 0; // of a module that nothing has run in yet
    CallKind last_call_ = CallKind::kStep;
};

} // namespace hotrun
