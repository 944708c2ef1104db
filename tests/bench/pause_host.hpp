// A host whose loop comes by each millisecond, and notes how long each iteration takes.
#pragma once

#include "bench/edited_project.hpp"
#include "bench/generated_library.hpp"
#include "hotrun/runner.hpp"

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace hotrun::bench {

// What the module does; it reads that from the environment.
struct Work {
    std::size_t heap_bytes = 800 << 10;
    std::size_t object_count = 1000; // with pointers to a vtable, a function, and data
    int dirty_percent = 10;          // of the heap's pages, in each step
};

// Keeps the events that tell of code.
class EventNotes final : public Observer {
  public:
    void event(const Event &event) override;

    bool is_ready() const;
    std::size_t reloaded_count() const;
    std::size_t failed_count() const;
    std::uint64_t last_generation() const; // that was loaded, whatever has become of it
    std::size_t closed_count() const;
    std::size_t linked_count() const; // libraries behind code that was live already
    std::vector<ReloadedEvent> reloads() const;
    std::vector<double> close_ms() const; // from a switch's report to the close that follows it

  private:
    mutable std::mutex mutex_;
    std::vector<ReloadedEvent> reloads_;
    std::vector<double> close_ms_;
    std::size_t failed_ = 0;
    std::size_t linked_ = 0;
    std::uint64_t last_generation_ = 1;
    Microseconds last_retired_{};
    bool ready_ = false;
};

class PauseHost {
  public:
    PauseHost(const GeneratedLibrary &library, const Work &work, Options options = {});

    // Builds it, with each edit.
    PauseHost(const EditedProject &project, const Work &work);

    struct Iteration {
        double poll_us = 0;
        double step_us = 0;
        bool preempted = false; // something else ran on its processor meanwhile
        double total_us() const { return poll_us + step_us; }
    };

    // The next one, when its time has come.
    Iteration iterate();
    void iterate(int count, std::vector<Iteration> &iterations);

    // Until the condition holds; false: that has taken too long.
    bool iterate_until(const std::function<bool()> &condition, std::vector<Iteration> *iterations);

    // Until the module has been reloaded once more; false: it did not come.
    bool reload(GeneratedLibrary &library, std::vector<Iteration> *iterations = nullptr);

    const EventNotes &notes() const { return notes_; }
    Runner &runner() { return *runner_; }

  private:
    void start(const Work &work, Options options);

    EventNotes notes_;
    std::optional<Runner> runner_;
    std::int64_t next_ns_ = 0;
};

// So many reloads, or as many as HOTRUN_BENCH_RELOADS says.
int reload_count(int otherwise);

std::vector<double> phase_us(const std::vector<ReloadedEvent> &reloads, Phase phase);
std::vector<double> pause_us(const std::vector<ReloadedEvent> &reloads);

} // namespace hotrun::bench
