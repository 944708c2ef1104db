/* The contract between a host and a hot module. C11 and C++; a module needs this header and no
 * library.
 *
 * A module is a shared library that exports the callbacks below. The host calls all of them on one
 * thread, the one that runs the loop. Between two generations the module's code is exchanged; what
 * it wants to keep lives in the permanent heap, reached from `state`.
 *
 *   first load      hotrun_init
 *   each iteration  hotrun_step
 *   a new build     hotrun_unload (old code), then hotrun_reload (new code), then hotrun_step
 *   the end         hotrun_shutdown
 *
 * Only hotrun_step is needed, and only by a host that steps the module (the hotrun command does).
 * A module ends or parks threads of its own in hotrun_unload and hotrun_shutdown. */
#ifndef HOTRUN_MODULE_H
#define HOTRUN_MODULE_H

#include <stddef.h>
#include <stdint.h>

/* Raised when a host of the old version could not run a module of the new one. A module that was
 * compiled with a newer version than the host's is rejected. */
#define HOTRUN_ABI_VERSION 1u

#define HOTRUN_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* Describes what a block of the permanent heap holds; HOTRUN_TYPE makes it. */
typedef struct hotrun_type {
    const char *name;
    size_t size_bytes;
    size_t alignment;
} hotrun_type;

enum hotrun_log_level {
    HOTRUN_LOG_ERROR = 0,
    HOTRUN_LOG_WARNING = 1,
    HOTRUN_LOG_INFO = 2,
    HOTRUN_LOG_DEBUG = 3
};

/* Owned by the host, one for each module, at the same address for the whole run. A module reads
 * it; the only field that it sets is `state`. */
typedef struct hotrun_context {
    uint32_t abi_version;   /* HOTRUN_ABI_VERSION of the host */
    uint32_t context_bytes; /* size of this struct in the host: fields are only added at the end */
    uint64_t generation;    /* 1 for the first load; a rejected candidate consumes no number */
    uint64_t step;          /* steps finished in this run */
    void *heap;             /* the permanent heap: at one address in all runs */
    size_t heap_bytes;
    void *state; /* the module's root: NULL until the module sets it; kept across generations */

    /* Memory in the permanent heap. `alignment` is a power of two; 0 means that of max_align_t.
     * NULL: the heap is full. The bytes of allocate are not initialised; those of allocate_typed
     * are zero. `release` takes NULL. Any thread. */
    void *(*allocate)(struct hotrun_context *, size_t bytes, size_t alignment);
    void *(*allocate_typed)(struct hotrun_context *, size_t count, const hotrun_type *);
    void (*release)(struct hotrun_context *, void *);

    /* One line of text for the user, without a line break at its end. Any thread. */
    void (*log)(struct hotrun_context *, int level, const char *text);

    /* Ends the run after this step, with that exit status. Any thread; the first call counts. */
    void (*stop)(struct hotrun_context *, int exit_status);

    /* Of hotrun/module.hpp: the memory in which so many objects are to be constructed. */
    void *subject;
    size_t subject_count;
} hotrun_context;

/* hotrun_init may find `state` set: --heap-file keeps the heap across runs, and at the end of the
 * run what hotrun_shutdown leaves in it. */
HOTRUN_EXPORT void hotrun_init(hotrun_context *);     /* first load in this run, not on a reload */
HOTRUN_EXPORT void hotrun_step(hotrun_context *);     /* once an iteration of the main loop */
HOTRUN_EXPORT void hotrun_shutdown(hotrun_context *); /* the end of the run, not on a reload */
HOTRUN_EXPORT void hotrun_reload(hotrun_context *);   /* new code, right after a switch */
HOTRUN_EXPORT void hotrun_unload(hotrun_context *);   /* old code, right before a switch */

/* The version this module was compiled with. Weak, so that every file may include this header. */
HOTRUN_EXPORT __attribute__((weak)) extern const uint32_t hotrun_module_abi_version;
const uint32_t hotrun_module_abi_version = HOTRUN_ABI_VERSION;

#ifdef __cplusplus
}
#endif

/* HOTRUN_TYPE(T): the descriptor of T, one static object for each place that names it.
 * HOTRUN_NEW(ctx, T): a zeroed T in the permanent heap, or NULL. */
#define HOTRUN_TYPE(T)                                                                             \
    (__extension__({                                                                               \
        static const struct {                                                                      \
            hotrun_type type;                                                                      \
            __typeof__(T) *of; /* for the debug information: the layout of T is found by it */     \
        } hotrun_type_ = {{#T, sizeof(T), __alignof__(T)}, NULL};                                  \
        &hotrun_type_.type;                                                                        \
    }))
#define HOTRUN_NEW(ctx, T) ((T *)(ctx)->allocate_typed((ctx), 1, HOTRUN_TYPE(T)))

#endif
