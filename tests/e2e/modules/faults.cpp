#include "faults.hpp"

#include <cassert>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" int hotrun_test_leaf(int value) {
    return value + 1;
}

namespace {

// What they do is not to be found by a sanitizer before the processor finds it.
#define FAULT __attribute__((noinline, no_sanitize("undefined"))) void

volatile int zero = 0;
volatile int sink = 0;
char *volatile wild = reinterpret_cast<char *>(0x1234);

FAULT null_write(hotrun_context *, const char *) {
    int *volatile nowhere = nullptr;
    *nowhere = 1;
}

// A mapped file that is cut short under the feet of its reader.
FAULT bus_error(hotrun_context *, const char *) {
    const int file = memfd_create("short", MFD_CLOEXEC);
    sink = ftruncate(file, 4096);
    auto *bytes = static_cast<volatile char *>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    sink = ftruncate(file, 0);
    close(file);
    sink = bytes[16];
}

FAULT divide(hotrun_context *, const char *) {
    sink = 7 / zero;
}

FAULT trap(hotrun_context *, const char *) {
    __builtin_trap();
}

FAULT call_abort(hotrun_context *, const char *) {
    std::abort();
}

FAULT fail_assertion(hotrun_context *, const char *) {
    assert(zero == 1 && "what was asserted");
}

__attribute__((noinline)) int recurse(int depth) {
    if (depth < 0)
        return 0;
    volatile char frame[512];
    frame[0] = static_cast<char>(depth);
    return recurse(depth + 1) + frame[0];
}

FAULT overflow(hotrun_context *, const char *) {
    sink = recurse(zero);
}

FAULT throw_exception(hotrun_context *, const char *) {
    throw std::runtime_error("what was thrown");
}

FAULT throw_int(hotrun_context *, const char *) {
    throw 42;
}

FAULT throw_from_library(hotrun_context *, const char *) {
    const std::vector<int> empty;
    sink = empty.at(static_cast<std::size_t>(zero));
}

FAULT throw_in_noexcept(hotrun_context *context, const char *flag) {
    [&]() noexcept { throw_exception(context, flag); }();
}

FAULT crash_in_catch(hotrun_context *context, const char *flag) {
    try {
        throw_exception(context, flag);
    } catch (const std::runtime_error &) {
        null_write(context, flag);
    }
}

FAULT call_null(hotrun_context *, const char *) {
    void (*volatile function)() = nullptr;
    function();
}

FAULT jump_to_data(hotrun_context *, const char *) {
    static unsigned char data[64] = {0x90, 0xc3};
    void (*volatile function)() = reinterpret_cast<void (*)()>(data);
    function();
}

int crash_in_compare(const void *, const void *) {
    null_write(nullptr, nullptr);
    return 0;
}

FAULT crash_in_qsort(hotrun_context *, const char *) {
    int numbers[8] = {8, 7, 6, 5, 4, 3, 2, 1};
    std::qsort(numbers, 8, sizeof(int), crash_in_compare);
}

FAULT copy_from_wild(hotrun_context *, const char *) {
    char to[4096];
    std::memcpy(to, wild, sizeof to);
    sink = to[0];
}

FAULT length_of_wild(hotrun_context *, const char *) {
    sink = static_cast<int>(std::strlen(wild));
}

FAULT free_twice(hotrun_context *, const char *) {
    void *volatile block = std::malloc(24);
    void *const same = block;
    std::free(block);
    std::free(same);
}

FAULT crash_with_stdio_locked(hotrun_context *, const char *) {
    std::printf("%s\n", wild);
}

// In the host's code, which holds its own locks then.
FAULT crash_in_log(hotrun_context *context, const char *) {
    context->log(context, HOTRUN_LOG_WARNING, wild);
}

FAULT crash_in_allocate(hotrun_context *context, const char *) {
    auto *words = static_cast<unsigned long *>(context->heap);
    for (int i = 0; i < 512; ++i)
        words[i] = 0x5a5a5a5a5a5a5a50; // aligned, and no address at all
    for (std::size_t size = 16; size < 65536; size *= 2)
        std::memset(context->allocate(context, size, 0), 1, size);
}

FAULT raise_segv(hotrun_context *, const char *) {
    raise(SIGSEGV);
}

FAULT loop(hotrun_context *, const char *) {
    for (;;)
        sink = sink + 1;
}

FAULT loop_in_malloc(hotrun_context *, const char *) {
    for (;;) {
        void *volatile block = std::malloc(64);
        std::free(block);
    }
}

// Ends once the flag is there.
FAULT sleep_until_flag(hotrun_context *, const char *flag) {
    const timespec pause = {0, 2000000};
    while (access(flag, F_OK) != 0)
        nanosleep(&pause, nullptr);
}

FAULT end_process(hotrun_context *, const char *) {
    _exit(3);
}

pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

FAULT crash_with_lock(hotrun_context *context, const char *flag) {
    pthread_mutex_lock(&kept_lock);
    null_write(context, flag);
}

// Not with a line break, and so not yet where the test sees it.
FAULT print_and_free_twice(hotrun_context *context, const char *flag) {
    std::printf("half a line");
    free_twice(context, flag);
}

// No fault at all, but where a static constructor runs.
FAULT tell_thread(hotrun_context *, const char *) {
    std::printf("<on the %s thread>\n", gettid() == getpid() ? "main" : "runner's");
}

// By way of the symbol, as code of other files calls it.
FAULT time_calls(hotrun_context *, const char *) {
    constexpr int kCalls = 1000000;
    timespec before{};
    timespec after{};
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < kCalls; ++i)
        sink = hotrun_test_leaf(i);
    clock_gettime(CLOCK_MONOTONIC, &after);
    std::printf("<calls took %ld us>\n",
                (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000);
}

struct Fault {
    const char *name;
    void (*run)(hotrun_context *, const char *);
};

const Fault faults[] = {
    {"null_write", null_write},
    {"bus_error", bus_error},
    {"divide", divide},
    {"trap", trap},
    {"abort", call_abort},
    {"assert", fail_assertion},
    {"overflow", overflow},
    {"throw_exception", throw_exception},
    {"throw_int", throw_int},
    {"throw_from_library", throw_from_library},
    {"throw_in_noexcept", throw_in_noexcept},
    {"crash_in_catch", crash_in_catch},
    {"call_null", call_null},
    {"jump_to_data", jump_to_data},
    {"crash_in_qsort", crash_in_qsort},
    {"copy_from_wild", copy_from_wild},
    {"length_of_wild", length_of_wild},
    {"free_twice", free_twice},
    {"stdio_locked", crash_with_stdio_locked},
    {"crash_in_log", crash_in_log},
    {"crash_in_allocate", crash_in_allocate},
    {"raise_segv", raise_segv},
    {"loop", loop},
    {"loop_in_malloc", loop_in_malloc},
    {"sleep", sleep_until_flag},
    {"end_process", end_process},
    {"crash_with_lock", crash_with_lock},
    {"print_and_free_twice", print_and_free_twice},
    {"tell_thread", tell_thread},
    {"time_calls", time_calls},
};

} // namespace

void fail_by(const char *name, hotrun_context *context, const char *flag) {
    for (const Fault &fault : faults) {
        if (std::strcmp(fault.name, name) == 0)
            fault.run(context, flag);
    }
}

bool kept_lock_is_free() {
    return pthread_mutex_trylock(&kept_lock) == 0 && pthread_mutex_unlock(&kept_lock) == 0;
}
