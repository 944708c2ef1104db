#include "linux/linux_process_memory.hpp"

#include <sys/uio.h>
#include <unistd.h>

namespace hotrun {

bool LinuxProcessMemory::read(std::uint64_t address, std::span<std::byte> to) const {
    const iovec local{to.data(), to.size()};
    const iovec remote{reinterpret_cast<void *>(address), to.size()};
    return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) ==
           static_cast<ssize_t>(to.size());
}

} // namespace hotrun
