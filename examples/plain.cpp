// Any of the modules as a program without hotrun: PROGRAM [STEPS [MILLISECONDS]]
#include <hotrun/module.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

// Called if the module has it.
#pragma weak hotrun_shutdown

namespace {

constexpr int kRunning = -1;

int exit_status = kRunning;

void *allocate(hotrun_context *, std::size_t bytes, std::size_t) {
    return std::malloc(bytes);
}

void *allocate_typed(hotrun_context *, std::size_t count, const hotrun_type *type) {
    return std::calloc(count, type->size_bytes);
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
    exit_status = status;
}

} // namespace

int main(int argc, char **argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); // each line at once, in a pipe too
    const unsigned long long steps = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
    const std::chrono::milliseconds interval(argc > 2 ? std::atoi(argv[2]) : 250);

    hotrun_context context = {};
    context.abi_version = HOTRUN_ABI_VERSION;
    context.context_bytes = sizeof context;
    context.generation = 1;
    context.allocate = allocate;
    context.allocate_typed = allocate_typed;
    context.release = release;
    context.log = write_log;
    context.stop = stop;

    hotrun_input input = {};
    context.input = &input;
    hotrun_bind(&context);
    hotrun_init(&context);
    while (exit_status == kRunning && (steps == 0 || context.step < steps)) {
        begin_step(input);
        hotrun_step(&context);
        ++context.step;
        std::this_thread::sleep_for(interval);
    }
    if (hotrun_shutdown != nullptr)
        hotrun_shutdown(&context);
    return exit_status == kRunning ? 0 : exit_status;
}
