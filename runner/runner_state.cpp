// The files that the state of a Runner's module comes from, or goes to.
#include "runner_impl.hpp"

#include <algorithm>
#include <filesystem>

namespace hotrun {

namespace {

constexpr std::size_t kOwnThreads = 3; // of this process, where one writes a heap

std::string absolute_path(const std::string &path) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(path, error);
    return error ? path : whole.string();
}

} // namespace

// Where it is may not be told by the arguments any more: the module can change the working folder.
Status Runner::Impl::open_state_file() {
    RunRecord &record = restart_->record();
    std::string wanted;
    for (const std::string *file : {&options_.heap_file, &options_.record, &options_.replay}) {
        if (!file->empty() && !wanted.empty())
            return Error{ErrorKind::kMisuse,
                         "a heap file, a recording and a replay don't go together: leave one of " +
                             wanted + " and " + *file + " out",
                         0};
        if (!file->empty())
            wanted = *file;
    }
    if (!restart_->taken_over() && !wanted.empty()) {
        const std::string path = files_.canonical(absolute_path(wanted));
        if (path.size() >= sizeof record.state_file)
            return Error{ErrorKind::kMisuse,
                         "the path " + path + " is too long; choose a shorter one", 0};
        std::ranges::copy(path, record.state_file);
    }
    if (*record.state_file == '\0')
        return Done{};
    const std::vector<ModuleTarget> &modules = plan_.targets.modules;
    if (modules.size() > 1)
        return Error{ErrorKind::kMisuse,
                     (options_.heap_file.empty() ? "a recording is that of one module"
                                                 : "a heap file keeps the heap of one module") +
                         std::string(", and this run has ") + std::to_string(modules.size()) +
                         ": name one of them",
                     0};
    record.is_replayed |= !options_.replay.empty();
    if (record.is_replayed)
        return open_replay(record.state_file);
    return options_.record.empty() ? open_heap_file(record.state_file)
                                   : open_recording(record.state_file);
}

Status Runner::Impl::open_recording(const std::string &path) {
    Result<std::unique_ptr<RecordedRun>> recording =
        RecordedRun::create(path, {plan_.targets.modules.front().name, plan_.builddir},
                            restart_->taken_over(), warn_of("record"));
    if (!recording)
        return recording.error();
    recording_ = std::move(*recording);
    restart_->set_before_replacing([this] { recording_->write_now(); });
    return Done{};
}

Status Runner::Impl::open_replay(const std::string &path) {
    Result<std::unique_ptr<ReplayedRun>> replayed = ReplayedRun::open(
        {path, options_.replay_speed, options_.replay_once}, plan_.targets.modules.front().name);
    if (!replayed)
        return replayed.error();
    replayed_ = std::move(*replayed);
    input_.close();
    return Done{};
}

// In the process before a pass was played. It begins anew, with other code than that which has
// ended that process.
void Runner::Impl::forget_pass(ModuleRecord &record) const {
    if (record.candidate == 0) {
        record.candidate = record.generation;
        std::ranges::copy(record.code, record.candidate_code);
    }
    record.generation = 0;
    record.parked_before = false;
}

Result<std::unique_ptr<HeapMapping>> Runner::Impl::make_heap(ModuleRecord &record, bool resumes) {
    if (resumes)
        return HeapMapping::adopt(record.heap_descriptor, record.heap_bytes);
    if (kept_heap_ != nullptr)
        return kept_heap_->make_heap(options_.heap_bytes);
    if (replayed_ == nullptr)
        return HeapMapping::create(options_.heap_bytes);
    Result<std::unique_ptr<HeapMapping>> heap =
        replayed_->heap->make_heap(replayed_->heap->state()->heap_bytes);
    if (!heap || !options_.carry_statics)
        return heap;
    if (const Status put = replayed_->heap->put_statics(replayed_->statics); !put)
        return put.error();
    return heap;
}

// Any thread.
void Runner::Impl::replay() {
    loop_.post([this] { make_way_for_replay(); });
}

