#include "linux/page_map.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace hotrun {

namespace {

constexpr std::uintptr_t kPageBytes = 4096;
constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
constexpr std::uint64_t kSwapped = std::uint64_t{1} << 62;
constexpr std::uint64_t kOfFile = std::uint64_t{1} << 61;

bool is_written(std::uint64_t word) {
    return (word & (kPresent | kSwapped)) != 0 && (word & kOfFile) == 0;
}

} // namespace

PageMap::PageMap() : file_(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)) {}

bool PageMap::read(std::uintptr_t first_page, std::size_t count) {
    words_.resize(count);
    const std::size_t bytes = count * sizeof(std::uint64_t);
    const auto at = static_cast<off_t>(first_page * sizeof(std::uint64_t));
    return file_.is_open() &&
           ::pread(file_.get(), words_.data(), bytes, at) == static_cast<ssize_t>(bytes);
}

// Pages that the memory only has a part of are left to those who have the rest.
std::vector<std::span<std::byte>> PageMap::written_in(std::span<std::byte> memory) {
    const auto begin = reinterpret_cast<std::uintptr_t>(memory.data());
    const std::uintptr_t first = (begin + kPageBytes - 1) / kPageBytes;
    const std::uintptr_t end = (begin + memory.size()) / kPageBytes;
    if (first >= end || !read(first, end - first))
        return {memory};
    std::vector<std::span<std::byte>> parts;
    std::size_t part_begin = 0;
    bool in_part = true; // what is before the first whole page
    const auto close_part = [&](std::size_t part_end) {
        if (part_end > part_begin)
            parts.push_back(memory.subspan(part_begin, part_end - part_begin));
    };
    for (std::uintptr_t page = first; page < end; ++page) {
        if (is_written(words_[page - first]) == in_part)
            continue;
        const std::size_t at = page * kPageBytes - begin;
        if (in_part)
            close_part(at);
        part_begin = at;
        in_part = !in_part;
    }
    if (!in_part)
        part_begin = end * kPageBytes - begin;
    close_part(memory.size());
    return parts;
}

// Where they were file, they are what the file has now: that of a library must not be changed.
void PageMap::drop(std::span<std::byte> pages) {
    ::madvise(pages.data(), pages.size(), MADV_DONTNEED);
}

} // namespace hotrun
