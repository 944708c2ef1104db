// The example module. Run `hotrun hotmaths`, change `a + b` below, save, and watch the output.
#include "hotmaths.h"

#include "hotrun/module.h"

#include <cstdio>

extern "C" int hotmaths_operate(int a, int b) { return a + b; }

namespace {

// Lives in the permanent heap: it goes on counting when this code is exchanged, and with
// --heap-file also in the next run.
struct State {
    unsigned long calls;
};

State *state_of(hotrun_context *context) { return static_cast<State *>(context->state); }

void log_calls(hotrun_context *context, const char *what) {
    char text[80];
    const State *state = state_of(context);
    std::snprintf(text, sizeof text, "%s generation %llu after %lu calls", what,
                  static_cast<unsigned long long>(context->generation),
                  state == nullptr ? 0 : state->calls);
    context->log(context, HOTRUN_LOG_DEBUG, text);
}

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    if (context->state == nullptr) // else --heap-file has kept it
        context->state = HOTRUN_NEW(context, State);
    log_calls(context, "init of");
}

extern "C" void hotrun_step(hotrun_context *context) {
    std::printf("operate(6, 7) = %d\n", hotmaths_operate(6, 7));
    if (State *state = state_of(context))
        ++state->calls;
}

extern "C" void hotrun_unload(hotrun_context *context) { log_calls(context, "unload of"); }

extern "C" void hotrun_reload(hotrun_context *context) { log_calls(context, "reload to"); }

extern "C" void hotrun_shutdown(hotrun_context *context) { log_calls(context, "shutdown of"); }
