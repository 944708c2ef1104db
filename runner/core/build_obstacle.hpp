// What keeps every build from working, whatever the sources say.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hotrun {

struct BuildObstacle {
    std::string_view words;  // by which it was known, in what ninja printed
    std::string sentence;    // names the object and the remedy
    bool meson_busy = false; // it goes away by itself, when another Meson is done
};

// By the words of ninja, Meson and the compilers; `printed` has no colours. None: the errors in it
// speak for themselves.
std::optional<BuildObstacle> find_build_obstacle(std::string_view printed,
                                                 const std::string &builddir);

// Of a folder without a build.ninja.
std::string not_set_up(const std::string &builddir);

} // namespace hotrun
