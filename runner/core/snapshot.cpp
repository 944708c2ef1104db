#include "core/snapshot.hpp"

#include "core/copy_bytes.hpp"

namespace hotrun {

namespace {

// Below that, to copy is faster than to ask.
constexpr std::size_t kFewBytes = std::size_t{16} << 10;

} // namespace

Status Snapshot::take(const PermanentHeap &heap, const Statics &statics,
                      const hotrun_context &context, HeapImage::Memory memory) {
    Status taken = heap_.take(heap.extent_bytes(), memory);
    segment_count_ = 0;
    take_statics(statics);
    generation_ = context.generation;
    step_ = context.step;
    state_ = context.state;
    return taken;
}

void Snapshot::take_statics(const Statics &statics) {
    for (const std::span<std::byte> memory : statics) {
        if (segment_count_ == segments_.size())
            segments_.emplace_back();
        Segment &segment = segments_[segment_count_++];
        segment.memory = memory;
        take_segment(segment);
    }
}

void Snapshot::take_segment(Segment &segment) {
    if (written_ == nullptr || segment.memory.size() < kFewBytes)
        segment.parts = {segment.memory};
    else
        segment.parts = written_->written_in(segment.memory);
    std::size_t count = 0;
    for (const std::span<std::byte> part : segment.parts)
        count += part.size();
    segment.bytes.resize(count);
    std::byte *to = segment.bytes.data();
    for (const std::span<std::byte> part : segment.parts) {
        copy_bytes(to, part.data(), part.size());
        to += part.size();
    }
}

// What was not written then, but may have been since, goes back to what it was at first.
void Snapshot::restore_segment(const Segment &segment) {
    const std::byte *from = segment.bytes.data();
    std::byte *next = segment.memory.data();
    const auto drop_until = [&](std::byte *end) {
        if (end > next)
            written_->drop({next, end});
    };
    for (const std::span<std::byte> part : segment.parts) {
        drop_until(part.data());
        copy_bytes(part.data(), from, part.size());
        from += part.size();
        next = part.data() + part.size();
    }
    drop_until(segment.memory.data() + segment.memory.size());
}

void Snapshot::visit_statics(const Visit &visit) const {
    for (std::size_t i = 0; i < segment_count_; ++i) {
        std::span<const std::byte> bytes = segments_[i].bytes;
        for (const std::span<std::byte> part : segments_[i].parts) {
            visit(reinterpret_cast<std::uintptr_t>(part.data()), bytes.first(part.size()));
            bytes = bytes.subspan(part.size());
        }
    }
}

void Snapshot::restore(hotrun_context &context) {
    heap_.restore();
    for (std::size_t i = 0; i < segment_count_; ++i)
        restore_segment(segments_[i]);
    context.generation = generation_;
    context.step = step_;
    context.state = state_;
}

} // namespace hotrun
