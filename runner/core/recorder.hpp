// Brings what a module reads as input into a recording, on a thread of its own.
#pragma once

#include "core/event_loop.hpp"
#include "core/recording.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

// What a step reads is handed on before the step begins, so that a crash in it is recorded too. Who
// kills the process loses the steps that the other thread has not come to yet.
class Recorder {
  public:
    // These outlive it; `loop` is that of the thread that writes.
    struct Services {
        EventLoop &loop;
        Storage &file;
        std::function<void(const Error &)> warn; // on that thread
    };

    // `path` is for messages; what is written comes at the end of the file, which has a head.
    Recorder(std::string path, Services services, std::uint64_t whole_bytes)
        : path_(std::move(path)), services_(std::move(services)), whole_bytes_(whole_bytes) {}
    Recorder(const Recorder &) = delete;
    Recorder &operator=(const Recorder &) = delete;
    ~Recorder() = default;

    // Host's thread. Steps from before the first start are of no use, and left out.
    void begin(const RecordedStart &start);
    void add(const StepInput &input);

    // Behind so many steps that a process before has recorded since that start.
    void go_on(std::uint64_t start_step, std::uint64_t step_count);

    // Steps that come fast are handed on together; this does it now.
    void flush();

    // Thread that writes: all that was handed on.
    void write_waiting();

    // That were handed on since it began with that step; host's thread.
    std::uint64_t steps_since(std::uint64_t start_step) const;

  private:
    static constexpr std::size_t kMostWaitingBytes = std::size_t{64} << 20;

    template <typename Record>
    void put(const Record &record);
    void write(const RecordBytes &records);
    void give_up(const Error &error);

    const std::string path_;
    Services services_;
    struct Beginning {
        std::uint64_t step = 0;
        std::uint64_t step_count = 0; // that were handed on before
    };
    std::vector<Beginning> beginnings_; // of the host's thread, as the next
    std::uint64_t step_count_ = 0;
    std::uint64_t flushed_ns_ = 0; // when; the time of a step
    std::atomic<bool> has_failed_{false};
    std::mutex mutex_;
    bool is_awaited_ = false;   // guarded by mutex_: the other thread is going to take what waits
    RecordBytes waiting_;       // likewise
    std::uint64_t whole_bytes_; // of the thread that writes, as the next
    RecordBytes written_;       // its memory is used again
};

} // namespace hotrun
