// Tells that files were saved.
#pragma once

#include "hotrun/result.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hotrun {

// Thread-bound. Reports a file when a write to it was closed, or when it was moved in, removed or
// moved away; never while it is being written.
class Watcher {
  public:
    using OnChange = std::function<void(std::vector<std::string> paths)>;

    // Files of the set whose changes are not told of, and the reason of the first of them.
    struct Unwatched {
        std::set<std::string> files;
        std::optional<Error> why;
    };

    virtual ~Watcher() = default;

    // From now on exactly these files, by difference to those before.
    virtual Unwatched watch(const std::set<std::string> &files) = 0;

    // Reports now what has happened already, before this returns.
    virtual void drain() = 0;
};

} // namespace hotrun
