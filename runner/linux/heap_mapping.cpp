#include "linux/heap_mapping.hpp"

#include "core/copy_bytes.hpp"
#include "linux/system_error.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hotrun {

namespace {

// Free in a plain process and under ASan, TSan and valgrind alike, whose own memory lies elsewhere.
constexpr std::uintptr_t kFirstBase = 0x550000000000;
constexpr std::size_t kPlaceCount = 256;
constexpr std::size_t kPageBytes = 4096;
// Given back in one image, beside an eighth of the pages that it looks at: to give a page back
// takes as long as to look at some, and that time is to be small beside the other.
constexpr std::size_t kGivenBackAtOnce = 16;

void *map_at(std::uintptr_t address, std::size_t bytes, int fd) {
    return ::mmap(reinterpret_cast<void *>(address), bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);
}

// No further thread. The links of a folder (stat(2)): its own two, and one from each folder in it.
bool has_threads(std::size_t count) {
    struct stat tasks {};
    return ::stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink <= 2 + count;
}

// What is compared and put into the image other threads of the module may be writing, and a
// sanitizer would blame that on us: here it looks at nothing.
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
__attribute__((no_sanitize("thread"))) bool differ(const std::byte *left, const std::byte *right,
                                                   std::size_t bytes) {
    std::size_t at = 0;
    while (at < bytes && left[at] == right[at])
        ++at;
    return at < bytes;
}
#else
bool differ(const std::byte *left, const std::byte *right, std::size_t bytes) {
    return std::memcmp(left, right, bytes) != 0;
}
#endif

ssize_t write_at(int fd, const std::byte *bytes, std::size_t count, std::size_t offset) {
    return ::syscall(SYS_pwrite64, fd, bytes, count, static_cast<off_t>(offset));
}

std::string described(std::size_t bytes) {
    return "a permanent heap of " + std::to_string(bytes) + " bytes";
}

} // namespace

Result<std::unique_ptr<HeapMapping>> HeapMapping::create(std::size_t bytes) {
    UniqueFd file(::memfd_create("hotrun-heap", MFD_CLOEXEC));
    if (!file.is_open() || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0)
        return system_error("can't make " + described(bytes));
    return map(std::move(file), bytes);
}

Result<std::unique_ptr<HeapMapping>> HeapMapping::adopt(int descriptor, std::size_t bytes) {
    UniqueFd file(descriptor);
    if (::lseek(descriptor, 0, SEEK_END) != static_cast<off_t>(bytes))
        return Error{ErrorKind::kFailed, "the heap that was handed over is not that of the module",
                     0};
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return map(std::move(file), bytes);
}

Result<std::unique_ptr<HeapMapping>> HeapMapping::map(UniqueFd file, std::size_t bytes) {
    void *image =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file.get(), 0);
    if (image == MAP_FAILED)
        return system_error("can't map " + described(bytes));
    for (std::size_t place = 0; place < kPlaceCount; ++place) {
        void *base = map_at(kFirstBase + place * kMaxBytes, bytes, file.get());
        if (base != MAP_FAILED)
            return std::unique_ptr<HeapMapping>(
                new HeapMapping(std::move(file), base, image, bytes));
        if (errno != EEXIST) {
            const Error error = system_error("can't map " + described(bytes));
            ::munmap(image, bytes);
            return error;
        }
    }
    ::munmap(image, bytes);
    return Error{ErrorKind::kFailed,
                 "no place is left for another permanent heap; name fewer targets", 0};
}

HeapMapping::HeapMapping(UniqueFd file, void *base, void *image, std::size_t bytes)
    : file_(std::move(file)), base_(base), image_(image), bytes_(bytes) {}

HeapMapping::~HeapMapping() {
    ::munmap(base_, bytes_);
    ::munmap(image_, bytes_);
}

Status HeapMapping::take(std::size_t used_bytes, Memory memory) {
    if (memory == Memory::kGivenBackIfAlone)
        memory = has_threads(own_thread_count_) ? Memory::kGivenBack : Memory::kKept;
    const std::lock_guard lock(mutex_);
    ++version_;
    Status taken = take_written(used_bytes, memory);
    ++version_;
    return taken;
}

Status HeapMapping::take_written(std::size_t used_bytes, Memory memory) {
    const std::size_t page_count = (bytes_ + kPageBytes - 1) / kPageBytes;
    const std::size_t in_use = std::min((used_bytes + kPageBytes - 1) / kPageBytes, page_count);
    const std::size_t used_count = std::min(in_use, page_count - 1);
    changed_at_.resize(std::max(changed_at_.size(), in_use));
    taken_bytes_ = std::min(in_use * kPageBytes, bytes_);
    const std::vector<std::span<std::byte>> written =
        page_map_.written_in(this->memory().first(used_count * kPageBytes));
    std::size_t written_count = 0;
    for (const std::span<std::byte> part : written)
        written_count += part.size() / kPageBytes;
    to_give_back_ = memory == Memory::kGivenBack ? kGivenBackAtOnce + written_count / 8 : 0;
    for (const std::span<std::byte> part : written) {
        const auto begin = static_cast<std::size_t>(part.data() - static_cast<std::byte *>(base_));
        const std::size_t first = begin / kPageBytes;
        const std::size_t end = first + part.size() / kPageBytes;
        if (Status taken = take_pages(first, end); !taken)
            return taken;
        give_back_idle(first, end);
    }
    return take_pages(page_count - 1, page_count); // where the heap ends
}

