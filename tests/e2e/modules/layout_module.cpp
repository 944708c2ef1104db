// Members that change: added, removed, in another order, of another type.
#include "layout_case.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace {

namespace added_first {
struct State {
    IF_NEW(int added;)
    int a;
    double b;
};
FILL {
    s.a = 1;
    s.b = 2.5;
}
HOLDS {
    return s.a == 1 && s.b == 2.5 IF_NEW(&&s.added == 0);
}
} // namespace added_first

namespace added_between {
struct State {
    char a;
    IF_NEW(long added[3];)
    short b;
};
FILL {
    s.a = 'x';
    s.b = -7;
}
HOLDS {
    return s.a == 'x' && s.b == -7 IF_NEW(&&s.added[2] == 0);
}
} // namespace added_between

namespace added_last {
struct State {
    long a;
    IF_NEW(char added;)
};
FILL {
    s.a = 1L << 40;
}
HOLDS {
    return s.a == 1L << 40 IF_NEW(&&s.added == 0);
}
} // namespace added_last

namespace removed {
struct State {
    int a;
    IF_OLD(double gone;)
    int b;
};
FILL {
    s.a = 1;
    s.b = 2;
}
HOLDS {
    return s.a == 1 && s.b == 2;
}
} // namespace removed

namespace reordered {
struct State {
    IF_OLD(char a; long b; short c;)
    IF_NEW(long b; short c; char a;)
};
FILL {
    s.a = 1;
    s.b = 2;
    s.c = 3;
}
HOLDS {
    return s.a == 1 && s.b == 2 && s.c == 3;
}
} // namespace reordered

namespace reordered_in_place {
struct State {
    IF_OLD(int a; int b;)
    IF_NEW(int b; int a;)
};
FILL {
    s.a = 1;
    s.b = 2;
}
HOLDS {
    return s.a == 1 && s.b == 2;
}
} // namespace reordered_in_place

NUMBER(int_to_long, int, long, -5)
NUMBER(long_to_int, long, int, 12345)
NUMBER(float_to_double, float, double, 0.5)
NUMBER(double_to_float, double, float, 0.25)
NUMBER(int_to_double, int, double, 77)
NUMBER(double_to_int, double, int, 3)
NUMBER(char_to_int, signed char, int, -3)
NUMBER(int_to_unsigned, int, unsigned, 4)
NUMBER(unsigned_to_long, unsigned, long, 0xfffffff0U)
NUMBER(bool_to_int, bool, int, true)
NUMBER(int_to_bool, int, bool, 1)
NUMBER(long_double_to_double, long double, double, 1.5)
NUMBER(char16_to_char32, char16_t, char32_t, u'z')

namespace enumerators_reordered {
enum Color { IF_OLD(kRed, kGreen, kBlue) IF_NEW(kBlack, kBlue, kGreen, kRed) };
struct State {
    Color a, b, c;
};
FILL {
    s = {kRed, kGreen, kBlue};
}
HOLDS {
    return s.a == kRed && s.b == kGreen && s.c == kBlue;
}
} // namespace enumerators_reordered

namespace enumeration_narrowed {
enum class Color : IF_OLD(int) IF_NEW(unsigned char){kRed = IF_OLD(-1) IF_NEW(200), kGreen = 7};
struct State {
    Color a, b;
};
FILL {
    s = {Color::kRed, Color::kGreen};
}
HOLDS {
    return s.a == Color::kRed && s.b == Color::kGreen;
}
} // namespace enumeration_narrowed

namespace enumeration_to_integer {
enum Color { kRed = 5 };
struct State {
    IF_OLD(Color) IF_NEW(long) a;
};
FILL {
    s.a = kRed;
}
HOLDS {
    return s.a == kRed;
}
} // namespace enumeration_to_integer

namespace array_grown {
struct State {
    int a[IF_OLD(3) IF_NEW(5)];
    int after;
};
FILL {
    for (int i = 0; i < 3; ++i)
        s.a[i] = i + 1;
    s.after = 9;
}
HOLDS {
    return s.a[0] == 1 && s.a[2] == 3 IF_NEW(&&s.a[3] == 0) && s.after == 9;
}
} // namespace array_grown

