// A recording as a file: who made it, the state that it begins with, and what each step read.
#pragma once

#include "base/step_input.hpp"
#include "core/storage.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotrun {

// docs/record.md is the format.
struct RecordingHead {
    std::string module;
    std::string builddir; // empty: none

    bool operator==(const RecordingHead &) const = default;
};

// Memory of the module's static variables, where it lay.
struct StaticPart {
    std::uint64_t address = 0;
    std::vector<std::byte> bytes;

    bool operator==(const StaticPart &) const = default;
};

// What belongs to a snapshot of the heap, which lies in a file of its own.
struct RecordedStart {
    std::uint64_t step = 0; // finished by then
    std::vector<StaticPart> statics;

    bool operator==(const RecordedStart &) const = default;
};

struct Recording {
    RecordingHead head;
    std::optional<RecordedStart> start; // none: what it begins with was not kept
    std::vector<StepInput> steps;       // after it
    std::uint64_t whole_bytes = 0;
    std::uint64_t cut_bytes = 0; // behind the last whole record
};

using RecordBytes = std::vector<std::byte>;

// What the file begins with, and what is appended to it.
RecordBytes bytes_of(const RecordingHead &head);
void append(const RecordedStart &start, RecordBytes &to);
void append(const StepInput &input, RecordBytes &to);

// `path` is for messages. Only what is no recording of this version, or has no whole head, is an
// Error: what comes behind the last whole record is left out. The start is the last one of
// `start_step`, and the steps are those behind it; without such a start there are none.
Result<Recording> read_recording(const std::string &path, const Storage &file,
                                 std::uint64_t start_step);
bool is_recording(const Storage &file); // of whatever version
Result<RecordingHead> read_recording_head(const std::string &path, const Storage &file);

} // namespace hotrun
