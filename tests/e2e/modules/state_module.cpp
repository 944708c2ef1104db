// State in standard containers of the permanent heap, in two layouts, VERSION 1 and 2.
#include "hotrun/module.hpp"

#include <cstdio>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#if VERSION == 1
#define IF_NEW(...)
#else
#define IF_NEW(...) __VA_ARGS__
#endif

namespace {

template <typename T>
using Heap = hotrun::allocator<T>;
using Text = std::basic_string<char, std::char_traits<char>, Heap<char>>;

#if defined(FAILS) && VERSION == 2
int fail() {
    *static_cast<volatile int *>(nullptr) = 1;
    return 0;
}
#endif

struct Enemy {
    Enemy() = default;
    explicit Enemy(int where) : x(where), name("an enemy whose name is a long one") {}

    IF_NEW(int lives = 3; Text rank = "of the first rank, and that is a long text";)
#if defined(FAILS) && VERSION == 2
    int fails = fail();
#endif
    int x = 0;
    Text name;
    IF_NEW(int armour = 4;)
    bool holds(int where) const {
        return x == where &&
               name == "an enemy whose name is a long one" IF_NEW(
                           &&lives == 3 && rank == "of the first rank, and that is a long text");
    }
};

struct State {
    IF_NEW(double speed = 2.5;)
    IF_NEW(Text title = "new"; std::list<Enemy, Heap<Enemy>> friends;)
    std::vector<Enemy, Heap<Enemy>> in_vector;
    std::map<int, Enemy, std::less<int>, Heap<std::pair<const int, Enemy>>> in_map;
    std::list<Enemy, Heap<Enemy>> in_list;
    std::deque<Enemy, Heap<Enemy>> in_deque;
    std::unordered_map<int, Enemy, std::hash<int>, std::equal_to<int>,
                       Heap<std::pair<const int, Enemy>>>
        in_hash;
    std::map<int, std::vector<Enemy, Heap<Enemy>>, std::less<int>,
             Heap<std::pair<const int, std::vector<Enemy, Heap<Enemy>>>>>
        in_vectors_of_a_map;
    std::shared_ptr<Enemy> shared;
    std::set<int, std::less<int>, Heap<int>> numbers;
    std::optional<int> maybe;
    Text brief;
    Text text;
    Enemy *boss = nullptr;
    Enemy *third = nullptr;
    int rounds = 0;
};

void fill(State &state) {
    for (int i = 0; i < 10; ++i) {
        state.in_vector.emplace_back(i);
        state.in_map.emplace(i, Enemy(i));
        state.in_list.emplace_back(i);
        state.in_deque.emplace_back(i);
        state.in_hash.emplace(i, Enemy(i));
        state.in_vectors_of_a_map[i % 3].emplace_back(i);
        state.numbers.insert(i);
    }
    state.shared = std::allocate_shared<Enemy>(Heap<Enemy>(), 77);
    state.maybe = 5;
    state.brief = "short";
    state.text = "a text that is too long for the object itself";
    state.boss = hotrun::make<Enemy>(99);
    state.third = &state.in_map.at(3);
}

bool said(const char *what, bool holds) {
    if (!holds)
        std::printf("<lost %s>\n", what);
    return holds;
}

template <typename Container>
bool hold(const Container &container) {
    int at = 0;
    for (const Enemy &enemy : container) {
        if (!enemy.holds(at++))
            return false;
    }
    return at == 10;
}

template <typename Map>
bool hold_in(const Map &map) {
    for (int i = 0; i < 10; ++i) {
        const auto found = map.find(i);
        if (found == map.end() || !found->second.holds(i))
            return false;
    }
    return map.size() == 10;
}

template <typename Map>
bool hold_in_vectors_of(const Map &map) {
    for (int i = 0; i < 10; ++i) {
        if (!map.at(i % 3).at(static_cast<std::size_t>(i / 3)).holds(i))
            return false;
    }
    return map.size() == 3;
}

// The containers have to work, too.
bool grow_and_shrink(State &state) {
    state.in_vector.emplace_back(10);
    state.in_vector.pop_back();
    state.in_map.emplace(10, Enemy(10));
    state.in_map.erase(10);
    state.in_hash.emplace(10, Enemy(10));
    state.in_hash.erase(10);
    state.in_deque.emplace_back(10);
    state.in_deque.pop_back();
    state.text += "!";
    state.text.pop_back();
    return ++state.rounds > 0;
}

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    fill(hotrun::state<State>(context));
}

extern "C" void hotrun_reload(hotrun_context *context) {
    auto &state = hotrun::state<State>(context);
    bool all = said("in_vector", hold(state.in_vector));
    all &= said("in_map", hold_in(state.in_map));
    all &= said("in_list", hold(state.in_list));
    all &= said("in_deque", hold(state.in_deque));
    all &= said("in_hash", hold_in(state.in_hash));
    all &= said("in_vectors_of_a_map", hold_in_vectors_of(state.in_vectors_of_a_map));
    all &= said("shared", state.shared->holds(77));
    all &= said("numbers", state.numbers.size() == 10 && *state.numbers.rbegin() == 9);
    all &= said("maybe", state.maybe == 5);
    all &= said("brief", state.brief == "short");
    all &= said("text", state.text == "a text that is too long for the object itself");
    all &= said("boss", state.boss->holds(99));
    all &= said("third", state.third == &state.in_map.at(3));
    IF_NEW(all &= said("speed", state.speed == 2.5);)
    IF_NEW(all &= said("title", state.title == "new"); state.title += '!'; state.title.pop_back();)
    IF_NEW(all &= said("friends", state.friends.empty()); state.friends.emplace_back(1);
           state.friends.clear();)
    if (all && grow_and_shrink(state))
        std::printf("<version %d: all hold>\n", VERSION);
    std::fflush(stdout);
}

extern "C" void hotrun_step(hotrun_context *) {}
