#include "core/module.hpp"

#include "core/rebind_plan.hpp"
#include "core/recorder.hpp"
#include "core/static_carry.hpp"

#include <cstring>

namespace hotrun {

Callbacks Callbacks::of(const Library &library) {
    const auto find = [&](const char *name) {
        return reinterpret_cast<Function>(library.symbol(name));
    };
    return {.init = find("hotrun_init"),
            .step = find("hotrun_step"),
            .shutdown = find("hotrun_shutdown"),
            .reload = find("hotrun_reload"),
            .unload = find("hotrun_unload"),
            .bind = find("hotrun_bind")};
}

Module::Module(std::string name, Parts parts, Hooks hooks)
    : name_(std::move(name)), parts_(parts), hooks_(std::move(hooks)),
      heap_(parts.heap.memory().data(), parts.heap.memory().size(), PermanentHeap::Attach{}),
      snapshot_(parts.heap, parts.written), start_heap_(parts.heap.memory()),
      start_(start_heap_, parts.written), context_{} {
    fill_context();
    const ModuleRecord &record = parts_.record;
    if (parts_.resumes) {
        context_.host.generation = record.generation;
        context_.host.step = record.step;
        context_.host.state = reinterpret_cast<void *>(record.state);
        init_returned_ = record.init_returned;
        parked_ = record.parked;
    }
    if (parts_.kept_root && record.generation == 0) {
        context_.host.state = *parts_.kept_root;
        is_kept_ = true;
        init_returned_ = parts_.is_replayed;
    }
    const bool is_taken = take_image(HeapImage::Memory::kKept);
    if (parts_.resumes && record.generation != 0 && is_taken)
        keep(record.code);
}

Module::~Module() = default;

void Module::fill_context() {
    hotrun_context &host = context_.host;
    context_.module = this;
    host.abi_version = HOTRUN_ABI_VERSION;
    host.context_bytes = sizeof(hotrun_context);
    host.heap = heap_.base();
    host.heap_bytes = heap_.bytes();
    host.allocate = [](hotrun_context *context, size_t size, size_t alignment) {
        Module &owner = owner_of(context);
        return owner.tell_if_full(owner.heap_.allocate(size, alignment), size);
    };
    host.allocate_typed = [](hotrun_context *context, size_t count, const hotrun_type *type) {
        Module &owner = owner_of(context);
        return owner.tell_if_full(owner.heap_.allocate_typed(count, *type),
                                  count * type->size_bytes);
    };
    host.release = [](hotrun_context *context, void *block) {
        static_cast<void>(owner_of(context).heap_.release(block));
    };
    host.log = [](hotrun_context *context, int level, const char *text) {
        owner_of(context).hooks_.log(level, text);
    };
    host.stop = [](hotrun_context *context, int exit_status) {
        owner_of(context).hooks_.stop(exit_status);
    };
}

Module &Module::owner_of(hotrun_context *context) {
    return *reinterpret_cast<ContextWithOwner *>(context)->module;
}

// Any thread. Once for each generation: a loop may ask again and again.
void *Module::tell_if_full(void *memory, std::size_t wanted_bytes) {
    if (memory != nullptr || is_full_told_.exchange(true))
        return memory;
    const PermanentHeap::Statistics now = heap_.statistics();
    const std::string text = "the permanent heap has no " + std::to_string(wanted_bytes) +
                             " bytes in one piece: " + std::to_string(now.used_bytes) + " of " +
                             std::to_string(heap_.bytes()) +
                             " are in use, and the largest free piece has " +
                             std::to_string(now.largest_free_bytes) + "; give it more by --heap";
    hooks_.log(HOTRUN_LOG_ERROR, text.c_str());
    return nullptr;
}

bool Module::call(CallKind kind, Callbacks::Function function) {
    if (function == nullptr)
        return true;
    last_call_ = kind;
    return parts_.guard.call({parts_.index, kind}, function, &context_.host);
}

Statics Module::statics() const {
    Statics all;
    const auto add = [&](const LiveLibrary &library) {
        for (const std::span<std::byte> segment : library.library->writable_segments())
            all.push_back(segment);
    };
    if (live_ == nullptr)
        return all;
    add(*live_->code);
    for (const LiveLibrary::Shared &link : live_->code->links) {
        if (!link->is_module)
            add(*link);
    }
    return all;
}

// The record says of the image whose state it is.
bool Module::take_image(HeapImage::Memory memory) {
    const Status taken = snapshot_.take(heap_, statics(), context_.host, memory);
    if (!taken && !std::exchange(snapshot_failed_, true) && hooks_.warn)
        hooks_.warn(taken.error());
    ModuleRecord &record = parts_.record;
    record.step = context_.host.step;
    record.state = reinterpret_cast<std::uintptr_t>(context_.host.state);
    record.init_returned = init_returned_;
    return taken.ok();
}

// Of code that has proven itself.
void Module::take_image_to_keep(bool is_last) {
    if (take_image(HeapImage::Memory::kKept))
        keep(live_->recipe, is_last);
}

void Module::keep(const std::string &recipe, bool is_last) {
    if (parts_.keeper == nullptr)
        return;
    if (parts_.recorder != nullptr && !parts_.keeper->has_kept())
        parts_.recorder->begin(recorded_start());
    parts_.keeper->keep({.generation = context_.host.generation,
                         .step = context_.host.step,
                         .state = reinterpret_cast<std::uintptr_t>(context_.host.state),
                         .recipe = recipe,
                         .is_fresh = std::exchange(is_fresh_, false),
                         .is_last = is_last});
}

RecordedStart Module::recorded_start() const {
    RecordedStart start{context_.host.step, {}};
    snapshot_.visit_statics([&](std::uintptr_t address, std::span<const std::byte> bytes) {
        start.statics.push_back({address, {bytes.begin(), bytes.end()}});
    });
    return start;
}

void Module::mark_start() {
    has_start_ = live_ != nullptr;
    if (has_start_)
        static_cast<void>(start_.take(heap_, statics(), context_.host, HeapImage::Memory::kKept));
}

void Module::give_way(const Clock &clock) {
    prove();
    PhaseTimes phases(clock.now()); // nobody asks
    if (steps())
        static_cast<void>(unload_old(phases, clock));
    parked_ = parts_.record.parked = true;
}

void Module::take_recorded(void *root, std::uint64_t step) {
    context_.host.state = root;
    context_.host.step = step;
    parts_.is_replayed = is_kept_ = init_returned_ = true;
    take_image(HeapImage::Memory::kKept);
}

// What fails afterwards goes back no further than to there.
void Module::rewind() {
    if (!has_start_)
        return;
    prove();
    start_.restore(context_.host);
    take_image(HeapImage::Memory::kKept);
}

void Module::take_snapshot() {
    if (steps() && !unproven_)
        take_image_to_keep();
}

void Module::restore() {
    snapshot_.restore(context_.host);
    is_fresh_ = false;
    init_returned_ = parts_.record.init_returned;
}

// Gives what is to be said of it. Afterwards no thread of the module's own runs, by its contract.
std::string Module::unload_old(PhaseTimes &phases, const Clock &clock) {
    std::string detail;
    if (live_->callbacks.unload == nullptr) {
        take_image(HeapImage::Memory::kGivenBackIfAlone);
        phases.mark(Phase::kSnapshot, clock.now());
        return detail;
    }
    take_image(HeapImage::Memory::kKept);
    phases.mark(Phase::kSnapshot, clock.now());
    if (!call(CallKind::kUnload, live_->callbacks.unload)) {
        const Fault fault = parts_.guard.take_fault();
        restore();
        detail = "generation " + std::to_string(live_->number) + " failed in hotrun_unload (" +
                 described(fault) + "); its state from before that goes on";
    }
    phases.mark(Phase::kUnload, clock.now());
    take_image(HeapImage::Memory::kGivenBack);
    phases.mark(Phase::kSnapshot, clock.now());
    return detail;
}

Module::Switched Module::switch_to(Candidate &candidate, const Clock &clock) {
    PhaseTimes &phases = candidate.phases;
    Switched switched;
    prove();
    const bool first = context_.host.generation == 0;
    if (first)
        context_.host.step = first_step_;
    if (steps())
        switched.detail = unload_old(phases, clock);
    if (candidate.rebind != nullptr)
        candidate.rebind->apply(parts_.heap, heap_.extent_bytes(), context_.host.state);
    phases.mark(Phase::kRebind, clock.now());
    switched.state = first && !is_kept_ ? StateOutcome::kFresh : StateOutcome::kKept;
    const bool is_carried = carry_state(candidate, switched);
    phases.mark(Phase::kMigrate, clock.now());
    if (!is_carried || !apply_patch(candidate, switched))
        return switched;
    make_live(std::move(candidate.generation));
    phases.mark(Phase::kSwitch, clock.now());
    const bool started = start_new_code();
    phases.mark(Phase::kReload, clock.now());
    if (!started)
        switched.failure = roll_back(last_call_);
    return switched;
}

FailureReport Module::refuse(Candidate &candidate, std::string why) {
    FailureReport failure;
    failure.module = parts_.index;
    failure.from = candidate.generation->number;
    failure.to = context_.host.generation;
    failure.refusal = std::move(why);
    failure.dropped = std::move(candidate.generation);
    restore();
    go_on_with_old_code(failure);
    parts_.record.candidate = 0;
    parts_.record.parked = failure.parked = parked_;
    return failure;
}

void Module::go_on_with_old_code(FailureReport &failure) {
    if (live_ == nullptr || parked_ || call(CallKind::kReload, live_->callbacks.reload))
        return;
    failure.detail = "hotrun_reload of generation " + std::to_string(live_->number) +
                     " then failed too (" + described(parts_.guard.take_fault()) + ")";
    restore();
    parked_ = true;
}

void Module::make_live(std::unique_ptr<Generation> next) {
    previous_ = std::exchange(live_, std::move(next));
    previous_parked_ = std::exchange(parked_, false);
    is_full_told_ = false;
    unproven_ = true;
    parts_.record.parked_before = previous_parked_;
    parts_.record.candidate = live_->number;
    parts_.record.last_number = live_->number;
    copy_recipe(live_->recipe, parts_.record.candidate_code);
    parts_.record.parked = false;
    context_.host.generation = live_->number;
    if (hooks_.on_switch)
        hooks_.on_switch(*live_);
}

// A module that gets its hotrun_init by a later save is initialised then.
bool Module::start_new_code() {
    const Callbacks &callbacks = live_->callbacks;
    if (!call(CallKind::kReload, callbacks.bind))
        return false;
    if (!init_returned_ && callbacks.init != nullptr) {
        init_returned_ = call(CallKind::kInit, callbacks.init);
        return init_returned_;
    }
    const bool has_run = parts_.record.generation != 0 || parts_.is_replayed;
    return !has_run || call(CallKind::kReload, callbacks.reload);
}

// The heap comes with the addresses of the process before; from here on it has those of this one.
Module::Switched Module::resume(Candidate &candidate) {
    Switched switched;
    live_ = std::move(candidate.generation);
    context_.host.generation = live_->number;
    if (candidate.rebind != nullptr)
        candidate.rebind->apply(parts_.heap, heap_.extent_bytes(), context_.host.state);
    take_image_to_keep();
    copy_recipe(live_->recipe, parts_.record.code);
    parked_ = parts_.record.parked = candidate.parked;
    if (hooks_.on_switch)
        hooks_.on_switch(*live_);
    if (parked_)
        return switched;
    unproven_ = true;
    if (!start_new_code())
        switched.failure = park(last_call_);
    return switched;
}

std::optional<FailureReport> Module::step() {
    if (!call(CallKind::kStep, live_->callbacks.step)) {
        const bool has_run_before = live_->number == parts_.record.generation;
        return unproven_ && !has_run_before ? roll_back(CallKind::kStep) : park(CallKind::kStep);
    }
    ++context_.host.step;
    if (unproven_)
        prove();
    return std::nullopt;
}

void Module::prove() {
    if (!std::exchange(unproven_, false))
        return;
    carried_ = nullptr;
    patch_ = nullptr;
    take_image_to_keep();
    is_kept_ = false;
    ModuleRecord &record = parts_.record;
    record.generation = live_->number;
    record.candidate = 0;
    copy_recipe(live_->recipe, record.code);
    old_ = std::move(previous_);
}

FailureReport Module::failure_of(CallKind where) {
    FailureReport failure;
    failure.module = parts_.index;
    failure.where = where;
    failure.fault = parts_.guard.take_fault();
    failure.from = live_->number;
    if (parts_.record.generation != 0) // else they were of other modules
        failure.steps_lost = context_.host.step - snapshot_.step();
    restore();
    return failure;
}

// What the new code did is undone, and the old code is told that it goes on.
FailureReport Module::roll_back(CallKind where) {
    FailureReport failure = failure_of(where);
    if (StaticCarry *carried = std::exchange(carried_, nullptr))
        carried->undo();
    const bool is_undone = undo_patch(failure);
    failure.dropped = std::exchange(live_, std::move(previous_));
    unproven_ = false;
    parked_ = previous_parked_ || !is_undone;
    failure.to = context_.host.generation;
    if (live_ != nullptr) {
        if (hooks_.on_switch)
            hooks_.on_switch(*live_);
        go_on_with_old_code(failure);
    }
    failure.parked = parked_ || live_ == nullptr;
    parts_.record.candidate = 0; // not before: if the old code ends the process, this one is bad
    parts_.record.parked = parked_;
    return failure;
}

FailureReport Module::park(CallKind where) {
    FailureReport failure = failure_of(where);
    unproven_ = false;
    parked_ = failure.parked = parts_.record.parked = true;
    failure.to = failure.from;
    return failure;
}

// What is kept is what it leaves; if it fails, what it found.
std::optional<FailureReport> Module::shutdown() {
    const bool is_kept =
        parts_.keeper != nullptr && live_ != nullptr && parts_.record.generation == live_->number;
    if (is_kept)
        take_image(HeapImage::Memory::kKept);
    std::optional<FailureReport> failure;
    if (steps() && (init_returned_ || live_->callbacks.init == nullptr) &&
        !call(CallKind::kShutdown, live_->callbacks.shutdown))
        failure = park(CallKind::kShutdown);
    if (is_kept)
        take_image_to_keep(true);
    return failure;
}

std::vector<std::unique_ptr<Generation>> Module::take_all() {
    std::vector<std::unique_ptr<Generation>> all;
    for (auto *generation : {&live_, &previous_, &old_}) {
        if (*generation != nullptr)
            all.push_back(std::move(*generation));
    }
    return all;
}

} // namespace hotrun
