// Classes, their bases, and bit-fields.
#include "layout_case.hpp"

#include <cstdint>

namespace {

namespace bases_swapped {
struct Left {
    int left;
};
struct Right {
    long right;
};
struct State : IF_OLD(Left, Right) IF_NEW(Right, Left) {
    int own;
};
FILL {
    s.left = 1;
    s.right = 2;
    s.own = 3;
}
HOLDS {
    return s.left == 1 && s.right == 2 && s.own == 3;
}
} // namespace bases_swapped

namespace base_removed {
struct Left {
    long left;
};
struct Right {
    int right;
};
struct State : IF_OLD(Left, ) Right {
    int own;
};
FILL {
    s.right = 2;
    s.own = 3;
}
HOLDS {
    return s.right == 2 && s.own == 3;
}
} // namespace base_removed

// What is new lies where the base is, and the base has no byte of its own.
namespace empty_base {
struct Nothing {};
struct State : Nothing {
    IF_NEW(int added;)
    int a;
};
FILL {
    s.a = 0x01010101;
}
HOLDS {
    return s.a == 0x01010101 IF_NEW(&&s.added == 0);
}
} // namespace empty_base

namespace empty_base_added {
struct Nothing {};
struct State IF_NEW( : Nothing) {
    int a;
    IF_NEW(int added;)
};
FILL {
    s.a = 7;
}
HOLDS {
    return s.a == 7 IF_NEW(&&s.added == 0);
}
} // namespace empty_base_added

namespace empty_member {
struct Nothing {};
struct State {
    [[no_unique_address]] Nothing nothing;
    IF_NEW(int added;)
    int a;
};
FILL {
    s.a = 0x01010101;
}
HOLDS {
    return s.a == 0x01010101 IF_NEW(&&s.added == 0);
}
} // namespace empty_member

namespace no_address_of_its_own {
struct Part {
    Part() {}
    long a = 1;
    char b = 2;
};
struct State {
    IF_NEW(int added;)
    [[no_unique_address]] Part part;
    char c;
};
FILL {
    s.c = 3;
}
HOLDS {
    return s.part.a == 1 && s.part.b == 2 && s.c == 3;
}
} // namespace no_address_of_its_own

// Members lie in what the base has left.
namespace tail_of_the_base {
struct Base {
    Base() {}
    long a = 1;
    char b = 2;
};
struct State : Base {
    IF_OLD(char gone; char c;)
    IF_NEW(char added; int c;)
};
FILL {
    IF_OLD(s.gone = 77;)
    IF_NEW(s.added = 0;)
    s.c = 3;
}
HOLDS {
    return s.a == 1 && s.b == 2 && s.c == 3 IF_NEW(&&s.added == 0);
}
} // namespace tail_of_the_base

namespace same_base_twice {
struct Top {
    IF_NEW(long added;)
    int top;
};
struct Left : Top {
    int left;
};
struct Right : Top {
    int right;
};
struct State : Left, Right {
    int own;
};
FILL {
    s.Left::top = 1;
    s.Right::top = 2;
    s.left = 3;
    s.right = 4;
    s.own = 5;
}
HOLDS {
    const Left &left = s;
    const Right &right = s;
    return left.top == 1 && right.top == 2 && s.left == 3 && s.right == 4 && s.own == 5;
}
} // namespace same_base_twice

namespace private_members {
class State {
    IF_NEW(short added_ = 0;)
    int a_ = 0;

