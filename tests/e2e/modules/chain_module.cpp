// One state in ten layouts, VERSION 1 to 10, each made from the one before by one or two changes.
// REFUSED has a change in addition that can't be carried over.
#include "hotrun/module.h"

#include <cstdio>
#include <cstring>

namespace {

int twice(int n) {
    return 2 * n;
}

// What is in all of them: two numbers, a text, a color, a function, a literal, and a list of three
// items, into the second of which a pointer leads.
#if VERSION == 1
enum class Color { kRed, kGreen };
struct Item {
    int value;
    Item *next;
};
struct State {
    int a;
    float b;
    char name[8];
    Color color;
    int (*function)(int);
    const char *literal;
    Item *first;
    int *second;
};
#elif VERSION == 2 // a member is new in front of all
enum class Color { kRed, kGreen };
struct Item {
    double weight;
    int value;
    Item *next;
};
struct State {
    int steps;
    int a;
    float b;
    char name[8];
    Color color;
    int (*function)(int);
    const char *literal;
    Item *first;
    int *second;
};
#elif VERSION == 3 // another order, wider numbers
enum class Color { kRed, kGreen };
struct Item {
    double weight;
    Item *next;
    int value;
};
struct State {
    Item *first;
    int *second;
    double b;
    long a;
    const char *literal;
    int (*function)(int);
    Color color;
    char name[8];
    int steps;
};
#elif VERSION == 4 // the first base class
enum class Color { kRed, kGreen };
struct Counted {
    int count;
};
struct Item : Counted {
    Item *next;
    int value;
};
struct State {
    long a;
    double b;
    Item *first;
    int *second;
    const char *literal;
    int (*function)(int);
    Color color;
    char name[8];
};
#elif VERSION == 5 // another base in front, other enumerators, a longer text
enum class Color : unsigned char { kBlack, kGreen, kRed };
struct Named {
    long id;
};
struct Counted {
    int count;
};
struct Item : Named, Counted {
    Item *next;
    int value;
};
struct State : Counted {
    long a;
    double b;
#ifdef REFUSED
    long first;
#else
    Item *first;
#endif
    int *second;
    const char *literal;
    int (*function)(int);
    Color color;
    char name[32];
};
#elif VERSION == 6 // arrays of structs around it
enum class Color : unsigned char { kBlack, kGreen, kRed };
struct Item {
    int value;
    struct Item *next;
    struct {
        int x;
    } places[3];
};
struct State {
    double b;
    int padding[5];
    long a;
    char name[32];
    Color color;
    Item *first;
    const char *literal;
    int *second;
    int (*function)(int);
};
#elif VERSION == 7 // bit-fields
enum class Color : unsigned char { kBlack, kGreen, kRed };
struct Item {
    int value;
    struct Item *next;
};
struct State {
    double b;
    int a : 20;
    unsigned more : 9;
    Color color : 2;
    char name[16];
    Item *first;
    const char *literal;
    int *second;
    int (*function)(int);
};
#elif VERSION == 8 // alignment, and a member that is packed
enum Color { kRed = 7, kGreen = 9 };
struct alignas(64) Item {
    struct Item *next;
    int value;
};
struct State {
    char before;
    double b __attribute__((packed));
    short a;
    Color color;
    char name[16];
    Item *first;
    const char *literal;
    int *second;
    int (*function)(int);
};
#elif VERSION == 9 // large
enum Color { kRed = 7, kGreen = 9 };
struct Item {
    char large[5000];
    struct Item *next;
    int value;
};
struct State {
    long b;
    short a;
    Color color;
    char name[16];
    Item *first;
    const char *literal;
    int *second;
    int (*function)(int);
};
#elif VERSION == 10
enum Color { kGreen, kRed };
struct Item {
    struct Item *next;
    int more[3];
    int value;
};
struct State {
    int (*function)(int);
    int *second;
    const char *literal;
    Item *first;
    char name[12];
    Color color;
    int a;
    long double b;
};
#endif

#if VERSION < 8
constexpr Color kLiked = Color::kRed;
#else
constexpr Color kLiked = kRed;
#endif

bool holds(const State &state) {
#ifdef REFUSED
    return state.a == 0 && state.function == twice;
#else
    int count = 0;
    for (const Item *item = state.first; item != nullptr; item = item->next) {
        if (item->value != ++count)
            return false;
    }
    return count == 3 && *state.second == 2 && state.second == &state.first->next->value &&
           state.a == -1234 && state.b == 5 && std::strcmp(state.name, "Frodo") == 0 &&
           state.color == kLiked && state.function == twice && state.function(4) == 8 &&
           std::strcmp(state.literal, "a literal of the chain") == 0;
#endif
}

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    auto *state = HOTRUN_NEW(context, State);
    context->state = state;
#if VERSION == 1
    Item **at = &state->first;
    for (int value = 1; value <= 3; ++value) {
        *at = HOTRUN_NEW(context, Item);
        (*at)->value = value;
        at = &(*at)->next;
    }
    state->second = &state->first->next->value;
    state->a = -1234;
    state->b = 5;
    std::strcpy(state->name, "Frodo");
    state->color = kLiked;
    state->function = twice;
    state->literal = "a literal of the chain";
#else
    static_cast<void>(HOTRUN_TYPE(Item));
#endif
}

extern "C" void hotrun_reload(hotrun_context *context) {
    const bool all = holds(*static_cast<const State *>(context->state));
    std::printf("<version %d: %s>\n", VERSION, all ? "all hold" : "lost");
    std::fflush(stdout);
}

extern "C" void hotrun_step(hotrun_context *) {}
