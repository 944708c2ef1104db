#include "linux/patch_area.hpp"

#include "linux/closed_libraries.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace hotrun {
namespace {

constexpr std::uint64_t kReach = std::uint64_t{1} << 31;
constexpr std::uint64_t kStep = std::uint64_t{16} << 20; // between the places that are tried

bool reserve_at(std::uint64_t address, std::uint64_t bytes) {
    void *const wanted = reinterpret_cast<void *>(address);
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

// Below the library first: above it the dynamic linker has put what was loaded before.
Result<std::unique_ptr<PatchArea>> PatchArea::reserve(const Library::Place &library,
                                                      const std::string &name) {
    const std::uint64_t lowest = library.end > kReach ? library.end - kReach : kStep;
    for (std::uint64_t at = (library.begin - kBytes) & ~(kStep - 1);
         at >= lowest && at < library.begin; at -= kStep) {
        if (reserve_at(at, kBytes))
            return std::unique_ptr<PatchArea>(new PatchArea({at, at + kBytes}, name));
    }
    const std::uint64_t highest = library.begin + kReach - kBytes;
    for (std::uint64_t at = (library.end + kStep - 1) & ~(kStep - 1); at <= highest; at += kStep) {
        if (reserve_at(at, kBytes))
            return std::unique_ptr<PatchArea>(new PatchArea({at, at + kBytes}, name));
    }
    return Error{ErrorKind::kFailed, "there is no room for patches beside the library", ENOMEM};
}

PatchArea::~PatchArea() {
    ::munmap(reinterpret_cast<void *>(free_), range_.end - free_);
    if (free_ == range_.begin)
        return;
    ::mmap(reinterpret_cast<void *>(range_.begin), free_ - range_.begin, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    remember_closed_library(range_.begin, free_, name_.c_str());
}

std::optional<std::uint64_t> PatchArea::take_pages(std::uint64_t bytes) {
    const std::uint64_t size = page_bytes(bytes);
    if (size > range_.end - free_)
        return std::nullopt;
    return std::exchange(free_, free_ + size);
}

} // namespace hotrun
