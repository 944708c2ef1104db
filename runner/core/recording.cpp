#include "core/recording.hpp"

#include "core/checksum.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace hotrun {

namespace {

constexpr std::array<char, 8> kMagic = {'h', 'o', 't', 'i', 'n', 'p', 't', '\n'};
constexpr std::uint32_t kFormatVersion = 1; // goes up when this format changes
constexpr std::uint32_t kByteOrder = 0x01020304;
constexpr std::size_t kPaddedTo = sizeof(std::uint64_t);
constexpr std::uint64_t kMostTextBytes = std::uint64_t{64} << 10;

struct FileHead {
    std::array<char, 8> magic = kMagic;
    std::uint32_t version = kFormatVersion;
    std::uint32_t byte_order = kByteOrder;
    std::uint64_t module_bytes = 0;
    std::uint64_t builddir_bytes = 0;
    std::uint64_t checksum = 0; // of the head as it is with 0 here, and of the two texts behind it
};
static_assert(sizeof(FileHead) == 5 * kPaddedTo);

enum RecordKind : std::uint64_t { kStart = 1, kStep = 2 };

struct RecordHead {
    std::uint64_t kind = 0;
    std::uint64_t size_bytes = 0; // of what follows, in whole words
    std::uint64_t checksum = 0;   // of both with 0 here, and of what follows
};
static_assert(sizeof(RecordHead) == 3 * kPaddedTo);

std::uint64_t in_whole_words(std::uint64_t bytes) {
    return (bytes + kPaddedTo - 1) / kPaddedTo * kPaddedTo;
}

void put(std::span<const std::byte> bytes, RecordBytes &to) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}
void put(std::uint64_t word, RecordBytes &to) {
    put(std::as_bytes(std::span(&word, 1)), to);
}
void put_padded(std::span<const std::byte> bytes, RecordBytes &to) {
    put(bytes, to);
    to.resize(to.size() + in_whole_words(bytes.size()) - bytes.size());
}

std::uint64_t sum_of(RecordHead head, std::span<const std::byte> payload) {
    head.checksum = 0;
    Checksum checksum;
    checksum.add(std::as_bytes(std::span(&head, 1)));
    checksum.add(payload);
    return checksum.sum();
}

std::uint64_t sum_of(FileHead head, std::span<const std::byte> texts) {
    head.checksum = 0;
    Checksum checksum;
    checksum.add(std::as_bytes(std::span(&head, 1)));
    checksum.add(texts);
    return checksum.sum();
}

// Leaves room for the head of a record, which finish_record() fills.
std::size_t begin_record(RecordBytes &to) {
    const std::size_t at = to.size();
    to.resize(at + sizeof(RecordHead));
    return at;
}
void finish_record(RecordKind kind, std::size_t at, RecordBytes &to) {
    const auto payload = std::span(to).subspan(at + sizeof(RecordHead));
    RecordHead head{kind, payload.size(), 0};
    head.checksum = sum_of(head, payload);
    std::memcpy(to.data() + at, &head, sizeof head);
}

// Takes pieces off the front; after one that is not there it has failed for good.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::uint64_t word() {
        std::uint64_t value = 0;
        const auto bytes = piece(sizeof value);
        if (!bytes.empty())
            std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    std::span<const std::byte> piece(std::uint64_t size_bytes) {
        if (size_bytes > bytes_.size()) {
            has_failed_ = true;
            return {};
        }
        const std::uint64_t all =
            std::min<std::uint64_t>(in_whole_words(size_bytes), bytes_.size());
        const auto bytes = bytes_.first(size_bytes);
        bytes_ = bytes_.subspan(all);
        return bytes;
    }
    bool has_failed() const { return has_failed_; }
    bool is_read() const { return bytes_.empty() && !has_failed_; }

  private:
    std::span<const std::byte> bytes_;
    bool has_failed_ = false;
};

std::optional<RecordedStart> start_from(std::span<const std::byte> payload) {
    Reader reader(payload);
    RecordedStart start;
    start.step = reader.word();
    const std::uint64_t count = reader.word();
    for (std::uint64_t i = 0; i < count && !reader.has_failed(); ++i) {
        StaticPart part;
        part.address = reader.word();
        const auto bytes = reader.piece(reader.word());
        part.bytes.assign(bytes.begin(), bytes.end());
        start.statics.push_back(std::move(part));
    }
    return reader.is_read() ? std::optional(std::move(start)) : std::nullopt;
}

std::optional<StepInput> step_from(std::span<const std::byte> payload) {
    Reader reader(payload);
    StepInput input;
    input.time_ns = reader.word();
    input.delta_ns = reader.word();
    const std::uint64_t count = reader.word();
    for (std::uint64_t i = 0; i < count && !reader.has_failed(); ++i) {
        InputEvent event;
        event.kind = static_cast<std::uint32_t>(reader.word());
        const auto bytes = reader.piece(reader.word());
        event.bytes.assign(reinterpret_cast<const char *>(bytes.data()), bytes.size());
        input.events.push_back(std::move(event));
    }
    return reader.is_read() ? std::optional(std::move(input)) : std::nullopt;
}

