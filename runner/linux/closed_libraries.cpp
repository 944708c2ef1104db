#include "linux/closed_libraries.hpp"

#include <array>
#include <atomic>
#include <cstring>

#include <sys/mman.h>

namespace hotrun {

namespace {

struct Entry {
    std::atomic<std::uintptr_t> begin{0};
    std::atomic<std::uintptr_t> end{0};
    std::array<char, 112> name{};
};

constexpr std::size_t kEntryCount = 1024;
std::array<Entry, kEntryCount> entries;
std::size_t next_entry = 0;

} // namespace

void remember_closed_library(std::uintptr_t begin, std::uintptr_t end, const char *path) {
    Entry &entry = entries[next_entry++ % kEntryCount];
    entry.end.store(0, std::memory_order_release); // nobody finds it while its name changes
    const char *slash = std::strrchr(path, '/');
    std::strncpy(entry.name.data(), slash == nullptr ? path : slash + 1, entry.name.size() - 1);
    entry.begin.store(begin, std::memory_order_relaxed);
    entry.end.store(end, std::memory_order_release);
}

std::uintptr_t reserve_as_closed(std::size_t bytes, const char *path) {
    void *place =
        ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED)
        return 0;
    const auto begin = reinterpret_cast<std::uintptr_t>(place);
    remember_closed_library(begin, begin + bytes, path);
    return begin;
}

bool give_memory(std::uintptr_t begin, std::uintptr_t end) {
    return ::mprotect(reinterpret_cast<void *>(begin), end - begin, PROT_READ | PROT_WRITE) == 0;
}

const char *closed_library_at(std::uintptr_t address) {
    for (const Entry &entry : entries) {
        const std::uintptr_t end = entry.end.load(std::memory_order_acquire);
        if (address < end && address >= entry.begin.load(std::memory_order_relaxed))
            return entry.name.data();
    }
    return nullptr;
}

} // namespace hotrun
