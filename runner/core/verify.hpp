// Whether a library that is whole may be loaded by this host.
#pragma once

#include "core/elf_image.hpp"
#include "core/library_loader.hpp"

#include <cstdint>
#include <optional>

namespace hotrun {

// The machine this program was compiled for, as ELF counts them.
std::uint16_t host_machine();

struct VerifyRules {
    bool needs_step = true; // this host calls hotrun_step
    std::uint16_t machine = host_machine();
    std::uint32_t abi_version = 0;         // HOTRUN_ABI_VERSION of the host
    const LibraryLoader *loader = nullptr; // asked for the host's symbols; null: it has none
};

// The first rule that the library breaks; none: it may be loaded.
std::optional<Rejection> verify(const ElfImage &image, const VerifyRules &rules);

} // namespace hotrun
