#include "linux/patch_area.hpp"

#include "core/room_beside.hpp"
#include "linux/closed_libraries.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace hotrun {
namespace {

constexpr std::uint64_t kUserEnd = (std::uint64_t{1} << 47) - 4096; // TASK_SIZE of the kernel
constexpr std::uint64_t kLeastBytes = std::uint64_t{4} << 20;
constexpr int kMostTries = 10;

// The host's, which grows downwards into what is free below it.
std::uint64_t stack_room() {
    constexpr std::uint64_t kGuard = std::uint64_t{1} << 20; // stack_guard_gap of the kernel
    constexpr rlim_t kMost = rlim_t{1} << 30;
    rlimit limit{};
    ::getrlimit(RLIMIT_STACK, &limit);
    return std::min(limit.rlim_cur, kMost) + kGuard;
}

std::vector<AddressRange> taken_addresses() {
    std::vector<AddressRange> taken;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        AddressRange range;
        if (std::sscanf(line.c_str(), "%lx-%lx", &range.begin, &range.end) != 2 ||
            range.begin >= kUserEnd)
            continue;
        if (line.ends_with("[stack]"))
            range.begin -= stack_room();
        taken.push_back(range);
    }
    taken.push_back({kUserEnd, kUserEnd});
    return taken;
}

bool reserve_at(const AddressRange &range) {
    void *const wanted = reinterpret_cast<void *>(range.begin);
    const std::uint64_t bytes = range.end - range.begin;
    void *const given =
        ::mmap(wanted, bytes, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (given != MAP_FAILED && given != wanted)
        ::munmap(given, bytes);
    return given == wanted;
}

} // namespace

std::uint64_t page_bytes(std::uint64_t bytes) {
    const auto page = static_cast<std::uint64_t>(::getpagesize());
    return (bytes + page - 1) / page * page;
}

// Other threads map memory meanwhile.
Result<std::unique_ptr<PatchArea>> PatchArea::reserve(const Library::Place &library,
                                                      const std::string &name) {
    for (int i = 0; i < kMostTries; ++i) {
        const auto range =
            room_beside({library.begin, library.end}, taken_addresses(), kLeastBytes, kBytes);
        if (!range)
            break;
        if (reserve_at(*range))
            return std::unique_ptr<PatchArea>(
                new PatchArea(*range, range->begin < library.begin, name));
    }
    return Error{ErrorKind::kFailed, "there is no room for patches beside the library", ENOMEM};
}

PatchArea::~PatchArea() {
    ::munmap(reinterpret_cast<void *>(free_.begin), free_.end - free_.begin);
    const AddressRange used =
        is_below_ ? AddressRange{free_.end, range_.end} : AddressRange{range_.begin, free_.begin};
    if (used.begin == used.end)
        return;
    ::mmap(reinterpret_cast<void *>(used.begin), used.end - used.begin, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    remember_closed_library(used.begin, used.end, name_.c_str());
}

std::optional<std::uint64_t> PatchArea::take_pages(std::uint64_t bytes) {
    const std::uint64_t size = page_bytes(bytes);
    if (size > free_.end - free_.begin)
        return std::nullopt;
    if (is_below_)
        return free_.end -= size;
    return std::exchange(free_.begin, free_.begin + size);
}

} // namespace hotrun
