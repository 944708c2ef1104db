// The code that changes while it runs: edit it, save, and look at the output.
#include <hotrun/module.hpp>

#include <cstdio>

namespace {

constexpr int kWidth = 40;
constexpr char kBall = 'o';

// Stays when the code is exchanged. Add a member, and it has the value that you give it here.
struct State {
    int position = 0;
    int direction = 1;
    int bounces = 0;
};

void move_ball(State &state) {
    state.position += state.direction;
    if (state.position > 0 && state.position < kWidth - 1)
        return;
    const bool at_left = state.position <= 0;
    state.position = at_left ? 0 : kWidth - 1;
    state.direction = at_left ? 1 : -1;
    ++state.bounces;
}

void draw(const State &state) {
    const int behind = kWidth - 1 - state.position;
    std::printf("|%*s%c%*s| bounces: %d\n", state.position, "", kBall, behind, "", state.bounces);
}

} // namespace

extern "C" void hotrun_step(hotrun_context *context) {
    State &state = hotrun::state<State>(context);
    move_ball(state);
    draw(state);
}
