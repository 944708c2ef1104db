#include "linux/asio_event_loop.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <memory>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hotrun {

void AsioEventLoop::post(std::function<void()> work) {
    boost::asio::post(io_, std::move(work));
}

// To cancel a timer comes too late for a handler that is queued already: the count tells it.
void AsioEventLoop::set_alarm(int name, TimePoint when, std::function<void()> work) {
    Alarm &alarm = alarms_.try_emplace(name, io_).first->second;
    alarm.timer.expires_at(when);
    alarm.timer.async_wait([&alarm, count = ++alarm.count,
                            work = std::move(work)](const boost::system::error_code &error) {
        if (!error && count == alarm.count)
            work();
    });
}

void AsioEventLoop::clear_alarm(int name) {
    const auto alarm = alarms_.find(name);
    if (alarm == alarms_.end())
        return;
    ++alarm->second.count;
    alarm->second.timer.cancel();
}

void AsioEventLoop::watch(int descriptor, std::function<void()> readable) {
    Watched &watched = watched_.emplace_back(io_);
    boost::system::error_code error;
    watched.descriptor.assign(descriptor, error);
    if (error) // it is none, or a file, which is always readable
        return watched_.pop_back();
    watched.readable = std::move(readable);
    wait(watched);
}

void AsioEventLoop::wait(Watched &watched) {
    watched.descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                  [&watched](const boost::system::error_code &error) {
                                      if (error)
                                          return;
                                      watched.readable();
                                      wait(watched);
                                  });
}

namespace {

using Process = std::shared_ptr<boost::asio::posix::stream_descriptor>;

// The loop may tell of a descriptor that had this number before.
void await_end_of(const Process &process, std::function<void()> work) {
    process->async_wait(
        boost::asio::posix::stream_descriptor::wait_read,
        [process, work = std::move(work)](const boost::system::error_code &error) mutable {
            pollfd end = {process->native_handle(), POLLIN, 0};
            if (error)
                return;
            if (::poll(&end, 1, 0) == 0)
                await_end_of(process, std::move(work));
            else
                work();
        });
}

} // namespace

void AsioEventLoop::await_end(std::int64_t pid, std::function<void()> work) {
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
    if (pidfd < 0) // it has ended
        return post(std::move(work));
    await_end_of(std::make_shared<boost::asio::posix::stream_descriptor>(io_, pidfd),
                 std::move(work));
}

} // namespace hotrun