// A page that was written may still be equal to the image.
Status HeapMapping::take_pages(std::size_t first, std::size_t end) {
    const auto *now = static_cast<const std::byte *>(base_);
    const auto *image = static_cast<const std::byte *>(image_);
    const auto bytes_of = [this](std::size_t page) {
        return std::min(kPageBytes, bytes_ - page * kPageBytes);
    };
    const auto differs = [&](std::size_t page) {
        const std::size_t at = page * kPageBytes;
        return differ(now + at, image + at, bytes_of(page));
    };
    for (std::size_t page = first; page < end;) {
        std::size_t run_end = page;
        while (run_end < end && differs(run_end))
            ++run_end;
        if (run_end > page) {
            if (Status written = write_page_run(page, run_end); !written)
                return written;
        }
        page = run_end + 1;
    }
    return Done{};
}

// Pages are only given back once the image holds them, and kept where other threads may write them
// in between; so are those that keep changing, in which an image since the mark before the last one
// was different: to write such a page anew takes a fault, ten times as long as to compare it.
void HeapMapping::give_back_idle(std::size_t first, std::size_t end) {
    const auto is_idle = [this](std::size_t page) { return changed_at_[page] + 1 < now_; };
    for (std::size_t page = first; page < end && to_give_back_ > 0;) {
        std::size_t run_end = page;
        while (run_end < std::min(end, page + to_give_back_) && is_idle(run_end))
            ++run_end;
        if (run_end > page)
            ::madvise(static_cast<std::byte *>(base_) + page * kPageBytes,
                      (run_end - page) * kPageBytes, MADV_DONTNEED);
        to_give_back_ -= run_end - page;
        page = run_end + 1;
    }
}

Status HeapMapping::put(std::size_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t put = write_at(file_.get(), bytes.data(), bytes.size(), offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return system_error("can't take a snapshot of the heap");
        bytes = bytes.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::size_t>(put);
    }
    return Done{};
}

// Pages of the file that were written before are there, so that no memory can be lacking.
bool HeapMapping::is_in_file(std::size_t first, std::size_t end) const {
    return end <= changed_at_.size() &&
           std::all_of(changed_at_.begin() + static_cast<std::ptrdiff_t>(first),
                       changed_at_.begin() + static_cast<std::ptrdiff_t>(end),
                       [](std::uint64_t when) { return when != 0; });
}

// Through the mapping where that is possible: the kernel takes as long again for each page.
Status HeapMapping::write_page_run(std::size_t first, std::size_t end) {
    const auto *from = static_cast<const std::byte *>(base_);
    const std::size_t last = std::min(end * kPageBytes, bytes_);
    if (is_in_file(first, end)) {
        copy_bytes(static_cast<std::byte *>(image_) + first * kPageBytes, from + first * kPageBytes,
                   last - first * kPageBytes);
        std::fill(changed_at_.begin() + static_cast<std::ptrdiff_t>(first),
                  changed_at_.begin() + static_cast<std::ptrdiff_t>(end), now_);
        return Done{};
    }
    const std::size_t begin = first * kPageBytes;
    if (Status written = put(begin, {from + begin, last - begin}); !written)
        return written;
    for (std::size_t page = first; page < std::min(end, changed_at_.size()); ++page)
        changed_at_[page] = now_;
    return Done{};
}

void HeapMapping::restore() {
    ::madvise(base_, bytes_, MADV_DONTNEED);
}

// By the file, whose pages are those of the mapping.
Status HeapMapping::read_image(std::size_t offset, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        const ssize_t got =
            ::pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return system_error("can't read the image of the heap");
        bytes = bytes.subspan(static_cast<std::size_t>(got));
        offset += static_cast<std::size_t>(got);
    }
    return Done{};
}

std::uint64_t HeapMapping::mark() {
    const std::lock_guard lock(mutex_);
    return ++now_;
}

std::vector<HeapPart> HeapMapping::changed_since(std::uint64_t mark, std::size_t used_bytes) const {
    std::vector<HeapPart> parts;
    const std::size_t count =
        std::min((used_bytes + kPageBytes - 1) / kPageBytes, changed_at_.size());
    for (std::size_t page = 0; page < count; ++page) {
        if (changed_at_[page] < mark)
            continue;
        const std::size_t begin = page * kPageBytes;
        const std::size_t end = std::min(begin + kPageBytes, bytes_);
        if (!parts.empty() && parts.back().end == begin)
            parts.back().end = end;
        else
            parts.push_back({begin, end});
    }
    return parts;
}

} // namespace hotrun
