#include "bench/pause_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <sys/resource.h>

namespace hotrun::bench {

namespace {

constexpr std::int64_t kIntervalNs = 1'000'000;
constexpr int kMostIterations = 20000; // for one reload
// Callers of a backlog would come by without a pause.
constexpr std::int64_t kMostLateNs = 5 * kIntervalNs;

std::int64_t now_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

void sleep_until(std::int64_t time_ns) {
    const timespec time = {static_cast<time_t>(time_ns / 1'000'000'000),
                           static_cast<long>(time_ns % 1'000'000'000)};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

long preemptions() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

void set(const char *name, std::size_t value) {
    ::setenv(name, std::to_string(value).c_str(), 1);
}

} // namespace

void EventNotes::event(const Event &event) {
    const std::lock_guard lock(mutex_);
    if (const auto *reloaded = std::get_if<ReloadedEvent>(&event.body)) {
        reloads_.push_back(*reloaded);
        last_generation_ = reloaded->generation;
    }
    if (std::holds_alternative<ReadyEvent>(event.body))
        ready_ = true;
    const auto *built = std::get_if<BuildFinishedEvent>(&event.body);
    if (built != nullptr && built->background)
        ++linked_;
    if (const auto *rolled_back = std::get_if<RolledBackEvent>(&event.body)) {
        ++failed_;
        last_generation_ = rolled_back->from;
    }
    const auto *retired = std::get_if<RetiredEvent>(&event.body);
    if (retired != nullptr && retired->unmapped)
        close_ms_.push_back(static_cast<double>((event.time - last_retired_).count()) / 1e3);
    else if (retired != nullptr)
        last_retired_ = event.time;
}

bool EventNotes::is_ready() const {
    const std::lock_guard lock(mutex_);
    return ready_;
}

std::size_t EventNotes::reloaded_count() const {
    const std::lock_guard lock(mutex_);
    return reloads_.size();
}

std::size_t EventNotes::failed_count() const {
    const std::lock_guard lock(mutex_);
    return failed_;
}

std::uint64_t EventNotes::last_generation() const {
    const std::lock_guard lock(mutex_);
    return last_generation_;
}

std::size_t EventNotes::closed_count() const {
    const std::lock_guard lock(mutex_);
    return close_ms_.size();
}

std::size_t EventNotes::linked_count() const {
    const std::lock_guard lock(mutex_);
    return linked_;
}

std::vector<ReloadedEvent> EventNotes::reloads() const {
    const std::lock_guard lock(mutex_);
    return reloads_;
}

std::vector<double> EventNotes::close_ms() const {
    const std::lock_guard lock(mutex_);
    return close_ms_;
}

PauseHost::PauseHost(const GeneratedLibrary &library, const Work &work, Options options)
    : next_ns_(now_ns()) {
    options.build = false;
    options.targets = {library.path()};
    start(work, std::move(options));
}

PauseHost::PauseHost(const EditedProject &project, const Work &work) : next_ns_(now_ns()) {
    Options options;
    options.builddir = project.builddir();
    options.targets = {project.target()};
    start(work, std::move(options));
}

void PauseHost::start(const Work &work, Options options) {
    set("PAUSE_HEAP_BYTES", work.heap_bytes);
    set("PAUSE_OBJECTS", work.object_count);
    set("PAUSE_DIRTY_PERCENT", static_cast<std::size_t>(work.dirty_percent));
    options.handle_signals = false;
    options.heap_bytes = std::max(options.heap_bytes, 2 * work.heap_bytes);
    options.observers.push_back(&notes_);
    Result<Runner> runner = Runner::create(std::move(options));
    if (!runner) {
        ADD_FAILURE() << runner.error().message;
        std::exit(EXIT_FAILURE);
    }
    runner_.emplace(std::move(*runner));
    while (!notes_.is_ready()) // until then reloads are told of as what is ready
        iterate();
}

PauseHost::Iteration PauseHost::iterate() {
    next_ns_ += kIntervalNs;
    sleep_until(next_ns_);
    const long before = preemptions();
    const std::int64_t start = now_ns();
    runner_->poll();
    const std::int64_t polled = now_ns();
    runner_->step();
    const std::int64_t end = now_ns();
    if (end - next_ns_ > kMostLateNs)
        next_ns_ = end;
    return {static_cast<double>(polled - start) / 1e3, static_cast<double>(end - polled) / 1e3,
            preemptions() != before};
}

void PauseHost::iterate(int count, std::vector<Iteration> &iterations) {
    for (int i = 0; i < count; ++i)
        iterations.push_back(iterate());
}

bool PauseHost::iterate_until(const std::function<bool()> &condition,
                              std::vector<Iteration> *iterations) {
    for (int i = 0; i < kMostIterations && !condition(); ++i) {
        const Iteration iteration = iterate();
        if (iterations != nullptr)
            iterations->push_back(iteration);
    }
    return condition();
}

bool PauseHost::reload(GeneratedLibrary &library, std::vector<Iteration> *iterations) {
    const std::size_t before = notes_.reloaded_count();
    library.put_other();
    const bool has_come =
        iterate_until([&] { return notes_.reloaded_count() > before; }, iterations);
    EXPECT_EQ(notes_.reloaded_count(), before + 1);
    return has_come;
}

int reload_count(int otherwise) {
    const char *given = std::getenv("HOTRUN_BENCH_RELOADS");
    return given == nullptr ? otherwise : std::atoi(given);
}

std::vector<double> phase_us(const std::vector<ReloadedEvent> &reloads, Phase phase) {
    std::vector<double> sample;
    for (const ReloadedEvent &reload : reloads)
        sample.push_back(
            static_cast<double>(reload.phases[static_cast<std::size_t>(phase)].count()));
    return sample;
}

std::vector<double> pause_us(const std::vector<ReloadedEvent> &reloads) {
    std::vector<double> sample;
    for (const ReloadedEvent &reload : reloads)
        sample.push_back(static_cast<double>(reload.pause.count()));
    return sample;
}

} // namespace hotrun::bench
