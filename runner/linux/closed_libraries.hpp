// Which libraries have lain at addresses that nobody may use any more.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hotrun {

// Remembers the last thousand or so. One thread at a time.
void remember_closed_library(std::uintptr_t begin, std::uintptr_t end, const char *path);

// Takes so many addresses that nobody uses, as if that library had lain there. 0: there are none.
std::uintptr_t reserve_as_closed(std::size_t bytes, const char *path);

// Memory for what is to be read there: zeros. False: there is none.
bool give_memory(std::uintptr_t begin, std::uintptr_t end);

// The file name of the library that has lain there; null: none that is remembered. In a signal
// handler too; what it gives stays as it is, unless a thousand libraries are closed meanwhile.
const char *closed_library_at(std::uintptr_t address);

} // namespace hotrun
