// The module of the fault table. How it is to fail stands in its own file, which each test writes
// anew: one library, compiled once, makes all generations. It keeps a counter and a block with a
// checksum in the permanent heap, and prints at each step whether they are whole.
#include "faults.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include <pthread.h>
#include <unistd.h>

// " name=word name=word "; see FaultLibrary.
char hotrun_test_plan[512] = "the plan of this copy: ";

namespace {

struct State;

struct Sealer {
    virtual unsigned sum(const State &state) const;
};

// The pointers lead into the code, wherever that lies.
struct State {
    long steps;
    unsigned sum;
    unsigned char bytes[6000];
    const Sealer *sealer;
    unsigned (*function)(const State &);
    const char *text;
    long *variable;
};

HOTRUN_RESET long calls_of_step = 0; // of this version
HOTRUN_RESET long calls_of_reload = 0;
long mirrored_steps = 0; // a static variable that goes where the heap goes
HOTRUN_RESET std::atomic<bool> worker_ends{false};
HOTRUN_RESET bool worker_runs = false; // in this version
pthread_t worker;

// The word after " name=", cut off.
void read_word(const char *name, char (&word)[256]) {
    char key[32];
    std::snprintf(key, sizeof key, " %s=", name);
    const char *found = std::strstr(hotrun_test_plan, key);
    word[0] = '\0';
    if (found != nullptr)
        std::sscanf(found + std::strlen(key), "%255s", word);
}

bool plan_has(const char *name, const char *wanted) {
    char word[256];
    read_word(name, word);
    return std::strcmp(word, wanted) == 0;
}

long plan_number(const char *name) {
    char word[256];
    read_word(name, word);
    return std::atol(word);
}

unsigned sum_of(const State &state) {
    unsigned sum = static_cast<unsigned>(state.steps);
    for (const unsigned char byte : state.bytes)
        sum = sum * 31 + byte;
    return sum;
}

unsigned Sealer::sum(const State &state) const {
    return sum_of(state);
}

bool leads_to_live_code(const State &state) {
    return state.sealer->sum(state) == state.function(state) && state.function == sum_of &&
           std::strcmp(state.text, "what the state leads to") == 0 &&
           state.variable == &calls_of_step;
}

const char *text() {
    return "what the state leads to";
}

// AddressSanitizer makes a variable of each literal, with a number for its name, which may be that
// of another one in new code: it is not rebound.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LITERALS_ARE_VARIABLES
#endif
#endif
void set_text(State &state) {
#ifdef LITERALS_ARE_VARIABLES
    state.text = text();
#else
    static_cast<void>(state);
#endif
}

void seal(State &state) {
    for (unsigned i = 0; i < sizeof state.bytes; ++i)
        state.bytes[i] = static_cast<unsigned char>(state.steps * 7 + i);
    state.sum = sum_of(state);
}

// Twice: as before, but for the steps.
void scribble(State &state, long steps) {
    state.steps = steps;
    for (unsigned char &byte : state.bytes)
        byte ^= 0xff;
}

State &state_of(hotrun_context *context) {
    return *static_cast<State *>(context->state);
}

// Says what is the matter on standard output, where the test sees it.
void say(const char *what, hotrun_context *context, long steps) {
    const auto *state = static_cast<const State *>(context->state);
    const bool whole = state != nullptr && sum_of(*state) == state->sum &&
                       leads_to_live_code(*state) && kept_lock_is_free();
    char line[160];
    const int length =
        std::snprintf(line, sizeof line, "<%s value=%ld steps=%ld sum=%s pid=%d>\n", what,
                      plan_number("value"), steps, whole ? "ok" : "BAD", getpid());
    if (write(STDOUT_FILENO, line, static_cast<std::size_t>(length)) != length)
        std::abort();
}

// Fails halfway: what has been written by then has to go.
void come_to(const char *place, hotrun_context *context) {
    if (!plan_has("place", place))
        return;
    char line[64];
    const int length = std::snprintf(line, sizeof line, "<comes to %s>\n", place);
    if (write(STDOUT_FILENO, line, static_cast<std::size_t>(length)) != length)
        std::abort();
    State *state = context == nullptr ? nullptr : static_cast<State *>(context->state);
    const long steps = state == nullptr ? 0 : state->steps;
    const long mirrored = mirrored_steps;
    if (state != nullptr)
        scribble(*state, 1000000);
    mirrored_steps = 1000000;
    char fault[256];
    char flag[256];
    read_word("fault", fault);
    read_word("flag", flag);
    fail_by(fault, context, flag);
    if (state != nullptr) // a fault that ends by itself
        scribble(*state, steps);
    mirrored_steps = mirrored;
}

void *work(void *) {
    while (!worker_ends) {
        void *volatile block = std::malloc(100);
        std::free(block);
    }
    return nullptr;
}

void start_worker() {
    if (plan_number("threads") < 2)
        return;
    worker_ends = false;
    worker_runs = pthread_create(&worker, nullptr, work, nullptr) == 0;
}

// One that is left in the old code, against the contract.
void end_worker() {
    if (plan_number("threads") > 2)
        return;
    worker_ends = true;
    if (worker_runs)
        pthread_join(worker, nullptr);
    worker_runs = false;
}

struct Static {
    Static() { come_to("constructor", nullptr); }
    ~Static() { come_to("destructor", nullptr); }
} with_constructor;

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    context->state = HOTRUN_NEW(context, State);
    state_of(context).sealer = new (context->allocate(context, sizeof(Sealer), 0)) Sealer;
    state_of(context).function = sum_of;
    state_of(context).text = text();
    state_of(context).variable = &calls_of_step;
    seal(state_of(context));
    say("init", context, 0);
    come_to("init", context);
    start_worker();
}

extern "C" void hotrun_step(hotrun_context *context) {
    State &state = state_of(context);
    if (sum_of(state) != state.sum || (mirrored_steps != 0 && mirrored_steps != state.steps))
        say("BROKEN", context, state.steps);
    if (++calls_of_step == plan_number("at"))
        come_to("step", context);
    mirrored_steps = ++state.steps;
    seal(state);
    say("step", context, state.steps);
}

extern "C" void hotrun_reload(hotrun_context *context) {
    set_text(state_of(context));
    say("reload", context, state_of(context).steps);
    come_to(++calls_of_reload == 2 ? "second_reload" : "reload", context);
    start_worker();
}

extern "C" void hotrun_unload(hotrun_context *context) {
    end_worker();
    say("unload", context, state_of(context).steps);
    come_to("unload", context);
}

extern "C" void hotrun_shutdown(hotrun_context *context) {
    end_worker();
    say("shutdown", context, state_of(context).steps);
    come_to("shutdown", context);
}
