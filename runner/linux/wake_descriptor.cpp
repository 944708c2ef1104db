#include "linux/wake_descriptor.hpp"

#include "linux/system_error.hpp"

#include <algorithm>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>

namespace hotrun {

Result<WakeDescriptor> WakeDescriptor::create() {
    UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd.is_open())
        return system_error("can't make an event descriptor");
    return WakeDescriptor(std::move(fd));
}

void WakeDescriptor::notify() const noexcept {
    const int saved = errno;
    const std::uint64_t one = 1;
    // Fails only when the count is at its end, and then the reader is awake already.
    [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
    errno = saved;
}

void WakeDescriptor::clear() const noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &count, sizeof count);
}

void WakeDescriptor::wait(std::chrono::nanoseconds limit) const noexcept {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365); // fits the clock
    const Clock::time_point end = Clock::now() + std::min(limit, kLongest);
    while (true) {
        const std::chrono::nanoseconds left = std::max<std::chrono::nanoseconds>(
            end - Clock::now(), std::chrono::nanoseconds::zero());
        const timespec time = {static_cast<time_t>(left.count() / 1'000'000'000),
                               static_cast<long>(left.count() % 1'000'000'000)};
        pollfd waited = {fd_.get(), POLLIN, 0};
        if (::ppoll(&waited, 1, &time, nullptr) >= 0 || errno != EINTR)
            return;
    }
}

} // namespace hotrun
