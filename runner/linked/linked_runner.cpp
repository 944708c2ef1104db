// The Runner of a release: the module is linked into the program, and called directly. There is no
// thread, no watch, no guard; libc is all that this needs.
#include "base/step_input.hpp"
#include "hotrun/module.h"
#include "hotrun/runner.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

// What the module leaves out is null.
extern "C" {
__attribute__((weak)) void hotrun_init(hotrun_context *);
__attribute__((weak)) void hotrun_step(hotrun_context *);
__attribute__((weak)) void hotrun_shutdown(hotrun_context *);
__attribute__((weak)) void hotrun_bind(hotrun_context *);
}

namespace hotrun {

namespace {

constexpr int kNotAsked = -1;
constexpr std::array kStopSignals = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

// Asks the run to end. A signal handler reaches it too.
struct StopRequest {
    std::atomic<int> status{kNotAsked};
    std::atomic<bool> interrupted{false};
    int wake = -1; // an eventfd

    void ask(int exit_status) noexcept {
        int expected = kNotAsked;
        status.compare_exchange_strong(expected, exit_status);
        const int error = errno;
        const std::uint64_t one = 1;
        if (::write(wake, &one, sizeof one) < 0)
            errno = error; // it is full: whoever waits is awake
    }
};

std::atomic<StopRequest *> of_signals{nullptr};

// A second interrupt ends the process at once.
void stop_by_signal(int signal) {
    StopRequest *request = of_signals.load();
    if (request == nullptr)
        return;
    if (signal == SIGINT && request->interrupted.exchange(true))
        ::_exit(128 + SIGINT);
    request->ask(signal == SIGTERM ? 0 : 128 + signal);
}

void *find_function(void *, const char *name) {
    return ::dlsym(nullptr, name);
}

// What a module has allocated and not released: it goes with the run, as a permanent heap does.
// Thread-safe.
class ModuleMemory {
  public:
    ModuleMemory() { ends_.after = ends_.before = &ends_; }
    ModuleMemory(const ModuleMemory &) = delete;
    ModuleMemory &operator=(const ModuleMemory &) = delete;
    ~ModuleMemory() {
        while (ends_.after != &ends_)
            release(ends_.after + 1);
    }

    void *allocate(std::size_t bytes, std::size_t alignment) {
        const std::size_t least = std::max(alignment, alignof(Block));
        const std::size_t front = (sizeof(Block) + least - 1) / least * least;
        void *whole = nullptr;
        if (bytes > SIZE_MAX - front || ::posix_memalign(&whole, least, front + bytes) != 0)
            return nullptr;
        auto *memory = static_cast<std::byte *>(whole) + front;
        auto *block = new (memory - sizeof(Block)) Block{nullptr, &ends_, whole};
        const std::lock_guard lock(mutex_);
        block->before = std::exchange(ends_.before, block);
        block->before->after = block;
        return memory;
    }

    void release(void *memory) {
        if (memory == nullptr)
            return;
        const Block *block = static_cast<Block *>(memory) - 1;
        {
            const std::lock_guard lock(mutex_);
            block->before->after = block->after;
            block->after->before = block->before;
        }
        std::free(block->whole);
    }

  private:
    // Right in front of what the module got.
    struct alignas(std::max_align_t) Block {
        Block *before = nullptr;
        Block *after = nullptr;
        void *whole = nullptr; // what is to be freed
    };
    std::mutex mutex_;
    Block ends_; // of the ring of blocks
};

} // namespace

class Runner::Impl {
  public:
    explicit Impl(Options options) : options_(std::move(options)) {
        request_.wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        context_.outer = this;
        hotrun_context &context = context_;
        context.abi_version = HOTRUN_ABI_VERSION;
        context.context_bytes = sizeof(hotrun_context);
        context.generation = 1;
        context.allocate = allocate;
        context.allocate_typed = allocate_typed;
        context.release = [](hotrun_context *of, void *memory) {
            self(of).memory_.release(memory);
        };
        context.log = log;
        context.input = view_.get();
        context.stop = [](hotrun_context *of, int status) { self(of).request_.ask(status); };
        if (options_.handle_signals)
            take_signals();
        begin();
    }
    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;
    ~Impl() {
        shut_down();
        if (options_.handle_signals) {
            of_signals = nullptr;
            for (std::size_t i = 0; i < kStopSignals.size(); ++i)
                ::sigaction(kStopSignals[i], &before_[i], nullptr);
        }
        ::close(request_.wake);
    }

    bool poll() const { return request_.status.load() == kNotAsked; }

    bool step() {
        if (hotrun_step == nullptr || !options_.step_modules || is_paused())
            return false;
        input_.take(std::chrono::steady_clock::now().time_since_epoch(), step_input_);
        view_.show(step_input_);
        hotrun_step(&context_);
        view_.hide_events();
        steps_ = ++context_.step;
        return true;
    }

    int run() {
        while (poll()) {
            const auto start = std::chrono::steady_clock::now();
            step();
            if (options_.step_limit != 0 && context_.step >= options_.step_limit)
                request_.ask(0);
            wait(start + options_.interval - std::chrono::steady_clock::now());
        }
        shut_down();
        return exit_status();
    }

    // What is watched is looked at once at least.
    void wait(std::chrono::nanoseconds limit) {
        using Clock = std::chrono::steady_clock;
        constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24);
        const auto end = Clock::now() + std::min(limit, kLongest);
        do {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
            serve_watched(static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        } while (poll() && Clock::now() < end);
    }

    void watch(int descriptor, std::function<void()> readable) {
        const std::lock_guard lock(mutex_);
        wakes_.push_back({descriptor, POLLIN, 0});
        readable_.push_back(std::move(readable));
    }
    bool can_be_woken() const { return request_.wake >= 0; }

