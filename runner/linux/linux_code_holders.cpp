#include "linux/linux_code_holders.hpp"

#include "core/pointer_scan.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace hotrun {

namespace {

// Deeper stacks are read up to here: what is further out has called the rest.
constexpr std::size_t kMostBytes = std::size_t{1} << 20;

std::string read_line(const std::string &path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

struct Position {
    std::uint64_t stack = 0;
    std::uint64_t instruction = 0;
};

// /proc/PID/task/TID/syscall (proc(5)): "running", or numbers of which the last two are these.
std::optional<Position> position_of(const std::string &task) {
    const std::string line = read_line(task + "/syscall");
    const std::size_t last = line.rfind(' ');
    const std::size_t before = last == std::string::npos ? last : line.rfind(' ', last - 1);
    if (before == std::string::npos)
        return std::nullopt;
    Position position;
    if (std::sscanf(line.c_str() + before, "%lx %lx", &position.stack, &position.instruction) != 2)
        return std::nullopt;
    return position;
}

// Of the mapping that the address is in. What lies behind it is no part of the stack, and may well
// hold addresses of the library: its own data does.
std::uint64_t end_of_mapping(std::uint64_t address) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2 && address >= begin &&
            address < end)
            return end;
    }
    return address;
}

bool is_in(const std::vector<Library::Place> &places, std::uint64_t address) {
    return std::ranges::any_of(places, [address](const Library::Place &place) {
        return address >= place.begin && address < place.end;
    });
}

// Page by page through the kernel: the thread may end, and its stack with it.
bool stack_leads_into(std::uint64_t stack, const std::vector<Library::Place> &places) {
    constexpr std::size_t kPageBytes = 4096;
    std::vector<std::uint64_t> words(kPageBytes / sizeof(std::uint64_t));
    std::vector<std::size_t> offsets;
    const std::uint64_t end = std::min(end_of_mapping(stack), stack + kMostBytes);
    for (std::uint64_t at = stack & ~std::uint64_t{7}; at < end;) {
        const std::size_t count = kPageBytes - at % kPageBytes;
        const iovec into = {words.data(), count};
        const iovec from = {reinterpret_cast<void *>(at), count};
        if (::process_vm_readv(::getpid(), &into, 1, &from, 1, 0) != static_cast<ssize_t>(count))
            break;
        for (const Library::Place &place : places)
            find_words(std::as_bytes(std::span(words)).first(count), {place.begin, place.end},
                       offsets);
        if (!offsets.empty())
            return true;
        at += count;
    }
    return false;
}

} // namespace

LinuxCodeHolders::LinuxCodeHolders() : host_(static_cast<pid_t>(::syscall(SYS_gettid))) {}

void LinuxCodeHolders::leave_out_this_thread() {
    runner_ = static_cast<pid_t>(::syscall(SYS_gettid));
}

std::vector<std::string>
LinuxCodeHolders::threads_in(const std::vector<Library::Place> &places) const {
    const std::string own = std::to_string(::syscall(SYS_gettid));
    const std::string host = std::to_string(host_);
    const std::string runner = std::to_string(runner_);
    std::vector<std::string> threads;
    std::error_code error;
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task", error)) {
        const std::string number = task.path().filename().string();
        if (number == own || number == host || number == runner)
            continue;
        const std::string name = read_line(task.path().string() + "/comm");
        if (name.empty())
            continue; // it has ended
        const std::optional<Position> position = position_of(task.path().string());
        if (!position)
            threads.push_back("thread " + number + " (" + name + ") runs, and may be in it");
        else if (is_in(places, position->instruction) || stack_leads_into(position->stack, places))
            threads.push_back("thread " + number + " (" + name + ") is in it");
    }
    return threads;
}

} // namespace hotrun