namespace array_cut {
struct State {
    int a[IF_OLD(5) IF_NEW(2)];
    int after;
};
FILL {
    s.a[0] = 1;
    s.a[1] = 2;
    s.after = 9;
}
HOLDS {
    return s.a[0] == 1 && s.a[1] == 2 && s.after == 9;
}
} // namespace array_cut

namespace array_of_structs {
struct Point {
    IF_NEW(int z;)
    int x, y;
};
struct State {
    Point points[4];
};
FILL {
    for (int i = 0; i < 4; ++i) {
        s.points[i].x = i;
        s.points[i].y = 10 * i;
    }
}
HOLDS {
    bool holds = true;
    for (int i = 0; i < 4; ++i)
        holds &= s.points[i].x == i && s.points[i].y == 10 * i;
    return holds;
}
} // namespace array_of_structs

namespace two_dimensions {
struct State {
    short grid[IF_OLD(2) IF_NEW(3)][IF_OLD(4) IF_NEW(5)];
};
FILL {
    for (int i = 0; i < 2; ++i)
        for (int k = 0; k < 4; ++k)
            s.grid[i][k] = static_cast<short>(10 * i + k);
}
HOLDS {
    return s.grid[0][3] == 3 && s.grid[1][0] == 10 && s.grid[1][3] == 13;
}
} // namespace two_dimensions

namespace nested {
struct Inner {
    IF_NEW(char *name;)
    int x;
};
struct Outer {
    IF_OLD(Inner i; int n;)
    IF_NEW(int n; Inner i;)
};
struct State {
    Outer o;
    int after;
};
FILL {
    s.o.i.x = 1;
    s.o.n = 2;
    s.after = 3;
}
HOLDS {
    return s.o.i.x == 1 && s.o.n == 2 && s.after == 3;
}
} // namespace nested

namespace without_a_name {
struct State {
    struct {
        IF_NEW(int z;)
        int x;
    } named;
    __extension__ struct {
        int y;
        IF_NEW(int w;)
    };
};
FILL {
    s.named.x = 1;
    s.y = 2;
}
HOLDS {
    return s.named.x == 1 && s.y == 2;
}
} // namespace without_a_name

namespace bit_fields {
struct State {
    IF_NEW(unsigned added : 5;)
    unsigned a : IF_OLD(3) IF_NEW(9);
    int b : IF_OLD(6) IF_NEW(4);
    IF_OLD(unsigned) IF_NEW(long) c : 20;
};
FILL {
    s.a = 5;
    s.b = -6;
    s.c = 70000;
}
HOLDS {
    return s.a == 5 && s.b == -6 && s.c == 70000;
}
} // namespace bit_fields

namespace bit_field_to_member {
struct State {
    unsigned char a IF_OLD( : 4);
    unsigned char b IF_OLD( : 4);
};
FILL {
    s.a = 9;
    s.b = 3;
}
HOLDS {
    return s.a == 9 && s.b == 3;
}
} // namespace bit_field_to_member

namespace base_grown {
struct Base {
    IF_NEW(long added;)
    int x;
};
struct State : Base {
    int y;
};
FILL {
    s.x = 1;
    s.y = 2;
}
HOLDS {
    return s.x == 1 && s.y == 2;
}
} // namespace base_grown

namespace base_added {
struct First {
    int x;
};
struct Second {
    int z;
};
struct State : IF_NEW(Second, ) First {
    int y;
};
FILL {
    s.x = 1;
    s.y = 2;
}
HOLDS {
    return s.x == 1 && s.y == 2 IF_NEW(&&s.z == 0);
}
} // namespace base_added

namespace alignment_grown {
struct alignas(IF_OLD(8) IF_NEW(64)) State {
    int x;
    int y;
};
FILL {
    s.x = 1;
    s.y = 2;
}
HOLDS {
    return s.x == 1 && s.y == 2 && reinterpret_cast<std::uintptr_t>(&s) % alignof(State) == 0;
}
} // namespace alignment_grown