// The record at that place; false: none that is whole.
bool read_record(const Storage &file, std::uint64_t at, RecordHead &head, RecordBytes &payload) {
    const std::uint64_t end = file.size_bytes();
    if (at + sizeof head > end || !file.read_at(at, std::as_writable_bytes(std::span(&head, 1))) ||
        head.size_bytes > end - at - sizeof head)
        return false;
    payload.resize(head.size_bytes);
    return file.read_at(at + sizeof head, payload) && sum_of(head, payload) == head.checksum;
}

bool take_record(const RecordHead &head, std::span<const std::byte> payload,
                 std::uint64_t start_step, Recording &recording) {
    if (head.kind == kStep) {
        std::optional<StepInput> input = step_from(payload);
        if (input && recording.start)
            recording.steps.push_back(std::move(*input));
        return input.has_value();
    }
    std::optional<RecordedStart> start = head.kind == kStart ? start_from(payload) : std::nullopt;
    if (start && start->step == start_step) {
        recording.start = std::move(*start);
        recording.steps.clear();
        return true;
    }
    return start.has_value();
}

std::uint64_t place_of_records(const RecordingHead &head) {
    return sizeof(FileHead) + in_whole_words(head.module.size() + head.builddir.size());
}

} // namespace

RecordBytes bytes_of(const RecordingHead &head) {
    std::string texts = head.module + head.builddir;
    texts.resize(in_whole_words(texts.size()));
    const auto text_bytes = std::as_bytes(std::span(texts));
    FileHead file_head;
    file_head.module_bytes = head.module.size();
    file_head.builddir_bytes = head.builddir.size();
    file_head.checksum = sum_of(file_head, text_bytes);
    RecordBytes bytes;
    put(std::as_bytes(std::span(&file_head, 1)), bytes);
    put(text_bytes, bytes);
    return bytes;
}

void append(const RecordedStart &start, RecordBytes &to) {
    const std::size_t at = begin_record(to);
    put(start.step, to);
    put(start.statics.size(), to);
    for (const StaticPart &part : start.statics) {
        put(part.address, to);
        put(part.bytes.size(), to);
        put_padded(part.bytes, to);
    }
    finish_record(kStart, at, to);
}

void append(const StepInput &input, RecordBytes &to) {
    const std::size_t at = begin_record(to);
    put(input.time_ns, to);
    put(input.delta_ns, to);
    put(input.events.size(), to);
    for (const InputEvent &event : input.events) {
        put(event.kind, to);
        put(event.bytes.size(), to);
        put_padded(std::as_bytes(std::span(event.bytes)), to);
    }
    finish_record(kStep, at, to);
}

bool is_recording(const Storage &file) {
    std::array<char, 8> magic{};
    return file.read_at(0, std::as_writable_bytes(std::span(magic))).ok() && magic == kMagic;
}

Result<RecordingHead> read_recording_head(const std::string &path, const Storage &file) {
    FileHead head;
    if (!file.read_at(0, std::as_writable_bytes(std::span(&head, 1))) || head.magic != kMagic)
        return Error{ErrorKind::kFailed,
                     path + " is no recording of hotrun: make one by hotrun --record FILE", 0};
    if (head.version != kFormatVersion || head.byte_order != kByteOrder)
        return Error{ErrorKind::kFailed,
                     path + " was recorded by another version of hotrun, or on another machine: "
                            "record it anew",
                     0};
    const auto damaged = [&] {
        return Error{ErrorKind::kFailed,
                     path + " is damaged (its head): put a copy of it in its place, or record it "
                            "anew",
                     0};
    };
    if (head.module_bytes > kMostTextBytes || head.builddir_bytes > kMostTextBytes)
        return damaged();
    std::string texts(in_whole_words(head.module_bytes + head.builddir_bytes), '\0');
    const auto text_bytes = std::as_writable_bytes(std::span(texts));
    if (!file.read_at(sizeof head, text_bytes) || sum_of(head, text_bytes) != head.checksum)
        return damaged();
    return RecordingHead{texts.substr(0, head.module_bytes),
                         texts.substr(head.module_bytes, head.builddir_bytes)};
}

Result<Recording> read_recording(const std::string &path, const Storage &file,
                                 std::uint64_t start_step) {
    Result<RecordingHead> head = read_recording_head(path, file);
    if (!head)
        return head.error();
    Recording recording;
    recording.head = std::move(*head);
    std::uint64_t at = place_of_records(recording.head);
    RecordHead record;
    RecordBytes payload;
    while (read_record(file, at, record, payload) &&
           take_record(record, payload, start_step, recording))
        at += sizeof record + record.size_bytes;
    recording.whole_bytes = std::min(at, file.size_bytes());
    recording.cut_bytes = file.size_bytes() - recording.whole_bytes;
    return recording;
}

} // namespace hotrun
