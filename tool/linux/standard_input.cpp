#include "standard_input.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <semaphore>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

namespace hotrun {

// The end of a pipe that is closed wakes it.
class StandardInput::Reader {
  public:
    explicit Reader(Take take) : take_(std::move(take)) {}
    Reader(const Reader &) = delete;
    Reader &operator=(const Reader &) = delete;
    ~Reader() {
        ::close(wake_[1]);
        if (ended_ != nullptr)
            ended_->acquire();
        ::close(wake_[0]);
    }

    // Signals are for the threads of the run. The thread is detached, since a run that is ended by
    // force waits for nobody.
    bool start() {
        if (::pipe2(wake_.data(), O_CLOEXEC) != 0)
            return false;
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        const auto ended = std::make_shared<std::binary_semaphore>(0);
        try {
            std::thread([this, ended] {
                read();
                ended->release();
            }).detach();
            ended_ = ended;
        } catch (const std::system_error &) {
            // then there is no thread
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        return ended_ != nullptr;
    }

  private:
    void read() const {
        std::array<char, 4096> bytes{};
        while (is_readable()) {
            const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
            if (count < 0 && (errno == EINTR || errno == EAGAIN))
                continue;
            take_({bytes.data(), static_cast<std::size_t>(count < 0 ? 0 : count)});
            if (count <= 0)
                return;
        }
    }

    // False: it is to end.
    bool is_readable() const {
        std::array<pollfd, 2> files{{{STDIN_FILENO, POLLIN, 0}, {wake_[0], POLLIN, 0}}};
        while (::poll(files.data(), files.size(), -1) < 0) {
            if (errno != EINTR)
                return false;
        }
        return files[1].revents == 0;
    }

    const Take take_;
    std::array<int, 2> wake_{-1, -1};
    std::shared_ptr<std::binary_semaphore> ended_; // of the thread; null: there is none
};

std::optional<StandardInput> StandardInput::read(Take take) {
    auto reader = std::make_unique<Reader>(std::move(take));
    if (!reader->start())
        return std::nullopt;
    return StandardInput(std::move(reader));
}

StandardInput::StandardInput(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
StandardInput::StandardInput(StandardInput &&) noexcept = default;
StandardInput::~StandardInput() = default;

} // namespace hotrun
