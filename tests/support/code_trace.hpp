// Code of modules that notes how it is called.
#pragma once

#include "core/guard.hpp"
#include "support/fake_library_loader.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace hotrun {

// What the code of all modules did since it was last cleared. Callbacks are plain functions, so
// that there is one trace.
struct CodeTrace {
    using Words = std::vector<std::string>;

    // "step 2": with the generation that the context said; "music: step 2" of a heap with a name.
    Words calls;
    std::map<const void *, std::string> names;                         // of modules, by their heaps
    std::map<CallKind, std::function<void(hotrun_context *)>> effects; // what the code does

    static CodeTrace &get() {
        static CodeTrace trace;
        return trace;
    }

    void note(const std::string &what, const hotrun_context &context) {
        const auto name = names.find(context.heap);
        calls.push_back((name == names.end() ? "" : name->second + ": ") + what + " " +
                        std::to_string(context.generation));
    }

    template <CallKind kind>
    static void called(hotrun_context *context) {
        CodeTrace &trace = get();
        trace.note(name_of(kind) + std::string("hotrun_").size(), *context);
        if (const auto effect = trace.effects.find(kind); effect != trace.effects.end())
            effect->second(context);
    }
};

inline void *symbol_of(Guard::Function function) {
    return reinterpret_cast<void *>(function);
}

inline FakeSymbols all_callbacks() {
    return {{"hotrun_init", symbol_of(CodeTrace::called<CallKind::kInit>)},
            {"hotrun_step", symbol_of(CodeTrace::called<CallKind::kStep>)},
            {"hotrun_shutdown", symbol_of(CodeTrace::called<CallKind::kShutdown>)},
            {"hotrun_reload", symbol_of(CodeTrace::called<CallKind::kReload>)},
            {"hotrun_unload", symbol_of(CodeTrace::called<CallKind::kUnload>)}};
}

inline FakeSymbols without(const std::string &name) {
    FakeSymbols symbols = all_callbacks();
    symbols.erase(name);
    return symbols;
}

} // namespace hotrun