namespace packed {
struct __attribute__((packed)) State {
    char a;
    IF_NEW(short added;)
    long b;
};
FILL {
    s.a = 1;
    s.b = 1L << 50;
}
HOLDS {
    return s.a == 1 && s.b == 1L << 50;
}
} // namespace packed

namespace typedefs {
typedef IF_OLD(short) IF_NEW(long) Health;
typedef struct {
    IF_NEW(int added;)
    Health health;
} State;
FILL {
    s.health = 30000;
}
HOLDS {
    return s.health == 30000;
}
} // namespace typedefs

namespace list {
struct Node {
    IF_NEW(double weight;)
    int value;
    Node *next;
};
struct State {
    Node *first;
};
MAKE {
    auto *state = NEW(State);
    Node **at = &state->first;
    for (int i = 0; i < 100; ++i) {
        *at = NEW(Node);
        (*at)->value = i;
        at = &(*at)->next;
    }
    return state;
}
HOLDS {
    int count = 0;
    for (const Node *node = s.first; node != nullptr; node = node->next) {
        if (node->value != count++)
            return false;
    }
    return count == 100;
}
} // namespace list

namespace circle {
struct State {
    IF_NEW(int added;)
    State *left;
    int value;
    State *right;
};
MAKE {
    auto *a = NEW(State);
    auto *b = NEW(State);
    a->left = a->right = b;
    b->left = b->right = a;
    a->value = 1;
    b->value = 2;
    return a;
}
HOLDS {
    return s.value == 1 && s.left->value == 2 && s.left == s.right && s.left->left == &s;
}
} // namespace circle

namespace many_in_a_block {
struct Item {
    IF_NEW(long added;)
    int value;
};
struct State {
    Item *begin;
    Item *third;
    Item *end;
    void *anything;
};
MAKE {
    auto *state = NEW(State);
    state->begin = NEW_MANY(Item, 7);
    state->third = state->begin + 3;
    state->end = state->begin + 7;
    state->anything = state->begin + 5;
    for (int i = 0; i < 7; ++i)
        state->begin[i].value = i;
    return state;
}
HOLDS {
    int count = 0;
    for (const Item *item = s.begin; item != s.end; ++item) {
        if (item->value != count++)
            return false;
    }
    return count == 7 && s.third == s.begin + 3 && s.anything == s.begin + 5;
}
} // namespace many_in_a_block

namespace pointers_to_members {
struct Item {
    IF_NEW(int added;)
    int first;
    int second;
};
struct State {
    Item *item;
    int *to_first;
    int *to_second;
};
MAKE {
    auto *state = NEW(State);
    state->item = NEW(Item);
    state->to_first = &state->item->first;
    state->to_second = &state->item->second;
    state->item->first = 1;
    state->item->second = 2;
    return state;
}
HOLDS {
    return s.to_first == &s.item->first && s.to_second == &s.item->second && *s.to_first == 1;
}
} // namespace pointers_to_members

namespace pointer_into_itself {
struct State {
    IF_NEW(char added;)
    char buffer[16];
    char *at;
};
FILL {
    std::strcpy(s.buffer, "hello");
    s.at = s.buffer + 2;
}
HOLDS {
    return std::strcmp(s.buffer, "hello") == 0 && s.at == s.buffer + 2;
}
} // namespace pointer_into_itself

namespace array_of_pointers {
struct Item {
    int value;
    IF_NEW(int added;)
};
struct State {
    Item *items[IF_OLD(3) IF_NEW(4)];
};
MAKE {
    auto *state = NEW(State);
    for (int i = 0; i < 3; ++i) {
        state->items[i] = NEW(Item);
        state->items[i]->value = i + 1;
    }
    return state;
}
HOLDS {
    return s.items[0]->value == 1 && s.items[2]->value == 3 IF_NEW(&&s.items[3] == nullptr);
}
} // namespace array_of_pointers

namespace functions_and_literals {
int twice(int n) {
    return 2 * n;
}
struct State {
    IF_NEW(long added;)
    int (*function)(int);
    const char *text;
};
FILL {
    s.function = twice;
    s.text = "a literal of this case";
}
HOLDS {
    return s.function(4) == 8 && s.function == twice &&
           std::strcmp(s.text, "a literal of this case") == 0;
}
} // namespace functions_and_literals

