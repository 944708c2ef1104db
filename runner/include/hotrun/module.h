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

/* A member of an object, by name. Of one in a struct in the object the name has both: "part.power";
 * inherited ones, and those in nameless structs, stand for themselves. */
typedef struct hotrun_member {
    const char *name;
    const char *type;
    size_t offset_bytes;
    size_t size_bytes; /* 0: a bit-field, in the unit that lies there */
    uint32_t bit_offset;
    uint32_t bit_count;
} hotrun_member;

/* An object that is carried over, in its old or its new layout: see HOTRUN_MIGRATE. */
typedef struct hotrun_object {
    const char *type;
    void *bytes;
    size_t size_bytes;
    const hotrun_member *members;
    size_t member_count;
} hotrun_object;

enum hotrun_log_level {
    HOTRUN_LOG_ERROR = 0,
    HOTRUN_LOG_WARNING = 1,
    HOTRUN_LOG_INFO = 2,
    HOTRUN_LOG_DEBUG = 3
};

/* What comes from outside, for a step. A module that reads the time, keys and the like from here,
 * and not from the system, can be recorded (--record) and replayed: see docs/record.md. */
enum hotrun_input_kind {
    HOTRUN_INPUT_TEXT = 1, /* of the standard input of the hotrun command; no bytes: its end */
    HOTRUN_INPUT_OWN = 256 /* from here on: what the host and the module have agreed upon */
};

typedef struct hotrun_input_event {
    uint32_t kind;
    const void *bytes; /* at an address of any alignment */
    size_t size_bytes;
} hotrun_input_event;

typedef struct hotrun_input {
    uint64_t time_ns;  /* when the step began, by a clock that never goes back; 0: none has begun */
    uint64_t delta_ns; /* since the step before began; 0 in the first one */
    const hotrun_input_event *events; /* in their order; valid until hotrun_step returns */
    size_t event_count;
} hotrun_input;

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
     * NULL: the heap is full, which the host tells the user once. The bytes of allocate are not
     * initialised; those of allocate_typed are zero. `release` takes NULL. Any thread. */
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

    /* Of HOTRUN_MIGRATE: the object that is carried over. */
    const hotrun_object *old_object;
    const hotrun_object *new_object;

    /* Of this step. In other callbacks: the times of the last one, and no events. */
    const hotrun_input *input;
} hotrun_context;

/* hotrun_init may find `state` set: --heap-file keeps the heap across runs, and at the end of the
 * run what hotrun_shutdown leaves in it. */
HOTRUN_EXPORT void hotrun_init(hotrun_context *);     /* first load in this run, not on a reload */
HOTRUN_EXPORT void hotrun_step(hotrun_context *);     /* once an iteration of the main loop */
HOTRUN_EXPORT void hotrun_shutdown(hotrun_context *); /* the end of the run, not on a reload */
HOTRUN_EXPORT void hotrun_reload(hotrun_context *);   /* new code, right after a switch */
HOTRUN_EXPORT void hotrun_unload(hotrun_context *);   /* old code, right before a switch */

/* New code, before hotrun_reload, for each object of the types that HOTRUN_MIGRATE_BY_NAME names
 * and that have changed. */
HOTRUN_EXPORT void hotrun_migrate(hotrun_context *, const hotrun_object *old_object,
                                  const hotrun_object *new_object);

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
        } hotrun_type_ __attribute__((used)) = {{#T, sizeof(T), __alignof__(T)}, NULL};            \
        &hotrun_type_.type;                                                                        \
    }))
/* A static variable that is not to keep its value over a reload: static HOTRUN_RESET int frames; */
#define HOTRUN_RESET                                                                               \
    __attribute__((section("hotrun_reset." HOTRUN_TEXT_OF_(__COUNTER__)), used))
#define HOTRUN_TEXT_OF_(number) HOTRUN_TEXT_(number)
#define HOTRUN_TEXT_(number) #number

#define HOTRUN_NEW(ctx, T) ((T *)(ctx)->allocate_typed((ctx), 1, HOTRUN_TYPE(T)))

/* What had another name in the old code, one line each, outside of functions:
 *
 *   HOTRUN_RENAMED_MEMBER(State, lives, hearts);       the member, old name first
 *   HOTRUN_RENAMED_ENUMERATOR(Color, kRed, kCrimson);
 *   HOTRUN_RENAMED_TYPE("game::Enemy", game::Foe);     the old name with its namespaces
 *
 * A new name that is not there is an error of the compiler's. A line may stay: it says nothing
 * about old code that has the new name already, or has not the old one. */
#define HOTRUN_RENAMED_MEMBER(T, old_name, new_name)                                               \
    HOTRUN_RENAMED_MEMBER_(T, old_name, new_name, __COUNTER__)
#define HOTRUN_RENAMED_ENUMERATOR(T, old_name, new_name)                                           \
    HOTRUN_RENAMED_ENUMERATOR_(T, old_name, new_name, __COUNTER__)
