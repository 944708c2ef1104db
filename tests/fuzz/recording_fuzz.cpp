// Whatever the bytes are, reading them as a recording never reads outside of the file, and gives no
// more steps than it has room for.
#include "core/recording.hpp"
#include "support/memory_storage.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    constexpr std::size_t kLeastStepBytes = 48;
    hotrun::RecordBytes bytes(size);
    if (size > 0)
        std::memcpy(bytes.data(), data, size);
    hotrun::MemoryDisk disk;
    const hotrun::MemoryStorage file(disk, std::move(bytes));
    const auto recording = hotrun::read_recording("recording", file, 1);
    if (recording && (recording->steps.size() > size / kLeastStepBytes ||
                      recording->whole_bytes + recording->cut_bytes != size))
        std::abort();
    return 0;
}
