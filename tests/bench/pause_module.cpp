// The module of the benchmarks of pauses. Its heap and its work are told by the environment, and it
// fails when it is asked to. PAUSE_VERSION, PAUSE_STATICS_BYTES and PAUSE_GENERATED come from the
// build; with PAUSE_TOLD the first step of new code tells of itself.
#include "pause_state.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>

#include <unistd.h>

Base::~Base() = default;

#if PAUSE_GENERATED
int f_Q000_1(World *world, int by);
#endif

namespace {

constexpr std::size_t kPageWords = 4096 / sizeof(std::uint64_t);

int add(int a, int b) {
    return a + b;
}

struct Adder : Base {
    Adder() : type(HOTRUN_TYPE(Base *)) {}
    int update(int by) override { return sum = operate(sum, by); }
    int (*operate)(int, int) = add;
    const char *name = "a literal that the heap points to";
    const hotrun_type *type;
    int sum = 0;
};

// Lies in the heap.
struct Root {
    Adder *adders;
    std::size_t adder_count;
    std::uint64_t *words;
    std::size_t page_count;
    std::size_t dirty_page_count; // in each step
    std::uint64_t steps;
};

unsigned char statics[PAUSE_STATICS_BYTES + 1] = {1};
int told_version = 0;
std::uint64_t fails_in = 0;       // the generation
const char *fails_once = nullptr; // the file that says so
World world;

std::size_t number(const char *name, std::size_t otherwise) {
    const char *text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

Root &root_of(hotrun_context *context) {
    return *static_cast<Root *>(context->state);
}

void find_wishes() {
    fails_in = number("PAUSE_FAILS_IN", 0);
    fails_once = std::getenv("PAUSE_FAILS_ONCE");
}

void print_time(const std::string &what) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    ::dprintf(STDOUT_FILENO, "%s at %ld.%09ld\n", what.c_str(), static_cast<long>(now.tv_sec),
              now.tv_nsec);
}

// In the allocator, whose lock may be taken then.
void fail_in_malloc() {
    print_time("fails");
    void *volatile no_block = reinterpret_cast<void *>(0x100);
    std::free(no_block);
}

void fail_if_asked(const hotrun_context *context) {
    if (context->generation == fails_in)
        *static_cast<volatile int *>(nullptr) = 1;
    if (fails_once == nullptr)
        return;
    if (::unlink(fails_once) == 0)
        fail_in_malloc();
    print_time("step");
}

void tell_first_step() {
#ifdef PAUSE_TOLD
    if (told_version != PAUSE_VERSION)
        print_time("first step of " + std::to_string(PAUSE_VERSION));
#endif
    told_version = PAUSE_VERSION;
}

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    auto *root = HOTRUN_NEW(context, Root);
    context->state = root;
    const std::size_t bytes = number("PAUSE_HEAP_BYTES", 800 << 10);
    root->adder_count = number("PAUSE_OBJECTS", 1000);
    root->adders = static_cast<Adder *>(
        context->allocate_typed(context, root->adder_count, HOTRUN_TYPE(Adder)));
    for (std::size_t i = 0; i < root->adder_count; ++i)
        new (root->adders + i) Adder;
    root->page_count = (bytes - root->adder_count * sizeof(Adder)) / 4096;
    root->words =
        static_cast<std::uint64_t *>(context->allocate(context, root->page_count * 4096, 4096));
    for (std::size_t i = 0; i < root->page_count * kPageWords; ++i)
        root->words[i] = i * 0x9e3779b97f4a7c15;
    root->dirty_page_count = root->page_count * number("PAUSE_DIRTY_PERCENT", 10) / 100;
    find_wishes();
}

extern "C" void hotrun_reload(hotrun_context *) {
    find_wishes();
}

extern "C" void hotrun_step(hotrun_context *context) {
    Root &root = root_of(context);
    tell_first_step();
    fail_if_asked(context);
    ++root.steps;
    for (std::size_t i = 0; i < root.dirty_page_count; ++i)
        root.words[i * kPageWords] += root.steps;
    for (std::size_t i = 0; i < 16 && i < root.adder_count; ++i)
        root.adders[i].update(PAUSE_VERSION);
    statics[root.steps % sizeof statics] = 1;
#if PAUSE_GENERATED
    f_Q000_1(&world, 20);
#endif
    ++world.frame;
}

#if PAUSE_VERSION == 2
extern "C" int only_in_the_second(int by) {
    return add(by, PAUSE_VERSION);
}
#endif