#define HOTRUN_RENAMED_TYPE(old_name, ...) HOTRUN_RENAMED_TYPE_(old_name, __COUNTER__, __VA_ARGS__)

/* What no rule can carry over: where the layout of T has changed, the new code carries the rest of
 * each object over by a function of its own, one line outside of functions:
 *
 *   static void migrate_state(hotrun_context *ctx, const hotrun_object *old_state, State *now) {
 *       const int *lives = HOTRUN_MEMBER(old_state, int, "lives");
 *       if (lives != NULL)
 *           now->strength = 10 * *lives;
 *   }
 *   HOTRUN_MIGRATE(State, migrate_state);
 *
 * It is called when all objects have been carried over as far as that is possible; pointers, those
 * in the old object too, lead to where things are now. For members of T that can't be carried over
 * nothing is refused. If the function fails, the old code goes on with its state.
 * HOTRUN_MIGRATE_BY_NAME(T): by hotrun_migrate of the module. */
#define HOTRUN_MIGRATE(T, function)                                                                \
    HOTRUN_MIGRATE_(T, function(context, context->old_object, (T *)context->new_object->bytes),    \
                    __COUNTER__)
#define HOTRUN_MIGRATE_BY_NAME(T)                                                                  \
    HOTRUN_MIGRATE_(T, hotrun_migrate(context, context->old_object, context->new_object),          \
                    __COUNTER__)

/* Where the member of that name is; NULL: there is none of that size. */
#define HOTRUN_MEMBER(object, T, name) ((T *)hotrun_member_at((object), (name), sizeof(T)))

static inline void *hotrun_member_at(const hotrun_object *object, const char *name,
                                     size_t size_bytes) {
    size_t i;
    for (i = 0; i < object->member_count; ++i) {
        const hotrun_member *member = &object->members[i];
        if (member->size_bytes == size_bytes && __builtin_strcmp(member->name, name) == 0)
            return (char *)object->bytes + member->offset_bytes;
    }
    return NULL;
}

#define HOTRUN_MIGRATE_(T, call, number) HOTRUN_MIGRATE_AS_IS_(T, call, number)
#define HOTRUN_MIGRATE_AS_IS_(T, statement, number)                                                \
    static void hotrun_call_##number(hotrun_context *context) {                                    \
        statement;                                                                                 \
    }                                                                                              \
    static const struct {                                                                          \
        T *hotrun_type_;                                                                           \
        void (*call)(hotrun_context *);                                                            \
    } hotrun_migrated_##number __attribute__((used)) = {NULL, hotrun_call_##number}

/* Objects that nobody reads at run time: they are found by the debug information, and by it the
 * type; the two names are read from the file. */
#define HOTRUN_RENAMED_(number, old_name, new_name, ...)                                           \
    static const struct {                                                                          \
        __VA_ARGS__ *hotrun_type_;                                                                 \
        char from[sizeof(old_name)];                                                               \
        char to[sizeof(new_name)];                                                                 \
    } HOTRUN_JOIN_(hotrun_renamed_, number) __attribute__((used)) = {NULL, old_name, new_name}
#define HOTRUN_RENAMED_TYPE_(old_name, number, ...)                                                \
    HOTRUN_RENAMED_(number, old_name, "", __VA_ARGS__)
#define HOTRUN_JOIN_(a, b) HOTRUN_JOIN_AS_IS_(a, b)
#define HOTRUN_JOIN_AS_IS_(a, b) a##b
#ifdef __cplusplus
/* No access is checked in an explicit instantiation, so that private members have names too. */
#define HOTRUN_RENAMED_MEMBER_(T, old_name, new_name, number)                                      \
    template <typename>                                                                            \
    struct HOTRUN_JOIN_(hotrun_has_, number) {};                                                   \
    template struct HOTRUN_JOIN_(hotrun_has_, number)<decltype(T::new_name)>;                      \
    HOTRUN_RENAMED_(number, #old_name, #new_name, T)
#define HOTRUN_RENAMED_ENUMERATOR_(T, old_name, new_name, number)                                  \
    static_assert(sizeof(T::new_name) != 0, "");                                                   \
    HOTRUN_RENAMED_(number, #old_name, #new_name, T)
#else
#define HOTRUN_RENAMED_MEMBER_(T, old_name, new_name, number)                                      \
    _Static_assert(sizeof((void)((T *)0)->new_name, 0) != 0, "");                                  \
    HOTRUN_RENAMED_(number, #old_name, #new_name, T)
#define HOTRUN_RENAMED_ENUMERATOR_(T, old_name, new_name, number)                                  \
    _Static_assert(sizeof(new_name) != 0, "");                                                     \
    HOTRUN_RENAMED_(number, #old_name, #new_name, T)
#endif

#endif
