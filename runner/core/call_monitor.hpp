// The calls into modules, as seen from another thread.
#pragma once

#include "core/symbolizer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace hotrun {

// Used on the runner's thread.
class CallMonitor {
  public:
    virtual ~CallMonitor() = default;

    // The number of the call that is under way; 0: none is. No number comes twice.
    virtual std::uint64_t current_call() const = 0;

    // Whose call that is, by index; of no meaning if there is none.
    virtual std::size_t current_module() const = 0;

    // Whether somebody may be looking at that call in a debugger, and hold it up.
    virtual bool is_debugged() const = 0;

    // Breaks out of that call if it is still under way, and at a place where that is safe. Some
    // time later, if ever, found_unsafe() tells that it was not.
    virtual void interrupt(std::uint64_t call) = 0;

    // Once after each interrupt(): where the code was.
    virtual std::optional<std::vector<CodeAddress>> found_unsafe() = 0;
};

} // namespace hotrun
