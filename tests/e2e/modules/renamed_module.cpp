// Types, members and enumerators that get other names; from VERSION 1 to 2, and 3 is as 2.
#include "hotrun/module.hpp"

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#if VERSION == 1
#define IF_OLD(...) __VA_ARGS__
#define IF_NEW(...)
#define Foe Enemy
#define Place Point
#define hearts lives
#define spot place
#define kCrimson kRed
#else
#define IF_OLD(...)
#define IF_NEW(...) __VA_ARGS__
#endif

template <typename T>
using Heap = hotrun::allocator<T>;

namespace {
struct Place {
    int x = 0;
};
} // namespace

namespace game {

enum class Color { IF_OLD(kCrimson, kBlue) IF_NEW(kBlue, kGreen, kCrimson) };

struct Foe {
    virtual ~Foe() = default;
    virtual int rank() const { return 1; }

    IF_NEW(int armour = 4;)
    Color color = Color::kBlue;
    Place spot;
    Foe *next = nullptr;

    bool holds(int x) const {
        return rank() == 1 && color == Color::kCrimson && spot.x == x IF_NEW(&&armour == 4);
    }
};

struct Boss : Foe {
    int rank() const override { return 2; }
    struct Part {
        int power = 0;
    } part;
};

int strength_of(const Foe &foe) {
    return 10 * foe.rank();
}

class State {
    IF_OLD(int) IF_NEW(double) hearts = 0;

  public:
    std::vector<Foe, Heap<Foe>> in_vector;
    std::map<int, Foe, std::less<int>, Heap<std::pair<const int, Foe>>> in_map;
    Boss *boss = nullptr;
    Foe *first = nullptr;
    Place *spot_of_first = nullptr;
    int (*strength)(const Foe &) = nullptr;

    void fill();
    bool holds() const;
};

void State::fill() {
    hearts = 3;
    const auto foe = [](int x) {
        Foe one;
        one.color = Color::kCrimson;
        one.spot.x = x;
        return one;
    };
    for (int i = 0; i < 4; ++i) {
        in_vector.push_back(foe(i));
        in_map[i] = foe(i);
    }
    boss = hotrun::make<Boss>();
    boss->part.power = 9;
    boss->next = first = &in_vector[1];
    spot_of_first = &first->spot;
    strength = strength_of;
}

bool State::holds() const {
    bool all = hearts == 3 && boss->rank() == 2 && boss->part.power == 9 && boss->next == first;
    for (int i = 0; i < 4; ++i)
        all &= in_vector[i].holds(i) && in_map.at(i).holds(i);
    return all && first == &in_vector[1] && spot_of_first == &first->spot &&
           strength == strength_of && strength(*boss) == 20;
}

#if VERSION != 1
HOTRUN_RENAMED_MEMBER(State, lives, hearts);
HOTRUN_RENAMED_ENUMERATOR(Color, kRed, kCrimson);
#endif

} // namespace game

#if VERSION != 1
HOTRUN_RENAMED_TYPE("game::Enemy", game::Foe);
HOTRUN_RENAMED_TYPE("Point", Place);
HOTRUN_RENAMED_MEMBER(game::Foe, place, spot);
#endif

extern "C" void hotrun_init(hotrun_context *context) {
    hotrun::state<game::State>(context).fill();
}

extern "C" void hotrun_reload(hotrun_context *context) {
    if (hotrun::state<game::State>(context).holds())
        std::printf("<version %d: all hold>\n", VERSION);
    std::fflush(stdout);
}

extern "C" void hotrun_step(hotrun_context *) {}
