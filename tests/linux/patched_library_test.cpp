#include "patched_game.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>

namespace hotrun {
namespace {

// No header: they are compiled in no time.
constexpr const char *kPatchedGame = R"(
struct Shape {
    virtual ~Shape() {}
    virtual int area() { return 1; }
    static void *operator new(decltype(sizeof 0), char *room) { return room; }
    static void operator delete(void *) {}
};
namespace { struct Square : Shape { int area() override { return 4; } }; }
static int calls = 40;
static int total;
static const int kTable[] = {1, 2, 3, 4};
static const char *const kNames[] = {"one", "two"};
int shared = 5;
static int helper(int x) { return x + 1; }
template <typename T> T twice(T x) { return x * 2 + x / 1000; }
inline int counted() { static int n = 100; return ++n; }
struct Failure { int code; };
struct Tracer { int *at; ~Tracer() { *at += 1; } };
static int initial() { return 7; }
static int computed = initial();
int gone(int x) { return x - 1; }
extern "C" {
int (*kept)(int);
Shape *shape;
const char *label;
int destroyed;
int step(int x) { ++calls; total += x; return calls; }
int use_helper(int x) { return helper(x); }
alignas(8) static char room[64];
void keep() { kept = helper; shape = new (room) Square; label = "first"; }
int same_helper() { return kept == helper; }
int call_kept(int x) { return kept(x); }
int call_area() { return shape->area(); }
int use_table(int i) { return kTable[i]; }
const int *address_of_table() { return kTable; }
const char *name_of(int i) { return kNames[i]; }
int use_twice(int x) { return twice(x); }
int use_counted() { return counted(); }
int use_shared() { return ++shared; }
int use_computed() { return computed; }
void set_computed(int x) { computed = x; }
int use_gone(int x) { return gone(x); }
int catches(int x) {
    try {
        if (x > 10)
            throw Failure{x};
    } catch (const Failure &f) { return f.code; }
    return 0;
}
void passes(void (*callback)()) { Tracer tracer{&destroyed}; callback(); }
void throws(int x) { Tracer tracer{&destroyed}; throw x; }
}
)";

class PatchedLibraryTest : public testing::TestWithParam<ObjectToolchain> {
  protected:
    void SetUp() override {
        if (!ObjectCompiler::is_there(GetParam().compiler))
            GTEST_SKIP() << GetParam().compiler << " is not installed";
    }
};

TEST_P(PatchedLibraryTest, NewBodiesRunWithTheOldVariables) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    EXPECT_EQ(live.call("step", 1), 41);
    EXPECT_EQ(live.call("use_counted"), 101);
    std::string text = replaced(kPatchedGame, "return calls; }", "return calls + 1000 * total; }");
    text = replaced(text, "x + 1; }", "x + 11; }");
    text = replaced(text, "x * 2 +", "x * 3 +");
    text = replaced(text, "return ++n;", "return n += 10;");
    text = replaced(text, "return ++shared;", "return shared += 2;");
    ASSERT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("step", 2), 3042);
    EXPECT_EQ(live.call("use_helper", 1), 12);
    EXPECT_EQ(live.call("use_twice", 5), 15);
    EXPECT_EQ(live.call("use_counted"), 111);
    EXPECT_EQ(live.call("use_shared"), 7);
    EXPECT_EQ(live.call("use_computed"), 7);
    EXPECT_EQ(live.variable<int>("shared"), 7);
}

TEST_P(PatchedLibraryTest, PointersThatAreKeptLeadToNewBodies) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    live.function<void()>("keep")();
    EXPECT_EQ(live.call("call_area"), 4);
    const int *const table = live.function<const int *()>("address_of_table")();
    std::string text = replaced(kPatchedGame, "return 4; }", "return 9; }");
    text = replaced(text, "x + 1; }", "x + 21; }");
    ASSERT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("call_kept", 1), 22);
    EXPECT_EQ(live.call("same_helper"), 1) << "a function's address stays the same";
    EXPECT_EQ(live.call("call_area"), 9);
    live.function<void()>("keep")();
    EXPECT_EQ(live.call("call_area"), 9) << "a new object has the old table";
    EXPECT_EQ(live.call("same_helper"), 1);
    EXPECT_EQ(live.function<const int *()>("address_of_table")(), table);
    EXPECT_STREQ(live.variable<const char *>("label"), "first");
}

