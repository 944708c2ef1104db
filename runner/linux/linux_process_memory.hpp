// process_vm_readv(2) of the process itself: what can't be read is an error and no fault.
#pragma once

#include "core/process_memory.hpp"

namespace hotrun {

class LinuxProcessMemory final : public ProcessMemory {
  public:
    bool read(std::uint64_t address, std::span<std::byte> to) const override;
};

} // namespace hotrun
