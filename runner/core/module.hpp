// A module as the host's thread sees it: its context, its heap, its live code.
#pragma once

#include "core/generation.hpp"
#include "core/permanent_heap.hpp"
#include "hotrun/module.h"

#include <functional>
#include <memory>
#include <string>

namespace hotrun {

// Bound to the host's thread; only allocate, release, log and stop of the context may be called
// from others.
class Module {
  public:
    struct Hooks {
        std::function<void(int level, const char *text)> log;
        std::function<void(int exit_status)> stop;
        std::function<void(const Generation &)> on_switch; // before init or reload
    };

    // `memory` is zeroed, and outlives the Module.
    Module(std::string name, void *memory, std::size_t bytes, Hooks hooks);
    Module(const Module &) = delete;
    Module &operator=(const Module &) = delete;
    ~Module();

    const std::string &name() const { return name_; }
    bool live() const { return live_ != nullptr; }

    // unload(old), switch, then init or reload(new). Takes the generation; gives the old one back.
    struct Switched {
        StateOutcome state = StateOutcome::kKept;
        std::unique_ptr<Generation> old;
    };
    Switched switch_to(std::unique_ptr<Generation> next, PhaseTimes &phases, const Clock &clock);

    void set_steps_finished(std::uint64_t count) { context_.host.step = count; }

    void step() {
        if (live_->callbacks.step != nullptr)
            live_->callbacks.step(&context_.host);
    }

    // Once, at the end of the run; then the code may go.
    void shutdown();
    std::unique_ptr<Generation> take_live() { return std::move(live_); }

  private:
    // What the module gets a pointer to, and how its calls find the way back.
    struct ContextWithOwner {
        hotrun_context host;
        Module *module;
    };

    static Module &owner_of(hotrun_context *context);
    void start_new_code(bool first);

    std::string name_;
    Hooks hooks_;
    PermanentHeap heap_;
    ContextWithOwner context_;
    std::unique_ptr<Generation> live_;
    bool init_returned_ = false;
};

} // namespace hotrun
