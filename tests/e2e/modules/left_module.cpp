// What no rule can carry over, and a module does by itself; from VERSION 1 to 2, in which FAILS has
// its function write to nowhere.
#include "hotrun/module.hpp"

#include <cstdio>
#include <vector>

namespace game {

#if VERSION == 1
struct Shape {
    enum Kind { kCircle, kSquare } kind = kCircle;
    union {
        int radius;
        float side;
    };
};
#else
struct Shape {
    double width = 0;
    union Size {
        double as_number;
        long as_bits;
    } size = {};
};
#endif

struct State {
    std::vector<Shape, hotrun::allocator<Shape>> shapes;
    Shape first;
    int count = 0;
};

#if VERSION == 1
void fill(State &state) {
    state.shapes.resize(2);
    state.shapes[0].radius = 4;
    state.shapes[1].kind = Shape::kSquare;
    state.shapes[1].side = 2.5F;
    state.first = state.shapes[1];
    state.count = 2;
}
#else
void fill(State &state) {
    state.shapes.resize(2);
}
bool holds(const State &state) {
    return state.count == 2 && state.shapes[0].width == 8 && state.shapes[1].width == 2.5 &&
           state.first.width == 2.5 && state.first.size.as_number == 1;
}

void migrate_shape(hotrun_context *, const hotrun_object *old_shape, Shape *now) {
#ifdef FAILS
    *static_cast<volatile int *>(nullptr) = 1;
#endif
    const auto *kind = HOTRUN_MEMBER(old_shape, unsigned, "kind");
    const auto *radius = HOTRUN_MEMBER(old_shape, int, "radius");
    const auto *side = HOTRUN_MEMBER(old_shape, float, "side");
    now->width = *kind == 0 ? 2 * *radius : *side;
    now->size.as_number = 1;
}
HOTRUN_MIGRATE(Shape, migrate_shape);
#endif

} // namespace game

extern "C" void hotrun_init(hotrun_context *context) {
    fill(hotrun::state<game::State>(context));
}

#if VERSION == 2
// As the last word on an object that has others in it.
void hotrun_migrate(hotrun_context *context, const hotrun_object *old_state,
                    const hotrun_object *new_state) {
    const auto *now = static_cast<const game::State *>(new_state->bytes);
    if (HOTRUN_MEMBER(old_state, int, "first.radius") != nullptr &&
        &hotrun::state<game::State>(context) == now && now->first.width == 2.5)
        std::printf("<the state of %zu members>\n", old_state->member_count);
}
HOTRUN_MIGRATE_BY_NAME(game::State);

extern "C" void hotrun_reload(hotrun_context *context) {
    if (holds(hotrun::state<game::State>(context)))
        std::printf("<version 2 holds>\n");
    std::fflush(stdout);
}
#else
extern "C" void hotrun_reload(hotrun_context *context) {
    if (hotrun::state<game::State>(context).shapes[1].side == 2.5F)
        std::printf("<version 1 goes on>\n");
    std::fflush(stdout);
}
#endif

extern "C" void hotrun_step(hotrun_context *) {}
