// The recording of a run: its file, and the heap file of the state that it begins with.
#pragma once

#include "core/recorder.hpp"
#include "core/replay.hpp"
#include "kept_heap.hpp"
#include "linux/wake_descriptor.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace hotrun {

// A recording that is to be played.
struct ReplayedRun {
    std::shared_ptr<KeptHeap> heap; // that it begins with; nothing is written there
    std::unique_ptr<Replay> replay;
    std::vector<StaticPart> statics;
    std::uint64_t cut_bytes = 0;

    static Result<std::unique_ptr<ReplayedRun>> open(Replay::Plan plan, const std::string &module);
    static Result<std::unique_ptr<ReplayedRun>> make(Replay::Plan plan, const Storage &file,
                                                     std::shared_ptr<KeptHeap> heap);

    // The code that made its state, and that state, once the heap has been made.
    KeptCode code() const;
};

// Bound to the host's thread; the thread of its heap file writes.
class RecordedRun {
  public:
    using Warn = std::function<void(const Error &)>; // called on the thread that writes

    // In place of a recording that is there, or at the end of it: `goes_on`.
    static Result<std::unique_ptr<RecordedRun>>
    create(const std::string &path, const RecordingHead &head, bool goes_on, const Warn &warn);
    RecordedRun(const RecordedRun &) = delete;
    RecordedRun &operator=(const RecordedRun &) = delete;
    ~RecordedRun() { finish(); }

    // From here on what both are given is written.
    void start(HeapMapping &heap);
    HeapKeeper &keeper() { return heap_->keeper(); }
    Recorder &recorder() { return *recorder_; }

    // Waits until all of it is.
    void finish();

    // In a signal handler, before the process replaces itself: waits for a while.
    void write_now() const noexcept;

    RecordedEvent outcome() const; // afterwards

    // Finishes, and gives what was recorded; the heap is not in any heap of this process yet.
    Result<std::unique_ptr<ReplayedRun>> replay(Replay::Plan plan);

  private:
    struct Wakes { // of the thread that writes, and of who waits for it
        WakeDescriptor write;
        WakeDescriptor written;
    };

    RecordedRun(std::string path, std::unique_ptr<FileStorage> file, Warn warn, Wakes wakes)
        : path_(std::move(path)), file_(std::move(file)), warn_(std::move(warn)),
          wakes_(std::move(wakes)) {}

    Status open(const RecordingHead &head, bool goes_on);
    Status begin_file(const RecordingHead &head);

    const std::string path_;
    LinuxFileSystem files_;
    std::unique_ptr<FileStorage> file_;
    const Warn warn_;
    const Wakes wakes_;
    std::atomic<bool> is_written_{false}; // what both are given
    std::shared_ptr<KeptHeap> heap_;
    std::optional<Recorder> recorder_;
};

} // namespace hotrun