namespace virtual_functions {
struct Shape {
    virtual ~Shape() = default;
    IF_NEW(virtual int corners() const { return 0; })
    virtual int area() const = 0;
    IF_NEW(int color = 0;)
};
struct Square : Shape {
    int area() const override { return side * side; }
    int side = 3;
};
struct State {
    Shape *shape;
};
MAKE {
    auto *state = NEW(State);
    state->shape = new (NEW(Square)) Square;
    return state;
}
HOLDS {
    return s.shape->area() == 9;
}
} // namespace virtual_functions

namespace second_base {
struct Left {
    virtual ~Left() = default;
    IF_NEW(long added = 0;)
    int left = 1;
};
struct Right {
    virtual ~Right() = default;
    virtual int number() const { return right; }
    int right = 2;
};
struct Both : Left, Right {
    int number() const override { return 10 * left + right; }
};
struct State {
    Both *both;
    Right *right;
};
MAKE {
    auto *state = NEW(State);
    state->both = new (NEW(Both)) Both;
    state->right = state->both;
    return state;
}
HOLDS {
    return s.right == s.both && s.right->number() == 12;
}
} // namespace second_base

namespace union_that_stays {
union Value {
    int number;
    float real;
};
struct State {
    IF_NEW(int added;)
    Value value;
};
FILL {
    s.value.real = 0.5F;
}
HOLDS {
    return s.value.real == 0.5F;
}
} // namespace union_that_stays

namespace standard_values {
struct State {
    IF_NEW(int added = 0;)
    std::optional<int> maybe;
    std::variant<int, double> either;
    std::array<int, 3> numbers;
};
FILL {
    s.maybe = 4;
    s.either = 2.5;
    s.numbers = {1, 2, 3};
}
HOLDS {
    return s.maybe == 4 && std::get<double>(s.either) == 2.5 && s.numbers[2] == 3;
}
} // namespace standard_values

// What they own lies outside the heap, and is of types that do not change.
namespace standard_containers {
struct State {
    IF_NEW(int added = 0;)
    std::string brief;
    std::string text;
    std::vector<int> numbers;
    std::unique_ptr<int> number;
};
FILL {
    s.brief = "short";
    s.text = std::string(100, 'x');
    s.numbers = {1, 2, 3};
    s.number = std::make_unique<int>(5);
}
HOLDS {
    return s.brief == "short" && s.text == std::string(100, 'x') && s.numbers.size() == 3 &&
           s.numbers[2] == 3 && *s.number == 5;
}
} // namespace standard_containers

const Case kCases[] = {
    CASE(added_first),
    CASE(added_between),
    CASE(added_last),
    CASE(removed),
    CASE(reordered),
    CASE(reordered_in_place),
    CASE(int_to_long),
    CASE(long_to_int),
    CASE(float_to_double),
    CASE(double_to_float),
    CASE(int_to_double),
    CASE(double_to_int),
    CASE(char_to_int),
    CASE(int_to_unsigned),
    CASE(unsigned_to_long),
    CASE(bool_to_int),
    CASE(int_to_bool),
    CASE(long_double_to_double),
    CASE(char16_to_char32),
    CASE(enumerators_reordered),
    CASE(enumeration_narrowed),
    CASE(enumeration_to_integer),
    CASE(array_grown),
    CASE(array_cut),
    CASE(array_of_structs),
    CASE(two_dimensions),
    CASE(nested),
    CASE(without_a_name),
    CASE(bit_fields),
    CASE(bit_field_to_member),
    CASE(base_grown),
    CASE(base_added),
    CASE(alignment_grown),
    CASE(packed),
    CASE(typedefs),
    CASE(list),
    CASE(circle),
    CASE(many_in_a_block),
    CASE(pointers_to_members),
    CASE(pointer_into_itself),
    CASE(array_of_pointers),
    CASE(functions_and_literals),
    CASE(virtual_functions),
    CASE(second_base),
    CASE(union_that_stays),
    CASE(standard_values),
    CASE(standard_containers),
};

} // namespace

LAYOUT_MODULE(kCases)
