// Numbers of unusual kinds, templates, and types of the standard library.
#include "layout_case.hpp"

#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <tuple>
#include <utility>

namespace {

NUMBER(wchar_to_char32, wchar_t, char32_t, 0x1F600)
NUMBER(char_to_wchar, char, wchar_t, 'x')
NUMBER(float_to_int, float, int, -2)
NUMBER(uint64_to_long_double, std::uint64_t, long double, 0xffffffffffffffffU)
NUMBER(long_double_to_int64, long double, std::int64_t, -0x7fffffffffffffffL)
NUMBER(int64_to_uint64, std::int64_t, std::uint64_t, 0x7fffffffffffffffL)
__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UnsignedWide;
NUMBER(int_to_int128, int, Wide, -5)
NUMBER(int128_to_long, Wide, long, -123456789012345L)
NUMBER(int128_to_unsigned, Wide, UnsignedWide, static_cast<Wide>(7) << 100)
NUMBER(int128_to_double, Wide, double, static_cast<Wide>(1) << 90)

namespace moved_numbers {
struct State {
    IF_NEW(char added;)
    Wide wide;
    long double real;
    wchar_t letter;
    decltype(nullptr) nothing;
    __extension__ _Complex float complex;
    float vector __attribute__((vector_size(16)));
};
FILL {
    s.wide = -(static_cast<Wide>(3) << 100);
    s.real = 0.1L;
    s.letter = L'z';
    s.vector[3] = 2.5F;
    __real__ s.complex = 1.5F;
}
HOLDS {
    return s.wide == -(static_cast<Wide>(3) << 100) && s.real == 0.1L && s.letter == L'z' &&
           s.vector[3] == 2.5F && __real__ s.complex == 1.5F;
}
} // namespace moved_numbers

namespace text_grown {
struct State {
    char name[IF_OLD(8) IF_NEW(20)];
    int after;
};
FILL {
    std::memcpy(s.name, "Frodo12", 8);
    s.after = 1;
}
HOLDS {
    return std::strcmp(s.name, "Frodo12") == 0 && s.after == 1;
}
} // namespace text_grown

namespace text_cut {
struct State {
    char name[IF_OLD(20) IF_NEW(8)];
    int after;
};
FILL {
    std::memcpy(s.name, "Frodo", 6);
    s.after = 1;
}
HOLDS {
    return std::strcmp(s.name, "Frodo") == 0 && s.after == 1;
}
} // namespace text_cut

namespace text_behind_a_pointer {
struct State {
    IF_NEW(int added;)
    std::string_view text;
};
FILL {
    s.text = "a literal that is only viewed";
}
HOLDS {
    return s.text == "a literal that is only viewed";
}
} // namespace text_behind_a_pointer

namespace typedef_renamed {
typedef int IF_OLD(Health) IF_NEW(HitPoints);
struct State {
    IF_OLD(Health) IF_NEW(HitPoints) a;
    IF_NEW(int added;)
};
FILL {
    s.a = 5;
}
HOLDS {
    return s.a == 5;
}
} // namespace typedef_renamed

namespace alias_of_another_type {
template <typename T>
using Id = IF_OLD(std::uint16_t) IF_NEW(std::uint64_t);
struct State {
    Id<int> id;
    Id<char> ids[3];
};
FILL {
    s.id = 65535;
    s.ids[2] = 7;
}
HOLDS {
    return s.id == 65535 && s.ids[2] == 7;
}
} // namespace alias_of_another_type

namespace template_of_a_number {
template <int kSize, bool kChecked = true>
struct Ring {
    int first;
    int values[kSize];
};
struct State {
    Ring<IF_OLD(3) IF_NEW(5)> ring;
    int after;
};
FILL {
    s.ring.first = 2;
    s.ring.values[2] = 7;
    s.after = 1;
}
HOLDS {
    return s.ring.first == 2 && s.ring.values[2] == 7 && s.after == 1;
}
} // namespace template_of_a_number

namespace template_of_a_base {
template <typename Number>
struct Holder {
    Number value;
};
struct State : Holder<IF_OLD(int) IF_NEW(double)> {
    int after;
};
FILL {
    s.value = 5;
    s.after = 1;
}
HOLDS {
    return s.value == 5 && s.after == 1;
}
} // namespace template_of_a_base

namespace std_array {
struct State {
    std::array<std::array<int, 2>, IF_OLD(2) IF_NEW(3)> numbers;
};
FILL {
    s.numbers[1][1] = 11;
    s.numbers[0][1] = 1;
}
HOLDS {
    return s.numbers[1][1] == 11 && s.numbers[0][1] == 1 IF_NEW(&&s.numbers[2][0] == 0);
}
} // namespace std_array

namespace std_bitset {
struct State {
    IF_NEW(int added;)
    std::bitset<100> same;
    std::bitset<IF_OLD(70) IF_NEW(300)> grown;
};
FILL {
    s.same.set(99);
    s.grown.set(69);
}
HOLDS {
    return s.same.test(99) && s.same.count() == 1 && s.grown.test(69) && s.grown.count() == 1;
}
} // namespace std_bitset

namespace std_chrono {
struct State {
    IF_NEW(int added;)
    std::chrono::milliseconds same;
    std::chrono::duration<IF_OLD(int) IF_NEW(double), std::milli> other;
    std::chrono::steady_clock::time_point when;
};
FILL {
    s.same = std::chrono::seconds(3);
    s.other = decltype(s.other)(1500);
    s.when = std::chrono::steady_clock::time_point(std::chrono::seconds(9));
}
HOLDS {
    return s.same.count() == 3000 && s.other.count() == 1500 &&
           s.when.time_since_epoch() == std::chrono::seconds(9);
}
} // namespace std_chrono

namespace std_atomic {
struct State {
    IF_NEW(int added = 0;)
    std::atomic<int> same{0};
    std::atomic<IF_OLD(int) IF_NEW(long)> grown{0};
    std::atomic<bool> flag{false};
};
FILL {
    s.same = 3;
    s.grown = -4;
    s.flag = true;
}
HOLDS {
    return s.same == 3 && s.grown == -4 && s.flag;
}
} // namespace std_atomic

namespace std_complex {
struct State {
    IF_NEW(int added;)
    std::complex<double> number;
};
FILL {
    s.number = {1.5, 2.5};
}
HOLDS {
    return s.number == std::complex<double>(1.5, 2.5);
}
} // namespace std_complex

namespace std_pair_and_tuple {
struct Item {
    IF_NEW(int added;)
    int value;
};
struct State {
    std::pair<Item, IF_OLD(float) IF_NEW(double)> pair;
    std::tuple<char, IF_OLD(int) IF_NEW(long), Item> tuple;
};
FILL {
    s.pair.first.value = 1;
    s.pair.second = 0.5F;
    std::get<0>(s.tuple) = 'x';
    std::get<1>(s.tuple) = 2;
    std::get<2>(s.tuple).value = 3;
}
HOLDS {
    return s.pair.first.value == 1 && s.pair.second == 0.5F && std::get<0>(s.tuple) == 'x' &&
           std::get<1>(s.tuple) == 2 && std::get<2>(s.tuple).value == 3;
}
} // namespace std_pair_and_tuple

const Case kCases[] = {
    CASE(wchar_to_char32),
    CASE(char_to_wchar),
    CASE(float_to_int),
    CASE(uint64_to_long_double),
    CASE(long_double_to_int64),
    CASE(int64_to_uint64),
    CASE(int_to_int128),
    CASE(int128_to_long),
    CASE(int128_to_unsigned),
    CASE(int128_to_double),
    CASE(moved_numbers),
    CASE(text_grown),
    CASE(text_cut),
    CASE(text_behind_a_pointer),
    CASE(typedef_renamed),
    CASE(alias_of_another_type),
    CASE(template_of_a_number),
    CASE(template_of_a_base),
    CASE(std_array),
    CASE(std_bitset),
    CASE(std_chrono),
    CASE(std_atomic),
    CASE(std_complex),
    CASE(std_pair_and_tuple),
};

} // namespace

LAYOUT_MODULE(kCases)
