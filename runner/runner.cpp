// The loop of a Runner on the host's thread, and its end.
#include "runner_impl.hpp"

#include <algorithm>

#include <unistd.h>

namespace hotrun {

Runner::Impl::~Impl() {
    if (!thread_.joinable())
        return;
    if (host_loader_)
        host_loader_->close();
    hosted_->shut_down();
    if (kept_heap_ != nullptr)
        kept_heap_->finish(); // the live copies that it keeps go next
    if (recording_ != nullptr)
        recording_->finish();
    loop_.post([this] { engine_->stop_after_link([this] { close(); }); });
    thread_.join();
}

void Runner::Impl::close() {
    if (watchdog_)
        watchdog_->stop();
    reloader_->close(hosted_->take_all());
    if (recording_ != nullptr && replayed_ == nullptr)
        events_->tell(recording_->outcome());
    engine_->tell_stopped(exit_status(), hosted_->steps());
    close_sockets();
    loop_.io().stop();
}

void Runner::Impl::close_sockets() {
    if (control_server_)
        control_server_->tell_events();
    control_socket_.reset();
    wrapper_.reset();
}

// The timestamp is all that this compares; what it means is found out on the runner's thread.
void Runner::Impl::look_at_libraries() {
    bool different = false;
    const Handover::Paths libraries = handover_.libraries();
    for (const std::string &path : *libraries) {
        const std::optional<Timestamp> now = files_.timestamp(path);
        std::optional<Timestamp> &known = library_stamps_[path];
        different |= now != known;
        known = now;
    }
    if (different)
        loop_.post([this] { engine_->library_changed(); });
}

void Runner::Impl::act_at_safe_point() {
    const bool has_ended = handover_.stop_requested() && restart_->record().failure.is_told;
    if (handover_.take(Handover::Wish::kRestart) && !has_ended) {
        hosted_->take_snapshots();
        if (recording_ != nullptr)
            recording_->finish();
        restart_->replace_process();
        stop(1); // it can't be replaced
    }
    if (handover_.take(Handover::Wish::kLoad) && host_loader_) {
        hosted_->take_snapshots(); // static constructors may take the process with them
        host_loader_->serve();
    }
    handover_.take(Handover::Wish::kLook); // the loop asks by itself
    if (handover_.take(Handover::Wish::kSnapshot))
        hosted_->take_snapshots();
    if (handover_.take(Handover::Wish::kReplay))
        begin_replay();
    hosted_->switch_to_offered();
    wake_.clear();
    if (handover_.has_news()) // since then
        wake_.notify();
}

// The host's thread can't come to the end by itself.
void Runner::Impl::stop_by_signal(int status) {
    stop(status);
    if (watchdog_ && watchdog_->is_stalled())
        force_end(exit_status());
}

void Runner::Impl::end(int exit_status) {
    stop(exit_status);
    loop_.post([this, exit_status] { stop_by_signal(exit_status); });
}

bool Runner::Impl::request_build() {
    if (plan_.build)
        loop_.post([this] { engine_->build([](const ChangeOutcome &) {}); });
    return plan_.build;
}

void Runner::Impl::request_reload() {
    loop_.post([this] { engine_->reload([](const ChangeOutcome &) {}); });
}

void Runner::Impl::watch(int descriptor, std::function<void()> readable) {
    loop_.post(
        [this, descriptor, readable = std::move(readable)] { loop_.watch(descriptor, readable); });
}

// Runner's thread. Without shutdown: the host's thread is in a call that does not return.
void Runner::Impl::force_end(int status) {
    engine_->stop();
    reloader_->remove_files();
    engine_->tell_stopped(status, hosted_->steps());
    close_sockets();
    ::_exit(status);
}

// Between two iterations while there is nothing to step. Only a loop that compares timestamps has
// to come back by itself.
std::chrono::milliseconds Runner::Impl::idle_interval() const {
    constexpr std::chrono::milliseconds kLookAgain{10};
    if (!look_at_libraries_)
        return std::chrono::hours(24);
    return std::max(options_.interval, kLookAgain);
}

Duration Runner::Impl::pause_after_step() const {
    return replayed_ != nullptr ? replayed_->replay->pause() : options_.interval;
}

int Runner::Impl::run() {
    while (poll()) {
        const TimePoint start = clock_.now();
        const bool stepped = step();
        if (options_.step_limit != 0 && hosted_->steps() >= options_.step_limit)
            stop(0);
        const Duration left =
            start + (stepped ? pause_after_step() : idle_interval()) - clock_.now();
        if (left.count() > 0)
            wake_.wait(left);
    }
    hosted_->shut_down();
    return exit_status();
}

Runner::Runner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Runner::Runner(Runner &&) noexcept = default;
Runner &Runner::operator=(Runner &&) noexcept = default;
Runner::~Runner() = default;

Result<Runner> Runner::create(Options options) {
    Result<std::unique_ptr<Impl>> impl = Impl::create(std::move(options));
    if (!impl)
        return impl.error();
    return Runner(std::move(*impl));
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
void Runner::replay() {
    impl_->replay();
}
bool Runner::push_input(std::uint32_t kind, std::string_view bytes) {
    return impl_->push_input(kind, bytes);
}
void Runner::end(int exit_status) {
    impl_->end(exit_status);
}
bool Runner::request_build() {
    return impl_->request_build();
}
void Runner::request_reload() {
    impl_->request_reload();
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
void Runner::watch(int descriptor, std::function<void()> readable) {
    impl_->watch(descriptor, std::move(readable));
}
int Runner::exit_status() const {
    return impl_->exit_status();
}

bool is_restart() {
    return process_was_replaced();
}

} // namespace hotrun