  public:
    void set(int a) { a_ = a; }
    int get() const { return a_; }
};
FILL {
    s.set(8);
}
HOLDS {
    return s.get() == 8;
}
} // namespace private_members

namespace static_member_added {
struct State {
    IF_NEW(static inline int shared = 3;)
    int a;
};
FILL {
    s.a = 8;
}
HOLDS {
    return s.a == 8 IF_NEW(&&State::shared == 3);
}
} // namespace static_member_added

namespace virtual_function_added {
struct Shape {
    virtual ~Shape() = default;
    IF_NEW(virtual int corners() const { return 4; })
    virtual int area() const { return side * side; }
    int side = 0;
};
struct State {
    IF_NEW(int added;)
    Shape shapes[3];
};
FILL {
    for (int i = 0; i < 3; ++i)
        s.shapes[i].side = i + 1;
}
HOLDS {
    const Shape &last = s.shapes[2];
    return last.area() == 9 && s.shapes[0].area() == 1 IF_NEW(&&last.corners() == 4);
}
} // namespace virtual_function_added

namespace four_deep {
struct D {
    IF_NEW(char added;)
    int d;
};
struct C {
    D d[2];
    IF_NEW(char added;)
};
struct B {
    IF_NEW(double added;)
    C c;
};
struct State {
    B b[2];
};
FILL {
    for (int i = 0; i < 4; ++i)
        s.b[i / 2].c.d[i % 2].d = i;
}
HOLDS {
    return s.b[0].c.d[1].d == 1 && s.b[1].c.d[0].d == 2 && s.b[1].c.d[1].d == 3;
}
} // namespace four_deep

namespace arrays_of_arrays_of_structs {
struct Cell {
    char kind;
    IF_NEW(double weight;)
};
struct State {
    Cell cells[IF_OLD(2) IF_NEW(3)][3][IF_OLD(4) IF_NEW(2)];
};
FILL {
    for (int i = 0; i < 12; ++i)
        s.cells[i / 6][i / 2 % 3][i % 2].kind = static_cast<char>('a' + i);
}
HOLDS {
    bool holds = true;
    for (int i = 0; i < 12; ++i)
        holds &= s.cells[i / 6][i / 2 % 3][i % 2].kind == 'a' + i;
    return holds IF_NEW(&&s.cells[2][2][1].kind == 0);
}
} // namespace arrays_of_arrays_of_structs

namespace nameless_struct_before_another {
struct State {
    IF_NEW(__extension__ struct { int added; };)
    __extension__ struct {
        int a;
        IF_NEW(int more;)
    };
    __extension__ union {
        int number;
        float real;
    };
};
FILL {
    s.a = 5;
    s.real = 0.5F;
}
HOLDS {
    return s.a == 5 && s.real == 0.5F IF_NEW(&&s.added == 0);
}
} // namespace nameless_struct_before_another

namespace class_renamed {
struct IF_OLD(Before) IF_NEW(After) {
    int x;
    IF_NEW(int added;)
};
struct State {
    IF_OLD(Before) IF_NEW(After) part;
};
FILL {
    s.part.x = 5;
}
HOLDS {
    return s.part.x == 5;
}
} // namespace class_renamed

namespace bit_field_of_another_sign {
struct State {
    IF_OLD(int a : 5; unsigned b : 7;)
    IF_NEW(unsigned a : 8; long b : 9;)
    bool c : 1;
    IF_NEW(int : 3; bool added : 1;)
};
FILL {
    s.a = 9;
    s.b = 100;
    s.c = true;
}
HOLDS {
    return s.a == 9 && s.b == 100 && s.c IF_NEW(&&!s.added);
}
} // namespace bit_field_of_another_sign

namespace bit_field_of_an_enumeration {
enum Color : unsigned { IF_OLD(kRed, kGreen, kBlue) IF_NEW(kBlack, kBlue, kGreen, kRed) };
struct State {
    Color a : 2;
    Color b : 3;
};
FILL {
    s.a = kRed;
    s.b = kBlue;
}
HOLDS {
    return s.a == kRed && s.b == kBlue;
}
} // namespace bit_field_of_an_enumeration

// Two of them in one value, and one that only the new code has.
namespace flags {
enum Flags { kA = 1, kB = 2, IF_NEW(kC = 4) };
struct State {
    IF_NEW(int added;)
    Flags flags;
    Flags many[2];
};
FILL {
    s.flags = static_cast<Flags>(kA | kB);
    s.many[1] = s.flags;
}
HOLDS {
    return s.flags == (kA | kB) && s.many[1] == (kA | kB);
}
} // namespace flags

namespace array_of_enumerations {
enum class Kind : IF_OLD(char)
    IF_NEW(short){kOrc = IF_OLD(0) IF_NEW(3), kElf = IF_OLD(1) IF_NEW(0)};
struct State {
    Kind kinds[4];
};
FILL {
    s.kinds[0] = s.kinds[3] = Kind::kElf;
    s.kinds[1] = s.kinds[2] = Kind::kOrc;
}
HOLDS {
    return s.kinds[0] == Kind::kElf && s.kinds[3] == Kind::kElf && s.kinds[1] == Kind::kOrc;
}
} // namespace array_of_enumerations

namespace aligned_member {
struct State {
    char a;
    alignas(IF_OLD(8) IF_NEW(32)) int b;
    char c;
};
FILL {
    s.a = 1;
    s.b = 2;
    s.c = 3;
}
HOLDS {
    return s.a == 1 && s.b == 2 && s.c == 3 && reinterpret_cast<std::uintptr_t>(&s.b) % 8 == 0;
}
} // namespace aligned_member

namespace one {
struct Item {
    IF_NEW(int added;)
    int value;
};
} // namespace one
namespace other {
struct Item {
    double value;
    IF_NEW(char added;)
};
} // namespace other
namespace one_name_in_two_namespaces {
struct State {
    one::Item *a;
    other::Item *b;
};
MAKE {
    auto *state = NEW(State);
    state->a = NEW(one::Item);
    state->b = NEW(other::Item);
    state->a->value = 1;
    state->b->value = 2.5;
    return state;
}
HOLDS {
    return s.a->value == 1 && s.b->value == 2.5;
}
} // namespace one_name_in_two_namespaces

namespace local_type {
void *make(hotrun_context *context) {
    struct Local {
        IF_NEW(int added;)
        int value;
    };
    auto *local = NEW(Local);
    local->value = 5;
    return local;
}
bool holds(const void *state) {
    return static_cast<const int *>(state)[IF_OLD(0) IF_NEW(1)] == 5;
}
} // namespace local_type

const Case kCases[] = {
    CASE(bases_swapped),
    CASE(base_removed),
    CASE(empty_base),
    CASE(empty_base_added),
    CASE(empty_member),
    CASE(no_address_of_its_own),
    CASE(tail_of_the_base),
    CASE(same_base_twice),
    CASE(private_members),
    CASE(static_member_added),
    CASE(virtual_function_added),
    CASE(four_deep),
    CASE(arrays_of_arrays_of_structs),
    CASE(nameless_struct_before_another),
    CASE(class_renamed),
    CASE(bit_field_of_another_sign),
    CASE(bit_field_of_an_enumeration),
    CASE(flags),
    CASE(array_of_enumerations),
    CASE(aligned_member),
    CASE(one_name_in_two_namespaces),
    CASE(local_type),
};

} // namespace

LAYOUT_MODULE(kCases)
