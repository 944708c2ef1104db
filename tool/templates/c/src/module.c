/* The code that changes while it runs: edit it, save, and look at the output. */
#include <hotrun/module.h>

#include <stdbool.h>
#include <stdio.h>

enum { WIDTH = 40 };
static const char ball = 'o';

/* Stays when the code is exchanged. Add a member, and it is zero at first. */
struct state {
    int position;
    int direction;
    int bounces;
};

static void move_ball(struct state *state) {
    state->position += state->direction;
    if (state->position > 0 && state->position < WIDTH - 1)
        return;
    const bool at_left = state->position <= 0;
    state->position = at_left ? 0 : WIDTH - 1;
    state->direction = at_left ? 1 : -1;
    ++state->bounces;
}

static void draw(const struct state *state) {
    const int behind = WIDTH - 1 - state->position;
    printf("|%*s%c%*s| bounces: %d\n", state->position, "", ball, behind, "", state->bounces);
}

void hotrun_init(hotrun_context *context) {
    if (context->state != NULL) /* kept by --heap-file */
        return;
    struct state *state = HOTRUN_NEW(context, struct state);
    if (state != NULL)
        state->direction = 1;
    context->state = state;
}

void hotrun_step(hotrun_context *context) {
    struct state *state = context->state;
    if (state == NULL)
        return;
    move_ball(state);
    draw(state);
}
