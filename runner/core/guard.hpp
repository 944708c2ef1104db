// Calls into a module, and what becomes of them.
#pragma once

#include "core/symbolizer.hpp"
#include "hotrun/module.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

enum class CallKind : std::uint8_t { kInit, kStep, kShutdown, kReload, kUnload };

// The callback's name in the contract.
constexpr const char *name_of(CallKind kind) {
    switch (kind) {
    case CallKind::kInit:
        return "hotrun_init";
    case CallKind::kStep:
        return "hotrun_step";
    case CallKind::kShutdown:
        return "hotrun_shutdown";
    case CallKind::kReload:
        return "hotrun_reload";
    case CallKind::kUnload:
        return "hotrun_unload";
    }
    return "";
}

struct CallSite {
    std::size_t module = 0; // index
    CallKind kind = CallKind::kStep;
};

// Why a call did not return.
struct Fault {
    RollBackReason reason = RollBackReason::kCrash;
    int signal_number = 0;                // 0: none
    std::string signal;                   // its name
    std::optional<std::uint64_t> address; // what the code wanted to reach
    std::vector<CodeAddress> backtrace;
    std::string detail;
};

// For use in a sentence.
inline std::string described(const Fault &fault) {
    std::string text = fault.signal.empty() ? std::string(to_word(fault.reason)) : fault.signal;
    if (!fault.detail.empty())
        text += ": " + fault.detail;
    return text;
}

// Bound to the host's thread.
class Guard {
  public:
    using Function = void (*)(hotrun_context *);

    virtual ~Guard() = default;

    // False: the function did not return. Its frames are gone without their destructors having run,
    // and take_fault() says what happened. A failure after which nothing in the process can be
    // trusted does not come back here at all.
    virtual bool call(const CallSite &site, Function function, hotrun_context *context) = 0;
    virtual Fault take_fault() = 0;
};

// Calls, and nothing else: what fails ends the process.
class NoGuard final : public Guard {
  public:
    bool call(const CallSite & /*site*/, Function function, hotrun_context *context) override {
        function(context);
        return true;
    }
    Fault take_fault() override { return {}; }
};

} // namespace hotrun
