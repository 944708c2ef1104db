#include "core/recorder.hpp"

#include <utility>

namespace hotrun {

void Recorder::begin(const RecordedStart &start) {
    beginnings_.push_back({start.step, step_count_});
    hand_on(start);
}

void Recorder::add(const StepInput &input) {
    if (beginnings_.empty())
        return;
    ++step_count_;
    hand_on(input);
}

std::uint64_t Recorder::steps_since(std::uint64_t start_step) const {
    for (auto beginning = beginnings_.rbegin(); beginning != beginnings_.rend(); ++beginning) {
        if (beginning->step == start_step)
            return step_count_ - beginning->step_count;
    }
    return step_count_;
}

template <typename Record>
void Recorder::hand_on(const Record &record) {
    if (has_failed_.load(std::memory_order_relaxed))
        return;
    bool is_awaited = false;
    bool is_too_much = false;
    {
        const std::lock_guard lock(mutex_);
        is_awaited = !waiting_.empty();
        append(record, waiting_);
        is_too_much = waiting_.size() > kMostWaitingBytes;
    }
    if (is_too_much && !has_failed_.exchange(true))
        services_.loop.post([this] {
            give_up(Error{ErrorKind::kFailed, path_ + " takes what is recorded too slowly", 0});
        });
    else if (!is_awaited)
        services_.loop.post([this] { write_waiting(); });
}

void Recorder::write_waiting() {
    written_.clear();
    {
        const std::lock_guard lock(mutex_);
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
    has_failed_ = true;
    give_up(written.error());
}

void Recorder::give_up(const Error &error) {
    static_cast<void>(services_.file.cut(whole_bytes_));
    services_.warn(Error{ErrorKind::kFailed,
                         error.message + "; the recording ends there, and the run goes on",
                         error.system_code});
}

} // namespace hotrun
