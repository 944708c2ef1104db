// The calls between a signal and the host, and whether they can be left behind.
#pragma once

#include "core/symbolizer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <signal.h>

struct link_map;

namespace hotrun {

// What is in a signal handler's reach: no function here takes a lock or allocates memory, save for
// code_addresses().
//
// Frames can be left by a jump if nothing is left half done in them that others rely on: no lock is
// held, no structure is being changed. That is known of two kinds: code of the module itself, whose
// memory is put back, and a few functions of the C library that only compute, or call back, or end
// the program. Everything else, malloc before all, may hold a lock.
class StackWalk {
  public:
    static constexpr std::size_t kKept = 64;

    // Looks up the functions that are known. Once, before any signal; calls after that do nothing.
    // Live copies have `mark` in their names.
    static void prepare(const char *mark);

    enum class Cause {
        kFault,     // the code stopped by itself
        kInterrupt, // the code was interrupted at any place
    };

    // Walks from the interrupted instruction in `context` (a ucontext_t) up to the frame that
    // contains `boundary`, an address on the same stack. A call to nowhere is taken for one of the
    // instruction that made it. May fault on a destroyed stack.
    void walk(int signal, Cause cause, void *context, std::uintptr_t boundary);

    void clear() { depth_ = 0; }

    bool can_be_left() const { return can_be_left_; }
    std::size_t depth() const { return depth_; } // up to the boundary
    std::vector<CodeAddress> code_addresses() const;

    // For a process that takes over: the file is named by the link map.
    struct Frame {
        std::uintptr_t address = 0;
        const link_map *map = nullptr; // null: no loaded file
    };
    const Frame *frames() const { return frames_.data(); }
    std::size_t frame_count() const { return depth_ < kKept ? depth_ : kKept; }

  private:
    friend struct StackVisitor;

    std::array<Frame, kKept> frames_;
    std::size_t depth_ = 0;
    bool can_be_left_ = false;
};

} // namespace hotrun
