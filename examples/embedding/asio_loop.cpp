// A host on Boost.Asio: a timer is the program, and the Runner is one more descriptor of its loop.
#include "hotmaths.h"

#include "hotrun/runner.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdio>

namespace {

namespace asio = boost::asio;

class Program {
  public:
    Program(asio::io_context &io, hotrun::Runner &runner, const hotmaths_api &maths)
        : io_(io), runner_(runner), maths_(maths), timer_(io), news_(io, runner.descriptor()) {
        await_news();
        tick();
    }
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;
    ~Program() { news_.release(); } // the descriptor is the Runner's

  private:
    // The safe point: between two handlers nothing of the module is on the stack.
    void await_news() {
        if (!runner_.poll())
            return io_.stop();
        news_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const auto &error) {
            if (!error)
                await_news();
        });
    }

    void tick() {
        if (maths_.operate != nullptr)
            std::printf("operate(6, 7) = %d\n", maths_.operate(6, 7));
        timer_.expires_after(std::chrono::milliseconds(100));
        timer_.async_wait([this](const auto &error) {
            if (!error)
                tick();
        });
    }

    asio::io_context &io_;
    hotrun::Runner &runner_;
    const hotmaths_api &maths_;
    asio::steady_timer timer_;
    asio::posix::stream_descriptor news_;
};

} // namespace

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    hotmaths_api maths{};
    hotrun::Options options;
    options.targets = {"hotmaths"};
    options.step_modules = false;
    options.on_switch = [&maths](const hotrun::LiveModule &module) {
        hotmaths_load(&maths, module.library, module.get_proc);
    };
    auto runner = hotrun::Runner::create(std::move(options));
    if (!runner) {
        std::fprintf(stderr, "asio-loop: %s\n", runner.error().message.c_str());
        return 1;
    }
    asio::io_context io;
    Program program(io, *runner, maths);
    io.run();
    return runner->exit_status();
}
