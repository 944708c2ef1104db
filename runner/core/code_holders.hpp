// Who may still be in old code.
#pragma once

#include "core/live_library.hpp"

#include <string>

namespace hotrun {

// Thread-safe.
class CodeHolders {
  public:
    virtual ~CodeHolders() = default;

    // A thread, other than the caller's and the host's, that runs the code or whose stack has an
    // address in it, in a few words; empty: none.
    virtual std::string thread_in(const Library::Place &place) const = 0;
};

// The same, in any part of a library.
inline std::string thread_in(const LiveLibrary &library, const CodeHolders &holders) {
    for (const Library::Place &place : places_of(library)) {
        if (std::string thread = holders.thread_in(place); !thread.empty())
            return thread;
    }
    return {};
}

} // namespace hotrun
