// Who may still be in old code.
#pragma once

#include "core/library_loader.hpp"

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

} // namespace hotrun
