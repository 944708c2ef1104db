// Source of a module with structs made at random, in two layouts.
#pragma once

#include <string>

namespace hotrun::e2e {

struct RandomLayouts {
    std::string versions[2]; // each prints <version N: COUNT of COUNT hold> in its hotrun_reload
};

// The same for the same seed.
RandomLayouts random_layouts(unsigned seed, int count);

} // namespace hotrun::e2e
