#include "linux/linux_code_holders.hpp"

#include "guarded_faults.hpp"
#include "sanitizers.hpp"

#include <atomic>
#include <cstring>
#include <functional>
#include <thread>

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

namespace hotrun {
namespace {

std::string thread_id() {
    return std::to_string(::syscall(SYS_gettid));
}

// A thread on a stack on which there was no other before, and so nothing that it has left there.
class ThreadOnNewStack {
  public:
    // `behind`: a word in the memory that follows, which is no part of the stack.
    ThreadOnNewStack(std::function<void()> work, std::uint64_t behind) : work_(std::move(work)) {
        memory_ = static_cast<std::byte *>(::mmap(nullptr, kStackBytes + kPageBytes,
                                                  PROT_READ | PROT_WRITE,
                                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        std::memcpy(memory_ + kStackBytes, &behind, sizeof behind);
        ::mprotect(memory_ + kStackBytes, kPageBytes, PROT_READ);
        pthread_attr_t attributes;
        ::pthread_attr_init(&attributes);
        ::pthread_attr_setstack(&attributes, memory_, kStackBytes);
        const auto run = [](void *work) -> void * {
            (*static_cast<std::function<void()> *>(work))();
            return nullptr;
        };
        EXPECT_EQ(::pthread_create(&thread_, &attributes, run, &work_), 0);
        ::pthread_attr_destroy(&attributes);
    }
    ThreadOnNewStack(const ThreadOnNewStack &) = delete;
    ThreadOnNewStack &operator=(const ThreadOnNewStack &) = delete;
    ~ThreadOnNewStack() {
        ::pthread_join(thread_, nullptr);
        ::munmap(memory_, kStackBytes + kPageBytes);
    }

  private:
    static constexpr std::size_t kStackBytes = std::size_t{2} << 20;
    static constexpr std::size_t kPageBytes = 4096;
    std::function<void()> work_;
    std::byte *memory_ = nullptr;
    pthread_t thread_{};
};

class LinuxCodeHoldersTest : public testing::Test {
  protected:
    // Of another thread that is in `work`, once `found` says so of what is told.
    std::string told_while(const std::function<void()> &work, const std::function<void()> &end,
                           const std::function<bool(const std::string &)> &found) {
        const ThreadOnNewStack thread(
            [&] {
                id_ = thread_id();
                started_.open();
                work();
            },
            behind_stack_);
        EXPECT_TRUE(started_.wait());
        started_.close();
        const auto deadline = std::chrono::steady_clock::now() + kDeadline;
        std::string told;
        do
            told = told_now();
        while (!found(told) && std::chrono::steady_clock::now() < deadline);
        end();
        return told;
    }

    // A sanitizer has a thread of its own, which runs now and then.
    std::string told_at_rest() const {
        std::string told;
        const auto deadline = std::chrono::steady_clock::now() + kDeadline;
        do
            told = told_now();
        while (told.ends_with(" runs, and may be in it") &&
               std::chrono::steady_clock::now() < deadline);
        return told;
    }

    std::string told_now() const {
        const Library::Place empty{};
        const std::vector<std::string> told =
            holders_.threads_in({empty, faults_.library().place()});
        return told.empty() ? std::string() : told.front();
    }

    static bool is_in(const std::string &told) { return told.ends_with(" is in it"); }
    static bool is_none(const std::string &told) { return told.empty(); }

    LoadedFaults faults_;
    LinuxCodeHolders holders_;
    Gate started_;
    std::string id_;
    std::uint64_t behind_stack_ = 0;
};

TEST_F(LinuxCodeHoldersTest, FindsAThreadThatWaitsBelowTheCode) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    ::pthread_mutex_lock(&mutex);
    faults_.shared.mutex = &mutex;
    faults_.shared.goes_on = 0; // it returns once it has the mutex
    const std::string told =
        told_while([this] { faults_.function("hang_in_mutex")(&faults_.context); },
                   [] { ::pthread_mutex_unlock(&mutex); }, is_in);
    EXPECT_TRUE(told.starts_with("thread " + id_ + " (")) << told;
    EXPECT_TRUE(is_in(told)) << told;
    EXPECT_EQ(told_at_rest(), "");
}

TEST_F(LinuxCodeHoldersTest, FindsAThreadThatSleepsInTheCodeItself) {
    faults_.shared.sleeps_on = 1;
    const std::string told =
        told_while([this] { faults_.function("sleep_itself")(&faults_.context); },
                   [this] { faults_.function("wake")(&faults_.context); }, is_in);
    EXPECT_TRUE(told.starts_with("thread " + id_ + " (")) << told;
    EXPECT_TRUE(is_in(told)) << told;
}

TEST_F(LinuxCodeHoldersTest, AThreadThatWaitsElsewhereIsNone) {
    const Gate end;
    const std::string told = told_while([&] { end.wait(); }, [&] { end.open(); }, is_none);
    EXPECT_EQ(told, "");
}

TEST_F(LinuxCodeHoldersTest, WhatLiesBehindAStackIsNotLookedAt) {
    const Gate end;
    behind_stack_ = faults_.library().place().begin;
    EXPECT_EQ(told_while([&] { end.wait(); }, [&] { end.open(); }, is_none), "");
}

TEST_F(LinuxCodeHoldersTest, AThreadThatRunsMayBeAnywhere) {
    std::atomic<bool> goes_on = true;
    const std::string told = told_while(
        [&] {
            while (goes_on) {
            }
        },
        [&] { goes_on = false; }, [](const std::string &text) { return !text.empty(); });
    EXPECT_TRUE(told.starts_with("thread " + id_ + " (")) << told;
    EXPECT_TRUE(told.ends_with(" runs, and may be in it")) << told;
}

// It is at its safe point when this is asked, and the call that has brought it there is the host's.
TEST_F(LinuxCodeHoldersTest, TheHostsThreadIsNone) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    faults_.shared.mutex = &mutex;
    faults_.shared.goes_on = 0;
    std::string told = "not asked";
    std::thread runner([&] {
        ::pthread_mutex_lock(&mutex);
        started_.open();
        EXPECT_TRUE(faults_.event.wait()); // now this thread is in the code
        told = told_at_rest();
        ::pthread_mutex_unlock(&mutex);
    });
    ASSERT_TRUE(started_.wait());
    faults_.function("hang_in_mutex")(&faults_.context);
    runner.join();
    EXPECT_EQ(told, "");
}

TEST_F(LinuxCodeHoldersTest, WhoAsksIsNone) {
    static std::function<void()> ask;
    std::string told = "not asked";
    ask = [&] { told = told_at_rest(); };
    faults_.shared.call_back = [](Guard::Function, hotrun_context *) { ask(); };
    std::thread([this] { faults_.function("below_other")(&faults_.context); }).join();
    EXPECT_EQ(told, "");
}

} // namespace
} // namespace hotrun
