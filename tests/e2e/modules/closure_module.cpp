// State with std::functions. LAYOUT and CAPTURES are changed by turns; LARGE says whether one has
// more captures than a std::function has room for, which hotrun_unload clears if CLEARS.
#include "hotrun/module.hpp"

#include <cstdio>
#include <functional>

namespace {

struct Boss {
#if LAYOUT == 2
    int added = 0;
#endif
    int hits = 0;
    std::function<int(int)> small;
    std::function<int(int)> large;
    std::function<int(int)> empty;
};

struct State {
    Boss boss;
};

struct Weights {
    double a = 1, b = 2;
#if CAPTURES == 2
    double c = 3;
#endif
};

void fill(Boss &boss) {
    Weights weights;
    boss.small = [&boss](int hit) { return boss.hits += hit; };
    boss.large = [&boss, weights](int hit) {
        return boss.hits + hit + static_cast<int>(weights.a + weights.b);
    };
}

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    fill(hotrun::state<State>(context).boss);
}

extern "C" void hotrun_reload(hotrun_context *context) {
    Boss &boss = hotrun::state<State>(context).boss;
    const int before = boss.hits;
    if (boss.small(5) == before + 5 && boss.hits == before + 5 && !boss.empty)
        std::printf("<layout %d: small holds, large %s>\n", LAYOUT,
                    !boss.large                   ? "is empty"
                    : boss.large(1) == before + 9 ? "holds"
                                                  : "is lost");
    std::fflush(stdout);
}

#ifdef CLEARS
extern "C" void hotrun_unload(hotrun_context *context) {
    hotrun::state<State>(context).boss.large = nullptr;
}
#endif

extern "C" void hotrun_step(hotrun_context *) {}
