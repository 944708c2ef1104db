/* The program without hotrun: the module is linked in, and its state is in memory from malloc. */
#define _POSIX_C_SOURCE 200809L
#include <hotrun/module.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Called if the module has them. */
#pragma weak hotrun_init
#pragma weak hotrun_shutdown

static const struct timespec interval = {.tv_nsec = 250 * 1000 * 1000};
enum { RUNNING = -1 };

static atomic_int exit_status = RUNNING;

static void *allocate(hotrun_context *context, size_t bytes, size_t alignment) {
    (void)context;
    if (alignment < _Alignof(max_align_t))
        alignment = _Alignof(max_align_t);
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void *allocate_typed(hotrun_context *context, size_t count, const hotrun_type *type) {
    const size_t bytes = count * type->size_bytes;
    void *memory = allocate(context, bytes, type->alignment);
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

static void release(hotrun_context *context, void *memory) {
    (void)context;
    free(memory);
}

/* For a step that begins now; there is nobody here to send events. */
static void begin_step(hotrun_input *input) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t time_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    input->delta_ns = input->time_ns == 0 ? 0 : time_ns - input->time_ns;
    input->time_ns = time_ns;
}

static void write_log(hotrun_context *context, int level, const char *text) {
    (void)context;
    (void)level;
    fprintf(stderr, "%s\n", text);
}

static void stop(hotrun_context *context, int status) {
    (void)context;
    int running = RUNNING;
    atomic_compare_exchange_strong(&exit_status, &running, status);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* each line at once, in a pipe too */
    hotrun_input input = {0};
    hotrun_context context = {
        .abi_version = HOTRUN_ABI_VERSION,
        .context_bytes = sizeof context,
        .generation = 1,
        .allocate = allocate,
        .allocate_typed = allocate_typed,
        .release = release,
        .log = write_log,
        .stop = stop,
        .input = &input,
    };
    if (hotrun_init != NULL)
        hotrun_init(&context);
    while (exit_status == RUNNING) {
        begin_step(&input);
        hotrun_step(&context);
        ++context.step;
        nanosleep(&interval, NULL);
    }
    if (hotrun_shutdown != NULL)
        hotrun_shutdown(&context);
    return exit_status;
}
