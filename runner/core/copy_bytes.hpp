// Copies of memory that is not ours alone.
#pragma once

#include <cstddef>

namespace hotrun {

// Segments of an instrumented library hold bytes that its sanitizer forbids to touch, and other
// threads of the module may be writing: no library function that is checked.
__attribute__((no_sanitize("address", "thread"))) inline void
copy_bytes(std::byte *to, const std::byte *from, std::size_t count) {
#if defined(__x86_64__)
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
#else
    for (std::size_t i = 0; i < count; ++i)
        const_cast<volatile std::byte *>(to)[i] = from[i];
#endif
}

} // namespace hotrun
