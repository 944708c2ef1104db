#include "linux/constructor_scope.hpp"

#include "linux/guarded_thread.hpp"

#include <ctime>

namespace hotrun {

ConstructorScope::ConstructorScope(ProcessRestart &restart, FailureRecord::Where where,
                                   const Origin &origin, std::chrono::milliseconds limit,
                                   bool is_host)
    : thread_(std::make_unique<GuardedThread>(restart)), before_(guarded_thread()) {
    thread_->where = where;
    thread_->is_host = is_host;
    thread_->library_timestamp = origin.timestamp;
    thread_->boundary = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    copy_text(thread_->library.data(), thread_->library.size(), origin.library.c_str());
    set_guarded_thread(thread_.get());
    if (limit.count() == 0)
        return;
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = kInterruptSignal;
    event.sigev_value.sival_ptr = thread_.get();
    event._sigev_un._tid = thread_->tid;
    timer_t timer = nullptr;
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        return;
    timer_ = timer;
    has_timer_ = true;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    itimerspec when{};
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(limit - seconds).count();
    ::timer_settime(timer, 0, &when, nullptr);
}

ConstructorScope::~ConstructorScope() {
    if (has_timer_)
        ::timer_delete(static_cast<timer_t>(timer_));
    set_guarded_thread(before_);
}

} // namespace hotrun
