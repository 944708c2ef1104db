// What the generated sources of a benchmark's module work on; it is precompiled for them.
#pragma once

#include "hotrun/module.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

enum class Kind { kOrc, kElf };

struct Vector3 {
    float x, y, z;
};

struct Base {
    virtual ~Base();
    virtual int update(int by) = 0;
};

struct Enemy {
    int health;
    Kind kind;
    Vector3 place;
};

// Of malloc and of the library's own variables: a generation's, and lost with it.
struct World {
    std::uint64_t frame = 0;
    Enemy enemies[64] = {};
    std::vector<int> scores;
    std::map<int, std::string> names;
    std::string label;
    Base *object = nullptr;
    int (*callback)(World *, int) = nullptr;
};
