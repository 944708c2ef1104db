#include "linux/process_restart.hpp"

#include "linux/process_session.hpp"
#include "linux/system_error.hpp"
#include "linux/yielding_thread.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace hotrun {

namespace {

// "PID:DESCRIPTOR". The pid tells the process from its children, which inherit the variable.
constexpr const char *kVariable = "HOTRUN_RESTART";
constexpr std::size_t kSpareVariables = 256;
constexpr std::chrono::milliseconds kChildPatience{500};

int record_descriptor() {
    static const int descriptor = [] {
        const char *value = ::getenv(kVariable); // NOLINT(concurrency-mt-unsafe)
        int pid = 0;
        int fd = -1;
        if (value == nullptr || std::sscanf(value, "%d:%d", &pid, &fd) != 2 || pid != ::getpid())
            return -1;
        return fd;
    }();
    return descriptor;
}

Result<RunRecord *> map_record(int fd, std::size_t bytes) {
    void *memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return system_error("can't map the record of the run");
    return static_cast<RunRecord *>(memory);
}

// Null: it is none of ours.
RunRecord *take_record(int fd, std::size_t module_count) {
    const std::size_t bytes = RunRecord::bytes_for(module_count);
    if (::lseek(fd, 0, SEEK_END) != static_cast<off_t>(bytes))
        return nullptr;
    const Result<RunRecord *> record = map_record(fd, bytes);
    if (!record)
        return nullptr;
    if ((*record)->magic == RunRecord::kMagic && (*record)->bytes == bytes)
        return *record;
    ::munmap(*record, bytes);
    return nullptr;
}

std::string read_all(const char *path) {
    std::string text;
    const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> bytes;
    for (ssize_t got; (got = ::read(file.get(), bytes.data(), bytes.size())) > 0;)
        text.append(bytes.data(), static_cast<std::size_t>(got));
    return text;
}

bool is_this_program(const char *path) {
    struct stat named {};
    struct stat own {};
    return ::stat(path, &named) == 0 && ::stat("/proc/self/exe", &own) == 0 &&
           named.st_dev == own.st_dev && named.st_ino == own.st_ino;
}

// They would go on, with nobody there to handle their signals.
void stop_timers() {
    const itimerval none{};
    for (const auto timer : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF})
        ::setitimer(timer, &none, nullptr);
}

void keep_over_exec(int fd) {
    if (fd >= 0)
        ::fcntl(fd, F_SETFD, 0);
}

} // namespace

bool process_was_replaced() {
    return record_descriptor() >= 0;
}

Result<std::unique_ptr<ProcessRestart>> ProcessRestart::create(std::size_t module_count,
                                                               std::function<void()> wake_host) {
    static bool taken = false;
    const int given = std::exchange(taken, true) ? -1 : record_descriptor();
    if (given >= 0) {
        ::unsetenv(kVariable); // NOLINT(concurrency-mt-unsafe)
        ::fcntl(given, F_SETFD, FD_CLOEXEC);
        UniqueFd memory(given);
        if (RunRecord *record = take_record(given, module_count))
            return std::unique_ptr<ProcessRestart>(
                new ProcessRestart(std::move(memory), record, true, std::move(wake_host)));
    }
    UniqueFd memory(::memfd_create("hotrun-record", MFD_CLOEXEC));
    const std::size_t bytes = RunRecord::bytes_for(module_count);
    if (!memory.is_open() || ::ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0)
        return system_error("can't make the record of the run");
    const Result<RunRecord *> mapped = map_record(memory.get(), bytes);
    if (!mapped)
        return mapped.error();
    auto *record = new (*mapped) RunRecord;
    record->bytes = bytes;
    record->module_count = module_count;
    for (std::size_t i = 0; i < module_count; ++i)
        new (record->modules() + i) ModuleRecord;
    return std::unique_ptr<ProcessRestart>(
        new ProcessRestart(std::move(memory), record, false, std::move(wake_host)));
}

ProcessRestart::ProcessRestart(UniqueFd memory, RunRecord *record, bool taken_over,
                               std::function<void()> wake_host)
    : memory_(std::move(memory)), record_(record), taken_over_(taken_over),
      wake_host_(std::move(wake_host)) {
    prepare_words();
}

ProcessRestart::~ProcessRestart() {
    ::munmap(record_, record_->bytes);
}

void ProcessRestart::prepare_words() {
    std::array<char, 4096> path;
    const ssize_t got = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
    program_.assign(path.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    command_line_ = read_all("/proc/self/cmdline");
    if (!command_line_.ends_with('\0'))
        command_line_ += '\0';
    for (std::size_t at = 0; at < command_line_.size(); at = command_line_.find('\0', at) + 1)
        words_.push_back(command_line_.data() + at);
    words_.push_back(nullptr);
    variable_ = std::string(kVariable) + "=" + std::to_string(::getpid()) + ":" +
                std::to_string(memory_.get());
    std::size_t count = kSpareVariables;
    for (char **entry = environ; *entry != nullptr; ++entry)
        ++count;
    environment_.resize(count);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &signal_mask_);
}

void ProcessRestart::replace_process() noexcept {
    before_replacing_();
    record_->restarts_in_vain.fetch_add(1);
    for (const auto &child : record_->children) {
        if (const pid_t pid = child.load(); pid > 0)
            ::kill(-pid, SIGINT);
    }
    // Once: what was being written when it failed may fail again.
    if (!flushed_.exchange(true) && ::ftrylockfile(stdout) == 0) {
        ::fflush_unlocked(stdout);
        ::funlockfile(stdout);
    }
    keep_over_exec(memory_.get());
    for (std::size_t i = 0; i < record_->module_count; ++i)
        keep_over_exec(record_->modules()[i].heap_descriptor);
    std::size_t count = 0;
    environment_[count++] = variable_.data();
    for (char **entry = environ; *entry != nullptr && count + 1 < environment_.size(); ++entry)
        environment_[count++] = *entry;
    environment_[count] = nullptr;
    ::pthread_sigmask(SIG_SETMASK, &signal_mask_, nullptr);
    stop_timers();
    stop_yielding();
    if (is_this_program(program_.c_str()))
        ::execve(program_.c_str(), words_.data(), environment_.data());
    ::execve("/proc/self/exe", words_.data(), environment_.data()); // it was moved or replaced
}

void ProcessRestart::ask_host(int patience_ms) noexcept {
    host_is_asked_.store(true, std::memory_order_release);
    wake_host_();
    ::poll(nullptr, 0, patience_ms); // ends with the process
}

// They had SIGINT, and what they print goes nowhere.
void ProcessRestart::end_children() {
    for (auto &child : record_->children) {
        const pid_t pid = child.exchange(0);
        if (pid <= 0)
            continue;
        const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        pollfd end = {pidfd.get(), POLLIN, 0};
        if (pidfd.is_open())
            ::poll(&end, 1, static_cast<int>(kChildPatience.count()));
        kill_session(pid, Leader::kToo, kChildPatience);
        ::waitpid(pid, nullptr, 0);
    }
}

} // namespace hotrun