TEST_P(PatchedLibraryTest, ConstantsOfTheFileMayChange) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    ASSERT_EQ(live.patch(replaced(kPatchedGame, "{1, 2, 3, 4}", "{1, 2, 30, 4}")), "");
    EXPECT_EQ(live.call("use_table", 2), 30);
    EXPECT_STREQ(live.function<const char *(int)>("name_of")(1), "two");
    std::string text = replaced(kPatchedGame, "{1, 2, 3, 4}", "{1, 2, 30, 40}");
    ASSERT_EQ(live.patch(replaced(text, "\"two\"", "\"three\"")), "");
    EXPECT_EQ(live.call("use_table", 3), 40);
    EXPECT_STREQ(live.function<const char *(int)>("name_of")(1), "three");
    live.undo();
    EXPECT_EQ(live.call("use_table", 3), 4);
    EXPECT_STREQ(live.function<const char *(int)>("name_of")(1), "two");
}

TEST_P(PatchedLibraryTest, ConstantThatComesBackHasItsNewContent) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    std::string without = replaced(kPatchedGame, "static const int kTable[] = {1, 2, 3, 4};", "");
    without = replaced(without, "return kTable[i]; }", "return i; }");
    without = replaced(without, "return kTable; }", "return 0; }");
    ASSERT_EQ(live.patch(without), "");
    EXPECT_EQ(live.call("use_table", 2), 2);
    ASSERT_EQ(live.patch(replaced(kPatchedGame, "{1, 2, 3, 4}", "{1, 2, 30, 4}")), "");
    EXPECT_EQ(live.call("use_table", 2), 30);
    EXPECT_EQ(live.function<const int *()>("address_of_table")()[2], 30);
    live.undo();
    live.undo();
    EXPECT_EQ(live.call("use_table", 2), 3);
}

void throw_from_outside() {
    throw std::runtime_error("outside");
}

TEST_P(PatchedLibraryTest, ExceptionsPassThroughNewCode) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    std::string text = replaced(kPatchedGame, "return f.code; }", "return f.code * 2; }");
    text = replaced(text, "throw x; }", "throw x + 1; }");
    ASSERT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("catches", 11), 22);
    EXPECT_EQ(live.call("catches", 1), 0);
    try {
        live.function<void(int)>("throws")(4);
        ADD_FAILURE() << "nothing was thrown";
    } catch (int number) {
        EXPECT_EQ(number, 5);
    }
    EXPECT_THROW(live.function<void(void (*)())>("passes")(throw_from_outside), std::runtime_error);
    EXPECT_EQ(live.variable<int>("destroyed"), 2);
    live.undo();
    EXPECT_EQ(live.call("catches", 11), 11);
    EXPECT_THROW(live.function<void(int)>("throws")(4), int);
    EXPECT_EQ(live.variable<int>("destroyed"), 3);
}

TEST_P(PatchedLibraryTest, FunctionsJoinAndLeave) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    std::string text = replaced(kPatchedGame, "int gone(int x) { return x - 1; }",
                                "int joined(int x) { return x + 50; }\n"
                                "extern \"C\" unsigned long strlen(const char *);");
    text = replaced(text, "return gone(x); }",
                    "return joined(x) + (int)strlen(label ? label : \"none\"); }");
    ASSERT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("use_gone", 1), 55);
    ASSERT_EQ(live.patch(replaced(text, "x + 50", "x + 60")), "");
    EXPECT_EQ(live.call("use_gone", 1), 65);
    live.undo();
    EXPECT_EQ(live.call("use_gone", 1), 55);
    live.undo();
    EXPECT_EQ(live.call("use_gone", 1), 0);
}

