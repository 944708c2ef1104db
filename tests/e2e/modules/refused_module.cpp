// A change of layout that can't be carried over, named by a macro; from VERSION 1 to 2. Version 3
// has the layout of version 1.
#include "hotrun/module.h"

#include <cstdio>
#include <cstring>
#include <new>

#if defined(OWNED_OUTSIDE)
#include <memory>
#elif defined(MAP_OUTSIDE)
#include <map>
#elif defined(VECTOR_OUTSIDE)
#include <vector>
#elif defined(OTHER_UNIT)
#include <chrono>
#elif defined(OTHER_COMPLEX)
#include <complex>
#endif

#if VERSION == 2
#define IF_OLD(...)
#define IF_NEW(...) __VA_ARGS__
#else
#define IF_OLD(...) __VA_ARGS__
#define IF_NEW(...)
#endif

namespace {

struct Item {
    IF_NEW(int added = 0;)
    int value = 5;
};

#if defined(UNTYPED_BLOCK)
struct Part {
    int *numbers;
    IF_NEW(int added;)
};
void fill(hotrun_context *context, Part &part) {
    part.numbers = static_cast<int *>(context->allocate(context, 400, 0));
}
#elif defined(CHANGED_UNION)
struct Part {
    union Value {
        int number;
        IF_NEW(long large;)
    } value;
};
void fill(hotrun_context *, Part &part) {
    part.value.number = 1;
}
#elif defined(ENUMERATOR_GONE)
enum Color { kRed IF_OLD(, kBlue) };
struct Part {
    Color color;
    IF_NEW(int added;)
};
void fill(hotrun_context *, Part &part) {
    part.color = static_cast<Color>(1);
}
#elif defined(VIRTUAL_BASE)
struct Base {
    int x = 1;
};
struct Part : virtual Base {
    int y = 2;
    IF_NEW(int added = 0;)
};
void fill(hotrun_context *, Part &) {}
#elif defined(FIRST_VIRTUAL_FUNCTION)
struct Part {
    IF_NEW(virtual ~Part() = default;)
    int x = 1;
};
void fill(hotrun_context *, Part &) {}
#elif defined(OTHER_POINTER)
struct Numbers {
    int small;
    long large;
};
struct Part {
    IF_OLD(int) IF_NEW(long) * number;
};
void fill(hotrun_context *context, Part &part) {
    part.number = &HOTRUN_NEW(context, Numbers)->IF_OLD(small) IF_NEW(large);
}
#elif defined(TYPE_GONE)
struct IF_OLD(Before) IF_NEW(After) {
    int x;
};
struct Part {
    void *anything;
    IF_NEW(int added;)
};
void fill(hotrun_context *context, Part &part) {
    part.anything = HOTRUN_NEW(context, IF_OLD(Before) IF_NEW(After));
}
#elif defined(OWNED_OUTSIDE)
struct Part {
    std::unique_ptr<Item> item;
};
void fill(hotrun_context *, Part &part) {
    part.item = std::make_unique<Item>();
}
#elif defined(MAP_OUTSIDE)
struct Part {
    std::map<int, Item> items;
};
void fill(hotrun_context *, Part &part) {
    part.items[1].value = 2;
}
#elif defined(VECTOR_OUTSIDE)
struct Part {
    std::vector<Item> items;
};
void fill(hotrun_context *, Part &part) {
    part.items.resize(3);
}
#elif defined(POINTER_TO_WHAT_IS_GONE)
struct Pair {
    long a;
    IF_OLD(long b;)
};
struct Part {
    Pair *pair;
    long *second;
};
void fill(hotrun_context *context, Part &part) {
    part.pair = HOTRUN_NEW(context, Pair);
    part.second = &part.pair->a + 1;
}
#elif defined(OTHER_KIND)
struct Part {
    IF_OLD(int) IF_NEW(Item) value;
};
void fill(hotrun_context *, Part &part) {
    part.value IF_NEW(.value) = 3;
}
#elif defined(POINTER_TO_A_MEMBER)
struct Part {
    int Item::*member;
};
void fill(hotrun_context *, Part &part) {
    part.member = &Item::value;
}
#elif defined(POINTER_TO_A_MEMBER_FUNCTION)
struct Shape {
    IF_NEW(int added = 0;)
    int area() const { return side * side; }
    int side = 2;
};
struct Part {
    Shape shape;
    int (Shape::*function)() const;
    IF_NEW(int added;)
};
void fill(hotrun_context *, Part &part) {
    part.function = &Shape::area;
}
#elif defined(MEMBER_OF_A_DECLARED_CLASS)
class Shape;
using Area = int (Shape::*)() const;
struct Part {
    Area area;
    IF_NEW(int added;)
};
void fill(hotrun_context *, Part &part) {
    const long second_virtual_function = 9;
    std::memcpy(&part.area, &second_virtual_function, sizeof second_virtual_function);
}
#elif defined(PACKED_POINTER_TO_CODE)
int twice(int n) {
    return 2 * n;
}
struct __attribute__((packed)) Part {
    char before;
    int (*function)(int);
    IF_NEW(char added;)
};
void fill(hotrun_context *, Part &part) {
    part.function = twice;
}
#elif defined(OTHER_UNIT)
struct Part {
    std::chrono::duration<long, IF_OLD(std::ratio<1>) IF_NEW(std::milli)> time;
};
void fill(hotrun_context *, Part &part) {
    part.time = std::chrono::seconds(5);
}
#elif defined(OTHER_COMPLEX)
struct Part {
    std::complex<IF_OLD(float) IF_NEW(double)> number;
};
void fill(hotrun_context *, Part &part) {
    part.number = {1, 2};
}
#elif defined(HEAP_TOO_SMALL)
struct Large {
    char bytes[IF_OLD(100) IF_NEW(100'000'000)];
};
struct Part {
    Large *large;
};
void fill(hotrun_context *context, Part &part) {
    part.large = HOTRUN_NEW(context, Large);
    if (part.large != nullptr)
        part.large->bytes[0] = 1;
}
#endif

struct State {
    Part part;
    int steps;
};

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    auto *state = new (HOTRUN_NEW(context, State)) State();
    fill(context, state->part);
    context->state = state;
}

extern "C" void hotrun_reload(hotrun_context *context) {
    std::printf("<version %d from step %d>\n", VERSION,
                static_cast<State *>(context->state)->steps);
    std::fflush(stdout);
}

extern "C" void hotrun_step(hotrun_context *context) {
    ++static_cast<State *>(context->state)->steps;
}
