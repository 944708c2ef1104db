// The runner's event loop on Boost.Asio.
#pragma once

#include "core/event_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <list>
#include <map>

namespace hotrun {

class SystemClock : public Clock {
  public:
    TimePoint now() const override { return std::chrono::steady_clock::now(); }
    std::chrono::nanoseconds wall() const override {
        return std::chrono::system_clock::now().time_since_epoch();
    }
};

class AsioEventLoop : public EventLoop {
  public:
    void post(std::function<void()> work) override;
    void set_alarm(int name, TimePoint when, std::function<void()> work) override;
    void clear_alarm(int name) override;
    void await_end(std::int64_t pid, std::function<void()> work) override;

    // `readable` reads all that there is: the loop tells of what is new. Not owned.
    void watch(int descriptor, std::function<void()> readable);

    boost::asio::io_context &io() { return io_; }

  private:
    struct Alarm {
        explicit Alarm(boost::asio::io_context &io) : timer(io) {}
        boost::asio::steady_timer timer;
        std::uint64_t count = 0; // goes up each time it is set or cleared
    };

    struct Watched {
        explicit Watched(boost::asio::io_context &io) : descriptor(io) {}
        Watched(const Watched &) = delete;
        Watched &operator=(const Watched &) = delete;
        ~Watched() {
            if (descriptor.is_open())
                descriptor.release();
        }

        boost::asio::posix::stream_descriptor descriptor;
        std::function<void()> readable;
    };

    static void wait(Watched &watched);

    boost::asio::io_context io_{1};
    std::map<int, Alarm> alarms_;
    std::list<Watched> watched_;
};

} // namespace hotrun
