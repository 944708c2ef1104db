// A module of structs in two layouts, VERSION 1 and 2. The first code makes an object of each and
// fills it; the code that follows, in either layout, says of which objects the values are not what
// they were.
#pragma once

#include "hotrun/module.h"
#include "versions.h"

#include <cstddef>
#include <cstdio>
#include <new>

#define NEW(T) (HOTRUN_NEW(context, T))
#define NEW_MANY(T, count) ((T *)context->allocate_typed(context, (count), HOTRUN_TYPE(T)))

namespace {

struct Case {
    const char *name;
    void *(*make)(hotrun_context *);
    bool (*holds)(const void *);
};

// In a namespace of its own with a State: how one is filled, and whether it is as it was.
#define FILL                                                                                       \
    void fill(State &s);                                                                           \
    void *make(hotrun_context *context) {                                                          \
        State *state = new (NEW(State)) State();                                                   \
        fill(*state);                                                                              \
        return state;                                                                              \
    }                                                                                              \
    void fill(State &s)
#define MAKE void *make(hotrun_context *context)
#define HOLDS                                                                                      \
    bool check(const State &s);                                                                    \
    bool holds(const void *state) {                                                                \
        return check(*static_cast<const State *>(state));                                          \
    }                                                                                              \
    bool check(const State &s)

// One member of a type that becomes another.
#define NUMBER(name, Old, New, value)                                                              \
    namespace name {                                                                               \
    struct State {                                                                                 \
        IF_OLD(Old) IF_NEW(New) n;                                                                 \
        int guard;                                                                                 \
    };                                                                                             \
    FILL {                                                                                         \
        s.n = value;                                                                               \
        s.guard = 9;                                                                               \
    }                                                                                              \
    HOLDS {                                                                                        \
        return s.n == value && s.guard == 9;                                                       \
    }                                                                                              \
    }

#define CASE(name)                                                                                 \
    { #name, name::make, name::holds }

template <std::size_t Count>
struct Root {
    void *states[Count];
};

template <std::size_t Count>
void make_all(hotrun_context *context, const Case (&cases)[Count]) {
    auto *root = NEW(Root<Count>);
    context->state = root;
    for (std::size_t i = 0; i < Count; ++i)
        root->states[i] = cases[i].make(context);
}

template <std::size_t Count>
void check_all(hotrun_context *context, const Case (&cases)[Count]) {
    const auto *root = static_cast<const Root<Count> *>(context->state);
    std::size_t count = 0;
    for (std::size_t i = 0; i < Count; ++i) {
        if (cases[i].holds(root->states[i]))
            ++count;
        else
            std::printf("<lost %s>\n", cases[i].name);
    }
    std::printf("<version %d: %zu of %zu hold>\n", VERSION, count, Count);
    std::fflush(stdout);
}

} // namespace

#define LAYOUT_MODULE(cases)                                                                       \
    extern "C" void hotrun_init(hotrun_context *context) {                                         \
        make_all(context, cases);                                                                  \
    }                                                                                              \
    extern "C" void hotrun_reload(hotrun_context *context) {                                       \
        check_all(context, cases);                                                                 \
    }                                                                                              \
    extern "C" void hotrun_step(hotrun_context *) {}
