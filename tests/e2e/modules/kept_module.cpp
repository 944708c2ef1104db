// State of many pages that change together in each step: a heap that is a mix of two moments shows.
// It goes to another working folder, and crashes once where FLAG names a file that is there.
#include "hotrun/module.hpp"

#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace {

constexpr int kBlocks = 40;
constexpr int kWords = 1000;

struct Block {
    long words[kWords] = {};
    long all() const { return words[0]; }
    bool is_whole() const {
        return std::memcmp(words, words + 1, sizeof words - sizeof words[0]) == 0;
    }
};

struct State {
    long steps = 0;
    Block *blocks[kBlocks] = {};
};

bool is_whole(const State &state) {
    for (const Block *block : state.blocks) {
        if (block == nullptr || block->all() != state.steps || !block->is_whole())
            return false;
    }
    return true;
}

void say(const char *what, const State &state) {
    std::printf("<%s %ld %s>\n", what, state.steps, is_whole(state) ? "whole" : "BROKEN");
    std::fflush(stdout);
}

} // namespace

extern "C" void hotrun_init(hotrun_context *ctx) {
    State &state = hotrun::state<State>(ctx);
    for (Block *&block : state.blocks) {
        if (block == nullptr)
            block = hotrun::make<Block>();
    }
    say("init", state);
    if (chdir("/") != 0)
        std::printf("<no other folder>\n");
}

extern "C" void hotrun_step(hotrun_context *ctx) {
    State &state = hotrun::state<State>(ctx);
    ++state.steps;
    for (Block *block : state.blocks) {
        hotrun::destroy(block);
    }
    for (Block *&block : state.blocks) {
        block = hotrun::make<Block>();
        for (long &word : block->words)
            word = state.steps;
    }
    say("step", state);
    if (unlink(FLAG) == 0)
        *static_cast<volatile int *>(nullptr) = 1;
}

extern "C" void hotrun_shutdown(hotrun_context *ctx) {
    say("shutdown", hotrun::state<State>(ctx));
}
