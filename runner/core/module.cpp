#include "core/module.hpp"

namespace hotrun {

Callbacks Callbacks::of(const Library &library) {
    const auto find = [&](const char *name) {
        return reinterpret_cast<Function>(library.symbol(name));
    };
    return {.init = find("hotrun_init"),
            .step = find("hotrun_step"),
            .shutdown = find("hotrun_shutdown"),
            .reload = find("hotrun_reload"),
            .unload = find("hotrun_unload")};
}

Module::Module(std::string name, void *memory, std::size_t bytes, Hooks hooks)
    : name_(std::move(name)), hooks_(std::move(hooks)), heap_(memory, bytes), context_{} {
    hotrun_context &host = context_.host;
    context_.module = this;
    host.abi_version = HOTRUN_ABI_VERSION;
    host.context_bytes = sizeof(hotrun_context);
    host.heap = heap_.base();
    host.heap_bytes = heap_.bytes();
    host.allocate = [](hotrun_context *context, size_t size, size_t alignment) {
        return owner_of(context).heap_.allocate(size, alignment);
    };
    host.allocate_typed = [](hotrun_context *context, size_t count, const hotrun_type *type) {
        return owner_of(context).heap_.allocate_typed(count, *type);
    };
    host.release = [](hotrun_context *context, void *block) {
        static_cast<void>(owner_of(context).heap_.release(block));
    };
    host.log = [](hotrun_context *context, int level, const char *text) {
        owner_of(context).hooks_.log(level, text);
    };
    host.stop = [](hotrun_context *context, int exit_status) {
        owner_of(context).hooks_.stop(exit_status);
    };
}

Module::~Module() = default;

Module &Module::owner_of(hotrun_context *context) {
    return *reinterpret_cast<ContextWithOwner *>(context)->module;
}

Module::Switched Module::switch_to(std::unique_ptr<Generation> next, PhaseTimes &phases,
                                   const Clock &clock) {
    const bool first = live_ == nullptr;
    if (!first && live_->callbacks.unload != nullptr)
        live_->callbacks.unload(&context_.host);
    phases.mark(Phase::kUnload, clock.now());
    std::unique_ptr<Generation> old = std::exchange(live_, std::move(next));
    context_.host.generation = live_->number;
    if (hooks_.on_switch)
        hooks_.on_switch(*live_);
    phases.mark(Phase::kSwitch, clock.now());
    start_new_code(first);
    phases.mark(Phase::kReload, clock.now());
    return {first ? StateOutcome::kFresh : StateOutcome::kKept, std::move(old)};
}

// A module that gets its hotrun_init by a later save is initialised then.
void Module::start_new_code(bool first) {
    const Callbacks &callbacks = live_->callbacks;
    if (!init_returned_ && callbacks.init != nullptr) {
        callbacks.init(&context_.host);
        init_returned_ = true;
    } else if (!first && callbacks.reload != nullptr) {
        callbacks.reload(&context_.host);
    }
}

void Module::shutdown() {
    if (live_ == nullptr || live_->callbacks.shutdown == nullptr)
        return;
    if (init_returned_ || live_->callbacks.init == nullptr)
        live_->callbacks.shutdown(&context_.host);
}

} // namespace hotrun
