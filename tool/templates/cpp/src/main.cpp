// The program without hotrun: the module is linked in, and its state is in memory from malloc.
#include <hotrun/module.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

// Called if the module has them.
#pragma weak hotrun_init
#pragma weak hotrun_shutdown

namespace {

constexpr std::chrono::milliseconds kInterval{250};
constexpr int kRunning = -1;

std::atomic<int> exit_status{kRunning};

void *allocate(hotrun_context *, std::size_t bytes, std::size_t alignment) {
    alignment = std::max(alignment, alignof(std::max_align_t));
    return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void *allocate_typed(hotrun_context *context, std::size_t count, const hotrun_type *type) {
    const std::size_t bytes = count * type->size_bytes;
    void *memory = allocate(context, bytes, type->alignment);
    return memory == nullptr ? nullptr : std::memset(memory, 0, bytes);
}

void release(hotrun_context *, void *memory) {
    std::free(memory);
}

// For a step that begins now; there is nobody here to send events.
void begin_step(hotrun_input &input) {
    const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
    const auto time_ns = static_cast<std::uint64_t>(now.count());
    input.delta_ns = input.time_ns == 0 ? 0 : time_ns - input.time_ns;
    input.time_ns = time_ns;
}

void write_log(hotrun_context *, int, const char *text) {
    std::fprintf(stderr, "%s\n", text);
}

void stop(hotrun_context *, int status) {
    int running = kRunning;
    exit_status.compare_exchange_strong(running, status);
}

hotrun_context make_context() {
    hotrun_context context = {};
    context.abi_version = HOTRUN_ABI_VERSION;
    context.context_bytes = sizeof context;
    context.generation = 1;
    context.allocate = allocate;
    context.allocate_typed = allocate_typed;
    context.release = release;
    context.log = write_log;
    context.stop = stop;
    return context;
}

} // namespace

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); // each line at once, in a pipe too
    hotrun_context context = make_context();
    hotrun_input input = {};
    context.input = &input;
    hotrun_bind(&context);
    if (hotrun_init != nullptr)
        hotrun_init(&context);
    while (exit_status == kRunning) {
        begin_step(input);
        hotrun_step(&context);
        ++context.step;
        std::this_thread::sleep_for(kInterval);
    }
    if (hotrun_shutdown != nullptr)
        hotrun_shutdown(&context);
    return exit_status;
}