// Runner's thread. The host's thread brings another heap while nothing is prepared for this one.
void Runner::Impl::make_way_for_replay() {
    if (options_.record.empty()) {
        if (options_.replay.empty())
            events_->tell(WarningEvent{"record", "nothing was recorded that could be played: start "
                                                 "hotrun with --record FILE"});
        return;
    }
    engine_->when_quiet([this] {
        reloader_->hold();
        handover_.ask(Handover::Wish::kReplay);
    });
}

// Host's thread.
void Runner::Impl::begin_replay() {
    if (replayed_ != nullptr)
        return go_on_unchanged();
    hosted_->end_recording();
    Result<std::unique_ptr<ReplayedRun>> replayed = recording_->replay(
        {restart_->record().state_file, options_.replay_speed, options_.replay_once});
    if (!replayed) {
        warn_of("record")(replayed.error());
        return go_on_unchanged();
    }
    hosted_->give_way();
    std::optional<KeptCode> code;
    if (const Status brought = bring_recorded(std::move(*replayed)); !brought)
        warn_of("record")(brought.error());
    else
        code = replayed_->code();
    loop_.post([this, code = std::move(code)] {
        reloader_->set_kept(code);
        engine_->reload([](const ChangeOutcome &) {});
    });
}

// What was saved in between is taken up.
void Runner::Impl::go_on_unchanged() {
    loop_.post([this] {
        reloader_->set_kept(std::nullopt);
        engine_->library_changed();
    });
}

Status Runner::Impl::bring_recorded(std::unique_ptr<ReplayedRun> replayed) {
    const std::shared_ptr<KeptHeap> heap = replayed->heap;
    Status brought = heap->bring_back(*heaps_.front());
    if (brought && options_.carry_statics)
        brought = heap->put_statics(replayed->statics);
    if (!brought) {
        hosted_->go_back();
        return brought;
    }
    replayed_ = std::move(replayed);
    loop_.post([this, outcome = recording_->outcome()] {
        loop_.clear_alarm(kSnapshotAlarm); // a pass goes back to its own start
        events_->tell(outcome);
    });
    restart_->record().is_replayed = true;
    input_.close();
    hosted_->begin_replay(*replayed_->replay, heap->root());
    return Done{};
}

void Runner::Impl::tell_pass(const Replay::Pass &pass, std::uint64_t generation) {
    ReplayedEvent event{replayed_->replay->plan().file, pass.number, pass.steps,
                        std::chrono::duration_cast<Microseconds>(pass.duration), generation};
    loop_.post([this, event = std::move(event)] { events_->tell(event); });
}

std::function<void(const Error &)> Runner::Impl::warn_of(const char *code) {
    return [this, code](const Error &error) {
        loop_.post([this, code, message = error.message] {
            events_->tell(WarningEvent{code, message});
        });
    };
}

Status Runner::Impl::open_heap_file(const std::string &path) {
    Result<std::unique_ptr<KeptHeap>> heap =
        KeptHeap::open(path, plan_.targets.modules.front().name, options_.on_refuse);
    if (!heap)
        return heap.error();
    kept_heap_ = std::move(*heap);
    return Done{};
}

void Runner::Impl::keep_heap(HeapMapping &heap, bool resumes, Module::Parts &parts) {
    if (kept_heap_ != nullptr || recording_ != nullptr)
        heap.set_own_thread_count(kOwnThreads);
    if (recording_ != nullptr) {
        recording_->start(heap);
        parts.keeper = &recording_->keeper();
        parts.recorder = &recording_->recorder();
    }
    if (replayed_ != nullptr) {
        parts.kept_root = replayed_->heap->root();
        parts.is_replayed = true;
        parts.on_refuse = OnRefuse::kKeep;
    }
    if (kept_heap_ == nullptr)
        return;
    const bool has_state = kept_heap_->code().has_value();
    const bool gives_up = kept_heap_->state() && !has_state;
    kept_heap_->start(heap, {.is_loaded = has_state && !resumes, .gives_up_file = gives_up},
                      warn_of("heap_file"));
    parts.keeper = &kept_heap_->keeper();
    if (has_state)
        parts.kept_root = kept_heap_->root();
}

} // namespace hotrun