    int descriptor() const { return request_.wake; }
    bool push_input(std::uint32_t kind, std::string_view bytes) { return input_.push(kind, bytes); }
    void set_paused(bool paused) noexcept { paused_ = paused; }
    bool is_paused() const noexcept { return paused_; }
    std::uint64_t steps() const noexcept { return steps_; }
    void stop(int exit_status) noexcept { request_.ask(exit_status); }
    int exit_status() const {
        const int status = request_.status.load();
        return status == kNotAsked ? 0 : status;
    }

  private:
    struct Context : hotrun_context {
        Impl *outer = nullptr;
    };

    // The calls may watch more.
    void serve_watched(int limit_ms) {
        std::vector<pollfd> wakes;
        std::vector<std::function<void()>> readable;
        {
            const std::lock_guard lock(mutex_);
            wakes = wakes_;
            readable = readable_;
        }
        wakes.front().fd = request_.wake;
        if (::poll(wakes.data(), wakes.size(), limit_ms) <= 0)
            return;
        for (std::size_t i = 0; i < readable.size(); ++i) {
            if (wakes[i + 1].revents != 0)
                readable[i]();
        }
    }

    static Impl &self(hotrun_context *context) { return *static_cast<Context *>(context)->outer; }

    static void *allocate(hotrun_context *context, std::size_t bytes, std::size_t alignment) {
        return self(context).memory_.allocate(bytes, alignment);
    }

    static void *allocate_typed(hotrun_context *context, std::size_t count,
                                const hotrun_type *type) {
        std::size_t bytes = 0;
        if (__builtin_mul_overflow(count, type->size_bytes, &bytes))
            return nullptr;
        void *memory = allocate(context, bytes, type->alignment);
        return memory == nullptr ? nullptr : std::memset(memory, 0, bytes);
    }

    static void log(hotrun_context *context, int level, const char *text) {
        for (Observer *observer : self(context).options_.observers)
            observer->log(self(context).name(), level, text);
    }

    std::string name() const { return options_.targets.empty() ? "" : options_.targets.front(); }

    void take_signals() {
        of_signals = &request_;
        struct sigaction action {};
        action.sa_handler = stop_by_signal;
        for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
            ::sigaction(kStopSignals[i], nullptr, &before_[i]);
            if (kStopSignals[i] != SIGHUP || before_[i].sa_handler != SIG_IGN)
                ::sigaction(kStopSignals[i], &action, nullptr);
        }
    }

    void begin() {
        if (options_.on_switch)
            options_.on_switch(LiveModule{name(), context_.generation, nullptr, find_function});
        if (hotrun_bind != nullptr)
            hotrun_bind(&context_);
        if (hotrun_init != nullptr)
            hotrun_init(&context_);
    }

    void shut_down() {
        if (std::exchange(shut_down_, true) || hotrun_shutdown == nullptr)
            return;
        hotrun_shutdown(&context_);
    }

    Options options_;
    StopRequest request_;
    ModuleMemory memory_;
    Context context_{};
    std::mutex mutex_; // guards what is waited for
    std::vector<pollfd> wakes_{{-1, POLLIN, 0}};
    std::vector<std::function<void()>> readable_; // of all but the first
    InputQueue input_;
    StepInput step_input_;
    InputView view_;
    std::atomic<bool> paused_{false};
    std::atomic<std::uint64_t> steps_{0};
    std::array<struct sigaction, kStopSignals.size()> before_{};
    bool shut_down_ = false;
};

Runner::Runner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Runner::Runner(Runner &&) noexcept = default;
Runner &Runner::operator=(Runner &&) noexcept = default;
Runner::~Runner() = default;

Result<Runner> Runner::create(Options options) {
    for (const auto &[name, value] :
         {std::pair("heap_file", options.heap_file), std::pair("record", options.record),
          std::pair("replay", options.replay)}) {
        if (!value.empty())
            return Error{ErrorKind::kMisuse,
                         std::string("a program with its module linked in has no ") + name +
                             "; leave that option empty",
                         0};
    }
    auto impl = std::make_unique<Impl>(std::move(options));
    if (!impl->can_be_woken())
        return Error{ErrorKind::kFailed,
                     "there is no descriptor left to wake the loop by; close some", EMFILE};
    return Runner(std::move(impl));
}

bool Runner::poll() {
    return impl_->poll();
}
bool Runner::step() {
    return impl_->step();
}
int Runner::run() {
    return impl_->run();
}
void Runner::wait(std::chrono::nanoseconds limit) {
    impl_->wait(limit);
}
int Runner::descriptor() const {
    return impl_->descriptor();
}
void Runner::stop(int exit_status) noexcept {
    impl_->stop(exit_status);
}
int Runner::exit_status() const {
    return impl_->exit_status();
}

bool Runner::push_input(std::uint32_t kind, std::string_view bytes) {
    return impl_->push_input(kind, bytes);
}
void Runner::set_paused(bool paused) noexcept {
    impl_->set_paused(paused);
}
bool Runner::is_paused() const noexcept {
    return impl_->is_paused();
}
std::uint64_t Runner::steps() const noexcept {
    return impl_->steps();
}
void Runner::end(int exit_status) {
    impl_->stop(exit_status);
}

void Runner::watch(int descriptor, std::function<void()> readable) {
    impl_->watch(descriptor, std::move(readable));
}

// There is nothing to build, to load or to play.
bool Runner::request_build() {
    return false;
}
void Runner::request_reload() {}
void Runner::replay() {}

bool is_restart() {
    return false;
}

} // namespace hotrun
