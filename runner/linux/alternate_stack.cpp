#include "linux/alternate_stack.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace hotrun {

// Its lowest page stays out of reach, so that an overflow of this stack too is a fault.
AlternateStack::AlternateStack() {
    void *memory =
        ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return;
    memory_ = memory;
    ::mprotect(memory_, static_cast<std::size_t>(::getpagesize()), PROT_NONE);
    stack_t stack{};
    stack.ss_sp = memory_;
    stack.ss_size = kBytes;
    ::sigaltstack(&stack, &before_);
}

AlternateStack::~AlternateStack() {
    if (memory_ == nullptr)
        return;
    if (before_.ss_sp == nullptr)
        before_.ss_flags = SS_DISABLE;
    ::sigaltstack(&before_, nullptr);
    ::munmap(memory_, kBytes);
}

} // namespace hotrun
