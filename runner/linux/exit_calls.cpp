#include "linux/exit_calls.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <mutex>

extern "C" int __cxa_atexit(void (*function)(void *), void *object, void *owner) noexcept;

namespace hotrun {

namespace {

struct Registry {
    std::mutex mutex;
    std::list<ExitCall> calls;
};

// Static destructors of libraries that are never closed still come here at the process's end.
Registry &registry() {
    static auto *const all = new Registry;
    return *all;
}

void run(void *entry) {
    ExitCall call;
    {
        Registry &all = registry();
        const std::lock_guard lock(all.mutex);
        const auto found = std::ranges::find_if(
            all.calls, [entry](const ExitCall &each) { return &each == entry; });
        call = *found;
        all.calls.erase(found);
    }
    if (!call.is_off)
        call.function(call.object);
}

} // namespace

// An object that is registered again was brought back to before it was constructed, and then
// constructed once more.
int register_exit_call(void (*function)(void *), void *object, void *owner) {
    Registry &all = registry();
    ExitCall *call = nullptr;
    {
        const std::lock_guard lock(all.mutex);
        for (ExitCall &before : all.calls) {
            if (object != nullptr && before.object == object && before.owner == owner &&
                before.function == function)
                before.is_off = true;
        }
        call = &all.calls.emplace_back(ExitCall{function, object, owner, false});
    }
    return __cxa_atexit(run, call, owner);
}

std::vector<ExitCall *> exit_calls_in(const AddressRange &library) {
    std::vector<ExitCall *> found;
    Registry &all = registry();
    const std::lock_guard lock(all.mutex);
    for (ExitCall &call : all.calls) {
        if (library.contains(reinterpret_cast<std::uintptr_t>(call.owner)))
            found.push_back(&call);
    }
    return found;
}

} // namespace hotrun
