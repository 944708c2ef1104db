// Static variables of all kinds. The first code to run changes them, and what comes later checks
// what has become of them. Version 2 has a type and some initialisers that are others.
#include "hotrun/module.h"

#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#if VERSION == 2
#define IF_2(...) __VA_ARGS__
#define IF_NOT_2(...)
#else
#define IF_2(...)
#define IF_NOT_2(...) __VA_ARGS__
#endif

namespace {

int checks = 0;
int held = 0;

void check(const char *what, bool holds) {
    ++checks;
    held += holds ? 1 : 0;
    if (!holds)
        std::printf("<%s does not hold>\n", what);
}

// Says how often it is made and destroyed.
class Traced {
  public:
    explicit Traced(int value) : value_(value) { std::printf("<made>\n"); }
    Traced(const Traced &) = delete;
    ~Traced() { std::printf("<destroyed %d>\n", value_); }

    int value() const { return value_; }
    void set(int value) { value_ = value; }

  private:
    int value_;
};

struct Config {
    IF_2(double added = 2.5;)
    IF_NOT_2(int) IF_2(long) width = 1;
    IF_2(const char *) IF_NOT_2(const char *) title = "first";
    int height = 2;
};

struct State {
    int score;
};

int twice(int n) {
    return 2 * n;
}

int hidden_in_namespace = 1;
static int hidden = 1;
static int untouched = 10 * VERSION;
static int touched = 20 * VERSION;
static HOTRUN_RESET int reset = 30;
static Config config;
static State *state = nullptr;
static int *into_array = nullptr;
static int array[4] = {1, 2, 3, 4};
static int (*function)(int) = nullptr;
static const char *literal = nullptr;
static const char *edited_literal = VERSION == 2 ? "new text" : "old text";
static int *into_other = &hidden;
static unsigned char large[1 << 20];
static std::string short_text;
static std::string edited_text = VERSION == 2 ? "new" : "old";
static const std::string constant_text(40, VERSION == 2 ? 'n' : 'o');
static std::string long_text;
static std::string texts[2];
static std::vector<int> numbers;
static std::map<int, std::string> names;
static Traced global(1);
static int computed = static_cast<int>(std::strlen(edited_literal));

Traced &local() {
    static Traced traced(2);
    return traced;
}

int &plain_local() {
    static int count = 5;
    return count;
}

int &local_of_lambda() {
    const auto lambda = []() -> int & {
        static int count = 6;
        return count;
    };
    return lambda();
}

void never_called_before_version_2() {
    static Traced traced(3);
    check("a local one that was not reached", traced.value() == 3);
}

template <typename T>
struct Counter {
    static inline int count = 7;
};

} // namespace

struct Exported {
    static int member;
};
int Exported::member = 1;
int exported = 1;
inline int shared = 1;

namespace {

// Values that the compiler does not know: it makes a bool of a variable that only ever has two.
void change_all(hotrun_context *context) {
    const int hundred = 100 * static_cast<int>(context->generation);
    const auto n = [hundred](int more) { return hundred + more; };
    hidden_in_namespace = n(1);
    hidden = n(2);
    touched = n(3);
    reset = n(4);
    config.width = n(5);
    config.height = n(6);
    config.title = n(0) == 100 ? "changed" : "first";
    state = HOTRUN_NEW(context, State);
    state->score = n(7);
    context->state = state;
    into_array = &array[2];
    array[2] = n(8);
    function = twice;
    literal = n(0) == 100 ? "a literal" : "none";
    large[5] = static_cast<unsigned char>(n(9));
    large[sizeof large - 1] = static_cast<unsigned char>(n(10));
    short_text = "short";
    long_text = std::string(100, 'x');
    texts[1] = std::string(50, 'y');
    numbers = {1, 2, 3};
    names[4] = "four";
    global.set(n(11));
    local().set(n(12));
    plain_local() = n(13);
    local_of_lambda() = n(14);
    Counter<int>::count = n(15);
    Exported::member = n(16);
    exported = n(17);
    shared = n(18);
}

void check_all(hotrun_context *context) {
    check("a variable of a namespace", hidden_in_namespace == 101);
    check("a variable of a file", hidden == 102);
    check("one that was never changed", untouched == 10 * VERSION);
    check("one that was", touched == 103);
    check("one that starts afresh", reset == 30);
    check("a number that has got larger", config.width == 105);
    check("a moved member", config.height == 106);
    check("a moved literal", std::strcmp(config.title, "changed") == 0);
    IF_2(check("a new member", config.added == 2.5);)
    check("a pointer into the heap", state == context->state && state->score == 107);
    check("a pointer into an array", into_array == &array[2] && *into_array == 108);
    check("a function", function == twice && function(4) == 8);
    check("a literal", std::strcmp(literal, "a literal") == 0);
    check("an edited literal",
          std::strcmp(edited_literal, VERSION == 2 ? "new text" : "old text") == 0);
    check("a pointer to another one", into_other == &hidden);
    check("a large one", large[5] == 109 && large[sizeof large - 1] == 110 && large[77] == 0);
    check("a short text", short_text == "short");
    check("an edited text", edited_text == (VERSION == 2 ? "new" : "old"));
    check("a constant", constant_text == std::string(40, VERSION == 2 ? 'n' : 'o'));
    check("a long text", long_text == std::string(100, 'x'));
    check("an array of texts", texts[0].empty() && texts[1] == std::string(50, 'y'));
    check("numbers", numbers == std::vector<int>{1, 2, 3});
    check("a map", names.size() == 1 && names[4] == "four");
    check("a global object", global.value() == 111);
    check("a local object", local().value() == 112);
    check("a local number", plain_local() == 113);
    check("a local number of a lambda", local_of_lambda() == 114);
    check("a member of a template", Counter<int>::count == 115);
    check("a member of a class", Exported::member == 116);
    check("an exported one", exported == 117);
    check("an inline one", shared == 118);
    check("a computed one", computed == 8);
    never_called_before_version_2();
    // What has its own memory is used, not only looked at.
    long_text += 'x';
    long_text.pop_back();
    numbers.push_back(4);
    numbers.pop_back();
    names[5] = "five";
    names.erase(5);
}

} // namespace

extern "C" {

void hotrun_init(hotrun_context *context) {
    change_all(context);
}

void hotrun_reload(hotrun_context *context) {
#if defined(FAILS)
    global.set(0);
    local().set(0);
    __builtin_trap();
#endif
    checks = held = 0;
    check_all(context);
    reset = 31;
    std::printf("<version %d: %d of %d hold>\n", VERSION, held, checks);
    std::fflush(stdout);
}

void hotrun_step(hotrun_context *) {}

} // extern "C"
