// A wrapped program that embeds a Runner, as the run that wraps it sees it.
#pragma once

#include "hotrun/events.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hotrun {

// How the program introduces itself.
struct Hello {
    std::int64_t pid = 0;
    std::string builddir;
    std::vector<ModuleStatus> modules;
};

// Bound to the runner's thread.
class AttachedProgram {
  public:
    virtual ~AttachedProgram() = default;

    // A connection. What comes by one that is not attached any more does not count.
    using Client = const void *;

    // Empty: it is taken, and `send` carries lines to it until detach(); else why not.
    virtual std::string attach(const Hello &hello, Client client,
                               std::function<void(std::string line)> send) = 0;
    virtual void told(Client client, EventBody body) = 0;
    virtual void answered(Client client, std::uint64_t candidate) = 0;
    virtual void detach(Client client) = 0;
};

} // namespace hotrun
