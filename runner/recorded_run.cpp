#include "recorded_run.hpp"

#include "hotrun/project.hpp"

#include <utility>

namespace hotrun {

namespace {

// Beside the recording, with what lies beside that.
std::string folder_of_recording(const std::string &path) {
    return path + ".d";
}
std::string heap_file_of(const std::string &path) {
    return folder_of_recording(path) + "/heap";
}

std::uint64_t size_of(const FileSystem &files, const std::string &path) {
    const std::optional<Timestamp> stamp = files.timestamp(path);
    return stamp ? stamp->size_bytes : 0;
}

std::vector<std::string> paths_in(const FileSystem &files, const std::string &folder) {
    const Result<std::vector<std::string>> names = files.list(folder);
    std::vector<std::string> paths;
    for (const std::string &name : names ? *names : std::vector<std::string>())
        paths.push_back(folder + "/" + name);
    return paths;
}

Error without_state(const std::string &path) {
    return {ErrorKind::kFailed, path + " has no state to begin with: record it anew", 0};
}

Result<std::unique_ptr<FileStorage>> open_recording(const FileSystem &files,
                                                    const std::string &path) {
    if (!files.timestamp(path))
        return Error{ErrorKind::kFailed,
                     "there is no recording " + path + ": make one by hotrun --record FILE", 0};
    return FileStorage::open_locked(path, FileStorage::kReplay);
}

} // namespace

Result<std::unique_ptr<RecordedRun>> RecordedRun::create(const std::string &path,
                                                         const RecordingHead &head, bool goes_on,
                                                         const Warn &warn) {
    Result<std::unique_ptr<FileStorage>> file =
        FileStorage::open_locked(path, FileStorage::kRecord);
    if (!file)
        return file.error();
    Result<WakeDescriptor> write = WakeDescriptor::create();
    if (!write)
        return write.error();
    Result<WakeDescriptor> written = WakeDescriptor::create();
    if (!written)
        return written.error();
    std::unique_ptr<RecordedRun> run(
        new RecordedRun(path, std::move(*file), warn, {std::move(*write), std::move(*written)}));
    if (const Status opened = run->open(head, goes_on); !opened)
        return opened.error();
    return run;
}

Status RecordedRun::open(const RecordingHead &head, bool goes_on) {
    if (file_->size_bytes() != 0 && !is_recording(*file_))
        return Error{ErrorKind::kFailed,
                     path_ + " is no recording of hotrun, and stays as it is: give --record "
                             "another name",
                     0};
    if (!goes_on || !read_recording_head(path_, *file_)) {
        if (Status begun = begin_file(head); !begun)
            return begun;
    }
    Result<std::unique_ptr<KeptHeap>> heap =
        KeptHeap::open(heap_file_of(path_), head.module, OnRefuse::kFresh);
    if (!heap)
        return heap.error();
    heap_ = std::move(*heap);
    const std::optional<KeptState> &state = heap_->state();
    const Result<Recording> before = read_recording(path_, *file_, state ? state->step : 0);
    if (!before)
        return before.error();
    if (Status cut = file_->cut(before->whole_bytes); !cut)
        return cut;
    recorder_.emplace(path_, Recorder::Services{heap_->loop(), *file_, warn_}, before->whole_bytes);
    if (state && before->start)
        recorder_->go_on(state->step, before->steps.size());
    return Done{};
}

// The state goes first: without it what is left is no recording that anybody would play.
Status RecordedRun::begin_file(const RecordingHead &head) {
    const std::string heap = heap_file_of(path_);
    if (const Status made = files_.create_folder(folder_of_recording(path_)); !made)
        return made;
    if (files_.timestamp(heap)) {
        if (const Status removed = files_.remove(heap); !removed)
            return removed;
    }
    for (const std::string &path : paths_in(files_, folder_of_heap_file(heap)))
        static_cast<void>(files_.remove(path));
    if (const Status cut = file_->cut(0); !cut)
        return cut;
    return file_->write_at(0, bytes_of(head));
}

void RecordedRun::start(HeapMapping &heap) {
    heap_->start(heap, {.keeps_once = true}, warn_);
    heap_->loop().post([this] {
        heap_->loop().watch(wakes_.write.descriptor(), [this] {
            wakes_.write.clear();
            recorder_->write_waiting();
            wakes_.written.notify();
        });
    });
    is_written_ = true;
}

void RecordedRun::write_now() const noexcept {
    constexpr std::chrono::seconds kPatience{2}; // the disk may be slow, or memory be locked
    if (!is_written_)
        return;
    wakes_.write.notify();
    wakes_.written.wait(kPatience);
}

void RecordedRun::finish() {
    is_written_ = false;
    if (recorder_)
        recorder_->flush();
    if (heap_ != nullptr)
        heap_->finish();
}

RecordedEvent RecordedRun::outcome() const {
    RecordedEvent outcome;
    outcome.file = path_;
    if (const std::optional<KeptState> &state = heap_->state())
        outcome.steps = recorder_->steps_since(state->step);
    outcome.bytes = file_->size_bytes() + size_of(files_, heap_file_of(path_));
    for (const std::string &path : paths_in(files_, folder_of_heap_file(heap_file_of(path_))))
        outcome.bytes += size_of(files_, path);
    return outcome;
}

Result<std::unique_ptr<ReplayedRun>> ReplayedRun::open(Replay::Plan plan,
                                                       const std::string &module) {
    const LinuxFileSystem files;
    const std::string path = plan.file;
    const Result<std::unique_ptr<FileStorage>> file = open_recording(files, path);
    if (!file)
        return file.error();
    const Result<RecordingHead> head = read_recording_head(path, **file);
    if (!head)
        return head.error();
    if (head->module != module)
        return Error{ErrorKind::kFailed,
                     path + " is a recording of the module " + head->module + ", and not of " +
                         module + ": name that target",
                     0};
    if (!files.timestamp(heap_file_of(path)))
        return without_state(path);
    Result<std::unique_ptr<KeptHeap>> heap =
        KeptHeap::open(heap_file_of(path), module, OnRefuse::kKeep);
    if (!heap)
        return heap.error();
    return make(std::move(plan), **file, std::move(*heap));
}

Result<std::unique_ptr<ReplayedRun>> ReplayedRun::make(Replay::Plan plan, const Storage &file,
                                                       std::shared_ptr<KeptHeap> heap) {
    const std::optional<KeptState> &state = heap->state();
    if (!state)
        return without_state(plan.file);
    Result<Recording> recording = read_recording(plan.file, file, state->step);
    if (!recording)
        return recording.error();
    if (!recording->start || recording->steps.empty())
        return Error{ErrorKind::kFailed,
                     plan.file + " has no step that is whole: record it anew, for longer", 0};
    auto run = std::make_unique<ReplayedRun>();
    run->heap = std::move(heap);
    run->cut_bytes = recording->cut_bytes;
    run->statics = std::move(recording->start->statics);
    run->replay = std::make_unique<Replay>(std::move(plan), std::move(*recording));
    return run;
}

Result<std::unique_ptr<ReplayedRun>> RecordedRun::replay(Replay::Plan plan) {
    finish();
    return ReplayedRun::make(std::move(plan), *file_, heap_);
}

KeptCode ReplayedRun::code() const {
    KeptCode code = *heap->code();
    code.file = replay->plan().file;
    code.is_recorded = true;
    return code;
}

Result<RecordedProject> recorded_project(const std::string &file) {
    const Result<std::unique_ptr<FileStorage>> storage = open_recording(LinuxFileSystem(), file);
    if (!storage)
        return storage.error();
    Result<RecordingHead> head = read_recording_head(file, **storage);
    if (!head)
        return head.error();
    return RecordedProject{std::move(head->module), std::move(head->builddir)};
}

} // namespace hotrun
