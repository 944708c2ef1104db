// Pointers of each kind.
#include "layout_case.hpp"

namespace {

namespace one_past_the_end {
struct Item {
    IF_NEW(int added;)
    char value;
};
struct State {
    Item *items;
    Item *end;
    Item *before_end;
    const char *value;
};
MAKE {
    auto *state = NEW(State);
    state->items = NEW_MANY(Item, 5);
    state->end = state->items + 5;
    state->before_end = state->items + 4;
    state->value = &state->items[2].value;
    for (int i = 0; i < 5; ++i)
        state->items[i].value = static_cast<char>(i);
    return state;
}
HOLDS {
    return s.end == s.items + 5 && s.before_end == s.items + 4 && *s.value == 2 &&
           s.value == &s.items[2].value;
}
} // namespace one_past_the_end

namespace circle_of_three {
struct A;
struct B {
    IF_NEW(int added;)
    A *next;
};
struct C {
    B *next;
    long value;
};
struct A {
    C *next;
    IF_NEW(char added;)
    int value;
};
struct State {
    A *a;
};
MAKE {
    auto *state = NEW(State);
    state->a = NEW(A);
    state->a->value = 4;
    state->a->next = NEW(C);
    state->a->next->value = 5;
    state->a->next->next = NEW(B);
    state->a->next->next->next = state->a;
    return state;
}
HOLDS {
    return s.a->next->next->next == s.a && s.a->value == 4 && s.a->next->value == 5;
}
} // namespace circle_of_three

namespace pointers_to_pointers {
struct Item {
    IF_NEW(int added;)
    int value;
};
struct State {
    Item *item;
    Item **pointer;
    Item *const &reference;
    IF_NEW(int added;)
};
MAKE {
    auto *item = NEW(Item);
    item->value = 6;
    auto *memory = NEW(State);
    return new (memory) State{item, &memory->item, memory->item IF_NEW(, 0)};
}
HOLDS {
    return (*s.pointer)->value == 6 && s.pointer == &s.item && &s.reference == &s.item;
}
} // namespace pointers_to_pointers

namespace references_and_constants {
struct Item {
    IF_NEW(int added;)
    int value;
};
struct State {
    IF_NEW(long added;)
    const int number;
    Item &item;
    volatile short last;
};
MAKE {
    auto *item = NEW(Item);
    item->value = 6;
    return new (NEW(State)) State{IF_NEW(0, ) 12, *item, 3};
}
HOLDS {
    return s.number == 12 && s.item.value == 6 && s.last == 3;
}
} // namespace references_and_constants

namespace pointer_to_a_row {
struct Grid {
    IF_NEW(int added;)
    short cells[3][IF_OLD(4) IF_NEW(6)];
};
struct State {
    Grid *grid;
    short (*row)[IF_OLD(4) IF_NEW(6)];
};
MAKE {
    auto *state = NEW(State);
    state->grid = NEW(Grid);
    state->grid->cells[2][3] = 23;
    state->row = &state->grid->cells[2];
    return state;
}
HOLDS {
    return s.row == &s.grid->cells[2] && (*s.row)[3] == 23;
}
} // namespace pointer_to_a_row

namespace pointer_in_a_union {
struct Item {
    IF_NEW(int added;)
    int value;
};
struct State {
    union {
        Item *item;
        long number;
    } either;
    IF_NEW(int added;)
};
MAKE {
    auto *state = NEW(State);
    state->either.item = NEW(Item);
    state->either.item->value = 6;
    return state;
}
HOLDS {
    return s.either.item->value == 6;
}
} // namespace pointer_in_a_union

// At no multiple of eight bytes.
namespace pointer_in_a_packed_struct {
struct Item {
    IF_NEW(int added;)
    int value;
};
struct __attribute__((packed)) Part {
    char before;
    Item *item;
};
struct State {
    Part parts[3];
    IF_NEW(char added;)
};
MAKE {
    auto *state = NEW(State);
    for (int i = 0; i < 3; ++i) {
        state->parts[i].item = NEW(Item);
        state->parts[i].item->value = i;
    }
    return state;
}
HOLDS {
    return s.parts[0].item->value == 0 && s.parts[1].item->value == 1 &&
           s.parts[2].item->value == 2;
}
} // namespace pointer_in_a_packed_struct

// The same, in a block that stays where it is.
namespace packed_block_that_stays {
struct Item {
    IF_NEW(int added;)
    int value;
};
struct __attribute__((packed)) State {
    char before;
    Item *items[2];
};
MAKE {
    auto *state = NEW_MANY(State, 2);
    for (int i = 0; i < 4; ++i) {
        state[i / 2].items[i % 2] = NEW(Item);
        state[i / 2].items[i % 2]->value = i;
    }
    return state;
}
HOLDS {
    const State *both = &s;
    return both[0].items[0]->value == 0 && both[0].items[1]->value == 1 &&
           both[1].items[0]->value == 2 && both[1].items[1]->value == 3;
}
} // namespace packed_block_that_stays

namespace table_of_functions {
int once(int n) {
    return n;
}
static int twice(int n) {
    return 2 * n;
}
struct State {
    IF_NEW(int added;)
    int (*functions[IF_OLD(2) IF_NEW(3)])(int);
};
FILL {
    s.functions[0] = once;
    s.functions[1] = twice;
}
HOLDS {
    return s.functions[0] == once && s.functions[1](4) == 8 IF_NEW(&&s.functions[2] == nullptr);
}
} // namespace table_of_functions

namespace member_pointers_of_a_class_that_stays {
struct Item {
    int first;
    int second;
    int get() const { return second; }
};
struct State {
    IF_NEW(int added;)
    int Item::*member;
    int (Item::*function)() const;
};
FILL {
    s.member = &Item::second;
    s.function = &Item::get;
}
HOLDS {
    const Item item{1, 2};
    return item.*s.member == 2 && (item.*s.function)() == 2;
}
} // namespace member_pointers_of_a_class_that_stays

namespace member_pointers_that_are_null {
struct Item {
    IF_NEW(int added;)
    int first;
    int get() const { return first; }
};
struct State {
    int Item::*member;
    int (Item::*function)() const;
    Item item;
};
FILL {
    s.member = nullptr;
    s.function = nullptr;
    s.item.first = 1;
}
HOLDS {
    return s.member == nullptr && s.function == nullptr && s.item.first == 1;
}
} // namespace member_pointers_that_are_null

const Case kCases[] = {
    CASE(one_past_the_end),
    CASE(circle_of_three),
    CASE(pointers_to_pointers),
    CASE(references_and_constants),
    CASE(pointer_to_a_row),
    CASE(pointer_in_a_union),
    CASE(pointer_in_a_packed_struct),
    CASE(packed_block_that_stays),
    CASE(table_of_functions),
    CASE(member_pointers_of_a_class_that_stays),
    CASE(member_pointers_that_are_null),
};

} // namespace

LAYOUT_MODULE(kCases)
