/* A root struct in C; from VERSION 1 to 2 members are added, moved, renamed and changed. */
#include "hotrun/module.h"
#include "versions.h"

#include <stdio.h>
#include <string.h>

typedef enum { IF_OLD(RED, GREEN, BLUE) IF_NEW(BLACK, BLUE, LIME, RED) } Color;

struct Point {
    IF_NEW(int z;)
    IF_OLD(short) IF_NEW(double) x;
    int y;
};

struct State {
    IF_NEW(long added;)
    IF_OLD(int lives;)
    unsigned flag : 3;
    Color colors[3];
    struct Point at;
    struct Point path[IF_OLD(4) IF_NEW(6)];
    char name[16];
    struct State *self;
    int *score_of_self;
    int score;
    IF_NEW(double hearts;)
    IF_OLD(float gone;)
    union {
        int number;
        float real;
    } any;
};

#if VERSION == 2
HOTRUN_RENAMED_MEMBER(struct State, lives, hearts);
HOTRUN_RENAMED_ENUMERATOR(Color, GREEN, LIME);

static void migrate_point(hotrun_context *context, const hotrun_object *old_point,
                          struct Point *now) {
    const int *y = HOTRUN_MEMBER(old_point, int, "y");
    if (y != NULL && context->state != NULL)
        now->z = -*y;
}
HOTRUN_MIGRATE(struct Point, migrate_point);
#endif

void hotrun_init(hotrun_context *context) {
    struct State *state = HOTRUN_NEW(context, struct State);
    context->state = state;
#if VERSION == 1
    state->lives = 3;
    state->flag = 5;
    state->colors[0] = RED;
    state->colors[1] = GREEN;
    state->colors[2] = BLUE;
    state->at.x = 7;
    state->at.y = 8;
    state->path[3].x = 9;
    strcpy(state->name, "a name");
    state->self = state;
    state->score_of_self = &state->score;
    state->score = 10;
    state->any.real = 0.5F;
#endif
}

#if VERSION == 2
static int holds(const struct State *state) {
    return state->added == 0 && state->hearts == 3.0 && state->flag == 5 &&
           state->colors[0] == RED && state->colors[1] == LIME && state->colors[2] == BLUE &&
           state->at.x == 7.0 && state->at.y == 8 && state->at.z == -8 && state->path[3].x == 9.0 &&
           state->path[5].x == 0.0 && strcmp(state->name, "a name") == 0 && state->self == state &&
           state->score_of_self == &state->score && state->score == 10 && state->any.real == 0.5F;
}

void hotrun_reload(hotrun_context *context) {
    if (holds((const struct State *)context->state))
        printf("<the state in C holds>\n");
    fflush(stdout);
}
#endif

void hotrun_step(hotrun_context *context) {
    (void)context;
}
