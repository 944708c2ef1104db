#include "linux/heap_mapping.hpp"

#include "linux/system_error.hpp"

#include <cstdint>
#include <utility>

#include <sys/mman.h>

namespace hotrun {

namespace {

// Free in a plain process and under ASan, TSan and valgrind alike, whose own memory lies elsewhere.
constexpr std::uintptr_t kFirstBase = 0x550000000000;
constexpr std::size_t kPlaceCount = 256;

void *map_at(std::uintptr_t address, std::size_t bytes) {
    return ::mmap(reinterpret_cast<void *>(address), bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

} // namespace

Result<HeapMapping> HeapMapping::create(std::size_t bytes) {
    for (std::size_t place = 0; place < kPlaceCount; ++place) {
        void *base = map_at(kFirstBase + place * kMaxBytes, bytes);
        if (base != MAP_FAILED)
            return HeapMapping(base, bytes);
        if (errno != EEXIST)
            return system_error("can't map a permanent heap of " + std::to_string(bytes) +
                                " bytes");
    }
    return Error{ErrorKind::kFailed, "no place is left for another permanent heap", 0};
}

HeapMapping::HeapMapping(HeapMapping &&other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(other.bytes_) {}

HeapMapping &HeapMapping::operator=(HeapMapping &&other) noexcept {
    std::swap(base_, other.base_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

HeapMapping::~HeapMapping() {
    if (base_ != nullptr)
        ::munmap(base_, bytes_);
}

} // namespace hotrun
