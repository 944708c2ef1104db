#include "core/recorder.hpp"

#include <utility>

namespace hotrun {

void Recorder::begin(const RecordedStart &start) {
    beginnings_.push_back({start.step, step_count_});
    put(start);
    flush();
}

void Recorder::go_on(std::uint64_t start_step, std::uint64_t step_count) {
    beginnings_.push_back({start_step, 0});
    step_count_ = step_count;
}

// To wake the other thread takes longer than all the rest.
void Recorder::add(const StepInput &input) {
    constexpr std::uint64_t kLongestWait = 10'000'000;
    if (beginnings_.empty())
        return;
    ++step_count_;
    put(input);
    if (input.time_ns - flushed_ns_ < kLongestWait)
        return;
    flushed_ns_ = input.time_ns;
    flush();
}

std::uint64_t Recorder::steps_since(std::uint64_t start_step) const {
    for (auto beginning = beginnings_.rbegin(); beginning != beginnings_.rend(); ++beginning) {
        if (beginning->step == start_step)
            return step_count_ - beginning->step_count;
    }
    return step_count_;
}

template <typename Record>
void Recorder::put(const Record &record) {
    if (has_failed_.load(std::memory_order_relaxed))
        return;
    const std::lock_guard lock(mutex_);
    append(record, waiting_);
    if (waiting_.size() <= kMostWaitingBytes || has_failed_.exchange(true))
        return;
    waiting_ = {};
    services_.loop.post([this] {
        give_up(Error{ErrorKind::kFailed, path_ + " takes what is recorded too slowly", 0});
    });
}

void Recorder::flush() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty() || std::exchange(is_awaited_, true))
        return;
    services_.loop.post([this] { write_waiting(); });
}

void Recorder::write_waiting() {
    written_.clear();
    {
        const std::lock_guard lock(mutex_);
        is_awaited_ = false;
        written_.swap(waiting_);
    }
    if (!has_failed_)
        write(written_);
}

// Half a record is of no use, and on a full disk its place is.
void Recorder::write(const RecordBytes &records) {
    const Status written = services_.file.write_at(whole_bytes_, records);
    if (written) {
        whole_bytes_ += records.size();
        return;
    }
    if (!has_failed_.exchange(true))
        give_up(written.error());
}

void Recorder::give_up(const Error &error) {
    static_cast<void>(services_.file.cut(whole_bytes_));
    services_.warn(Error{ErrorKind::kFailed,
                         error.message + "; the recording ends there, and the run goes on",
                         error.system_code});
}

} // namespace hotrun