TEST_P(PatchedLibraryTest, ManyPatchesAreUndoneOneByOne) {
    ObjectCompiler compiler(GetParam());
    LiveGame live(compiler, kPatchedGame);
    live.function<void()>("keep")();
    constexpr int kPatches = 4;
    for (int i = 1; i <= kPatches; ++i) {
        const std::string number = std::to_string(10 * i);
        std::string text = replaced(kPatchedGame, "x + 1; }", "x + " + number + "; }");
        text = replaced(text, "return 4; }", "return " + number + "; }");
        ASSERT_EQ(live.patch(text), "");
        EXPECT_EQ(live.call("call_kept", 1), 1 + 10 * i);
        EXPECT_EQ(live.call("use_helper", 1), 1 + 10 * i);
        EXPECT_EQ(live.call("call_area"), 10 * i);
        EXPECT_EQ(live.call("same_helper"), 1);
    }
    for (int i = kPatches - 1; i >= 0; --i) {
        live.undo();
        EXPECT_EQ(live.call("call_kept", 1), i == 0 ? 2 : 1 + 10 * i);
        EXPECT_EQ(live.call("use_helper", 1), i == 0 ? 2 : 1 + 10 * i);
        EXPECT_EQ(live.call("call_area"), i == 0 ? 4 : 10 * i);
    }
}

struct RefusedPatch {
    const char *from;
    const char *to;
    const char *why; // a part of the sentence
};

TEST(PatchedLibrary, WhatIsMoreThanBodiesIsRefusedAndChangesNothing) {
    ObjectCompiler compiler(kPlainToolchain);
    LiveGame live(compiler, kPatchedGame);
    const RefusedPatch table[] = {
        {"static int total;", "static int total, more; int *use() { return &more; }",
         "the variable more is new"},
        {"calls = 40", "calls = 41", "the variable calls has another initial value"},
        {"static int total;", "static long total;", "the variable total has"},
        {"static int total;", "static float total;", "the type of the variable total has changed"},
        {"static int total;", "static thread_local int total;", "thread_local"},
        {"struct Failure { int code; }", "struct Failure { int code; int more; }",
         "the layout of Failure has changed"},
        {"virtual int area() { return 1; }",
         "virtual int area() { return 1; } virtual int b() { return 2; }", "has changed"},
        {"int initial() { return 7; }\nstatic int computed = initial();",
         "int initial() { return 7; }\nstatic int computed = initial() + 1;",
         "what is done when the library is loaded has changed"},
        {"extern \"C\" {\n", "extern \"C\" {\n extern const int kPublic; const int kPublic = 1;\n",
         ""},
    };
    for (const RefusedPatch &row : table) {
        const std::string why = live.patch(replaced(kPatchedGame, row.from, row.to));
        if (*row.why == '\0') {
            EXPECT_EQ(why, "") << row.to;
            live.undo();
            continue;
        }
        EXPECT_NE(why.find(row.why), std::string::npos) << row.to << ": " << why;
    }
    EXPECT_EQ(live.call("step", 1), 41);
}

// Functions of which each has its own numbers, texts and variables, and some call others.
class RandomGame {
  public:
    explicit RandomGame(unsigned seed) : random_(seed) {
        for (Body &body : bodies_)
            body = {number(), number(), number(), number(), 0};
    }

    static constexpr int kFunctions = 24;

    // What a person does in one save.
    void edit() {
        Body &body = bodies_[random_() % kFunctions];
        switch (random_() % 6) {
        case 0:
            body.factor = number();
            break;
        case 1:
            body.text_length = number();
            break;
        case 2:
            body.table = number();
            break;
        case 3:
            body.helper = body.helper == 0 ? 1 + number() : 0; // a function joins, or leaves
            break;
        default:
            body.summand = number();
            body.factor = number();
        }
    }

    std::string text() const {
        std::string text = "extern \"C\" unsigned long strlen(const char *);\n"
                           "struct Base { virtual ~Base() {} virtual int get(int x) = 0; };\n";
        for (int i = 0; i < kFunctions; ++i)
            text += "extern \"C\" int f" + std::to_string(i) + "(int x);\n";
        for (int i = 0; i < kFunctions; ++i)
            text += function(i);
        return text;
    }

    // Calls it, and says what it has to give.
    int expected(int i, int x) {
        const Body &body = bodies_[static_cast<std::size_t>(i)];
        const int calls = ++calls_[static_cast<std::size_t>(i)];
        int result = x * body.factor + body.summand + body.table * 3 + body.text_length + calls;
        result += body.helper == 0 ? 0 : x + body.helper;
        return i % 3 == 0 && i > 0 ? result + expected(i - 1, x + 1) : result;
    }

    void start_anew() { calls_ = {}; }

  private:
    struct Body {
        int factor, summand, table, text_length, helper;
    };

    int number() { return static_cast<int>(random_() % 50); }

    std::string function(int i) const {
        const Body &body = bodies_[static_cast<std::size_t>(i)];
        const std::string id = std::to_string(i);
        std::string text = "static const int table" + id + "[] = {1, 2, " +
                           std::to_string(body.table * 3) + "};\nnamespace { struct Object" + id +
                           " : Base { int get(int x) override { return x * " +
                           std::to_string(body.factor) + "; } }; }\n";
        if (body.helper != 0)
            text += "static int helper" + id + "(int x) { return x + " +
                    std::to_string(body.helper) + "; }\n";
        text += "int f" + id + "(int x) {\n static int calls = 0; static Object" + id +
                " object; Base *base = &object;\n int sum = base->get(x) + " +
                std::to_string(body.summand) + " + table" + id + "[2] + ++calls;\n" +
                " sum += (int)strlen(\"" +
                std::string(static_cast<std::size_t>(body.text_length), 'a') + "\");\n";
        if (body.helper != 0)
            text += " sum += helper" + id + "(x);\n";
        if (i % 3 == 0 && i > 0)
            text += " sum += f" + std::to_string(i - 1) + "(x + 1);\n";
        return text + " return sum;\n}\n";
    }

    std::mt19937 random_;
    std::array<Body, kFunctions> bodies_{};
    std::array<int, kFunctions> calls_{};
};

// HOTRUN_PATCHES says how many saves, HOTRUN_PATCHES_SEED which.
unsigned setting(const char *name, unsigned otherwise) {
    const char *text = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? otherwise : static_cast<unsigned>(std::atoi(text));
}

TEST(PatchedLibrary, RandomEditsHaveTheResultsOfTheirSources) {
    const unsigned patches = setting("HOTRUN_PATCHES", 10);
    const bool is_optimized = patches % 2 != 0;
    constexpr unsigned kUntilWholeReload = 50;
    RandomGame game(setting("HOTRUN_PATCHES_SEED", 1));
    ObjectCompiler compiler({"g++", is_optimized ? "-O2" : "-O0 -fno-gnu-unique"});
    std::unique_ptr<LiveGame> live;
    unsigned refused = 0;
    for (unsigned i = 0; i <= patches; ++i) {
        bool is_whole = i % kUntilWholeReload == 0;
        if (!is_whole) {
            game.edit();
            const std::string why = live->patch(game.text());
            ASSERT_TRUE(is_optimized || why.empty()) << "save " << i << ": " << why;
            is_whole = !why.empty(); // an optimiser makes one function of two that are alike
            refused += is_whole ? 1 : 0;
        }
        if (is_whole) {
            live.reset();
            live = std::make_unique<LiveGame>(compiler, game.text());
            game.start_anew();
        }
        for (int f = 0; f < RandomGame::kFunctions; ++f) {
            const int x = static_cast<int>(i % 7);
            const int expected = game.expected(f, x);
            ASSERT_EQ(live->call(("f" + std::to_string(f)).c_str(), x), expected)
                << "f" << f << " after save " << i;
        }
    }
    EXPECT_LE(refused, patches / 2);
}

INSTANTIATE_TEST_SUITE_P(Toolchains, PatchedLibraryTest,
                         testing::Values(kPlainToolchain,
                                         ObjectToolchain{"g++",
                                                         "-O2 -fno-inline -ffunction-sections "
                                                         "-fno-gnu-unique"},
                                         ObjectToolchain{"clang++", "-O2"}));

} // namespace
} // namespace hotrun
