#include "e2e/fault_rows.hpp"

#include <algorithm>
#include <initializer_list>
#include <ostream>
#include <string_view>

namespace hotrun::e2e {

namespace {

constexpr Which kFirst = Which::kFirst;
constexpr Which kLater = Which::kLater;
constexpr StateAfter kFresh = StateAfter::kFresh;
constexpr StateAfter kGoesOn = StateAfter::kGoesOn;
constexpr StateAfter kSnapshot = StateAfter::kSnapshot;

// Left by a jump, or by a new process where the process can't be trusted any more.
constexpr const char *kBack = "rolled_back";
constexpr const char *kNewProcess = "restarted rolled_back";
constexpr const char *kUnloadFailed = "reloaded";
constexpr const char *kRestarted = "restarted";
constexpr const char *kConstructor = "restarted rejected";

const std::vector<FaultRow> kRows = {
    // fault               place   at which   threads events  to reason       signal     state

    // The first step of new code: the old code goes on.
    {"null_write", "step", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"bus_error", "step", 1, kLater, 1, kBack, 1, "crash", "SIGBUS", kGoesOn},
    {"divide", "step", 1, kLater, 1, kBack, 1, "crash", "SIGFPE", kGoesOn},
    {"trap", "step", 1, kLater, 1, kBack, 1, "crash", "SIGILL", kGoesOn},
    {"abort", "step", 1, kLater, 1, kBack, 1, "abort", "SIGABRT", kGoesOn},
    {"assert", "step", 1, kLater, 1, kBack, 1, "abort", "SIGABRT", kGoesOn},
    {"overflow", "step", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"throw_exception", "step", 1, kLater, 1, kBack, 1, "exception", "", kGoesOn},
    {"throw_int", "step", 1, kLater, 1, kBack, 1, "exception", "", kGoesOn},
    {"throw_from_library", "step", 1, kLater, 1, kBack, 1, "exception", "", kGoesOn},
    {"throw_in_noexcept", "step", 1, kLater, 1, kBack, 1, "abort", "SIGABRT", kGoesOn},
    {"crash_in_catch", "step", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"call_null", "step", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"jump_to_data", "step", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"crash_in_qsort", "step", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"copy_from_wild", "step", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"length_of_wild", "step", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"crash_with_lock", "step", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"free_twice", "step", 1, kLater, 1, kNewProcess, 1, "abort", "SIGABRT", kGoesOn},
    {"stdio_locked", "step", 1, kLater, 1, kNewProcess, 1, "crash", "SIGSEGV", kGoesOn},
    {"crash_in_log", "step", 1, kLater, 1, kNewProcess, 1, "crash", "SIGSEGV", kGoesOn},
    {"crash_in_allocate", "step", 1, kLater, 1, kNewProcess, 1, "crash", "SIGSEGV", kGoesOn},
    {"raise_segv", "step", 1, kLater, 1, kNewProcess, 1, "crash", "SIGSEGV", kGoesOn},
    {"loop", "step", 1, kLater, 1, kBack, 1, "timeout", "", kGoesOn},
    {"loop_in_malloc", "step", 1, kLater, 1, kBack, 1, "timeout", "", kGoesOn},

    // A later step: the last snapshot, and no call until there is new code.
    {"null_write", "step", 200, kLater, 1, kBack, 2, "crash", "SIGSEGV", kSnapshot},
    {"bus_error", "step", 200, kLater, 1, kBack, 2, "crash", "SIGBUS", kSnapshot},
    {"divide", "step", 200, kLater, 1, kBack, 2, "crash", "SIGFPE", kSnapshot},
    {"trap", "step", 200, kLater, 1, kBack, 2, "crash", "SIGILL", kSnapshot},
    {"abort", "step", 200, kLater, 1, kBack, 2, "abort", "SIGABRT", kSnapshot},
    {"assert", "step", 200, kLater, 1, kBack, 2, "abort", "SIGABRT", kSnapshot},
    {"overflow", "step", 200, kLater, 1, kBack, 2, "crash", "SIGSEGV", kSnapshot},
    {"throw_exception", "step", 200, kLater, 1, kBack, 2, "exception", "", kSnapshot},
    {"throw_int", "step", 200, kLater, 1, kBack, 2, "exception", "", kSnapshot},
    {"throw_in_noexcept", "step", 200, kLater, 1, kBack, 2, "abort", "SIGABRT", kSnapshot},
    {"call_null", "step", 200, kLater, 1, kBack, 2, "crash", "SIGSEGV", kSnapshot},
    {"jump_to_data", "step", 200, kLater, 1, kBack, 2, "crash", "SIGSEGV", kSnapshot},
    {"crash_in_qsort", "step", 200, kLater, 1, kBack, 2, "crash", "SIGSEGV", kSnapshot},
    {"copy_from_wild", "step", 200, kLater, 1, kBack, 2, "crash", "SIGSEGV", kSnapshot},
    {"free_twice", "step", 200, kLater, 1, kNewProcess, 2, "abort", "SIGABRT", kSnapshot},
    {"stdio_locked", "step", 200, kLater, 1, kNewProcess, 2, "crash", "SIGSEGV", kSnapshot},
    {"crash_in_allocate", "step", 200, kLater, 1, kNewProcess, 2, "crash", "SIGSEGV", kSnapshot},
    {"loop", "step", 200, kLater, 1, kBack, 2, "timeout", "", kSnapshot},
    {"loop_in_malloc", "step", 200, kLater, 1, kBack, 2, "timeout", "", kSnapshot},
    {"null_write", "step", 200, kFirst, 1, kBack, 1, "crash", "SIGSEGV", kSnapshot},
    {"throw_int", "step", 200, kFirst, 1, kBack, 1, "exception", "", kSnapshot},
    {"free_twice", "step", 200, kFirst, 1, kNewProcess, 1, "abort", "SIGABRT", kSnapshot},

    // The first code of the run, in hotrun_init or its first step: nothing runs, all begins anew.
    {"null_write", "init", 1, kFirst, 1, kBack, 0, "crash", "SIGSEGV", kFresh},
    {"divide", "init", 1, kFirst, 1, kBack, 0, "crash", "SIGFPE", kFresh},
    {"abort", "init", 1, kFirst, 1, kBack, 0, "abort", "SIGABRT", kFresh},
    {"overflow", "init", 1, kFirst, 1, kBack, 0, "crash", "SIGSEGV", kFresh},
    {"throw_exception", "init", 1, kFirst, 1, kBack, 0, "exception", "", kFresh},
    {"loop", "init", 1, kFirst, 1, kBack, 0, "timeout", "", kFresh},
    {"free_twice", "init", 1, kFirst, 1, kNewProcess, 0, "abort", "SIGABRT", kFresh},
    {"null_write", "step", 1, kFirst, 1, kBack, 0, "crash", "SIGSEGV", kFresh},
    {"throw_int", "step", 1, kFirst, 1, kBack, 0, "exception", "", kFresh},
    {"loop", "step", 1, kFirst, 1, kBack, 0, "timeout", "", kFresh},
    {"free_twice", "step", 1, kFirst, 1, kNewProcess, 0, "abort", "SIGABRT", kFresh},

    // hotrun_reload of new code: the old code goes on.
    {"null_write", "reload", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"divide", "reload", 1, kLater, 1, kBack, 1, "crash", "SIGFPE", kGoesOn},
    {"abort", "reload", 1, kLater, 1, kBack, 1, "abort", "SIGABRT", kGoesOn},
    {"overflow", "reload", 1, kLater, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"throw_exception", "reload", 1, kLater, 1, kBack, 1, "exception", "", kGoesOn},
    {"loop", "reload", 1, kLater, 1, kBack, 1, "timeout", "", kGoesOn},
    {"free_twice", "reload", 1, kLater, 1, kNewProcess, 1, "abort", "SIGABRT", kGoesOn},
    {"stdio_locked", "reload", 1, kLater, 1, kNewProcess, 1, "crash", "SIGSEGV", kGoesOn},

    // hotrun_unload of old code: it does not keep the new code out.
    {"null_write", "unload", 1, kLater, 1, kUnloadFailed, 3, "crash", "SIGSEGV", kGoesOn},
    {"abort", "unload", 1, kLater, 1, kUnloadFailed, 3, "abort", "SIGABRT", kGoesOn},
    {"overflow", "unload", 1, kFirst, 1, kUnloadFailed, 2, "crash", "SIGSEGV", kGoesOn},
    {"throw_exception", "unload", 1, kFirst, 1, kUnloadFailed, 2, "exception", "", kGoesOn},
    {"loop", "unload", 1, kFirst, 1, kUnloadFailed, 2, "timeout", "", kGoesOn},
    {"free_twice", "unload", 1, kFirst, 1, "restarted reloaded", 2, "abort", "SIGABRT", kGoesOn},

    // hotrun_shutdown: the run ends as it would have.
    {"null_write", "shutdown", 1, kFirst, 1, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"abort", "shutdown", 1, kLater, 1, kBack, 2, "abort", "SIGABRT", kGoesOn},
    {"throw_int", "shutdown", 1, kLater, 1, kBack, 2, "exception", "", kGoesOn},
    {"loop", "shutdown", 1, kFirst, 1, kBack, 1, "timeout", "", kGoesOn},
    {"free_twice", "shutdown", 1, kFirst, 1, kNewProcess, 1, "abort", "SIGABRT", kGoesOn},

    // Static constructors hold the dynamic linker's lock, and destructors as well.
    {"null_write", "constructor", 1, kLater, 1, kConstructor, 1, "crash", "SIGSEGV", kGoesOn},
    {"abort", "constructor", 1, kLater, 1, kConstructor, 1, "abort", "SIGABRT", kGoesOn},
    {"throw_exception", "constructor", 1, kLater, 1, kConstructor, 1, "exception", "", kGoesOn},
    {"loop", "constructor", 1, kLater, 1, kConstructor, 1, "timeout", "", kGoesOn},
    {"free_twice", "constructor", 1, kLater, 1, kConstructor, 1, "abort", "SIGABRT", kGoesOn},
    {"null_write", "constructor", 1, kFirst, 1, kConstructor, 0, "crash", "SIGSEGV", kFresh},
    {"throw_int", "constructor", 1, kFirst, 1, kConstructor, 0, "exception", "", kFresh},
    {"null_write", "destructor", 1, kFirst, 1, kRestarted, 0, "crash", "SIGSEGV", kGoesOn},
    {"loop", "destructor", 1, kFirst, 1, kRestarted, 0, "timeout", "", kGoesOn},

    // With a thread of the module's own that allocates all the time.
    {"null_write", "step", 1, kLater, 2, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"throw_exception", "step", 1, kLater, 2, kBack, 1, "exception", "", kGoesOn},
    {"loop", "step", 1, kLater, 2, kBack, 1, "timeout", "", kGoesOn},
    {"free_twice", "step", 1, kLater, 2, kNewProcess, 1, "abort", "SIGABRT", kGoesOn},
    {"null_write", "step", 200, kLater, 2, kBack, 2, "crash", "SIGSEGV", kSnapshot},
    {"loop_in_malloc", "step", 200, kLater, 2, kBack, 2, "timeout", "", kSnapshot},
    {"stdio_locked", "step", 200, kLater, 2, kNewProcess, 2, "crash", "SIGSEGV", kSnapshot},
    {"null_write", "reload", 1, kLater, 2, kBack, 1, "crash", "SIGSEGV", kGoesOn},
    {"null_write", "init", 1, kFirst, 2, kBack, 0, "crash", "SIGSEGV", kFresh},
    {"abort", "unload", 1, kLater, 2, kUnloadFailed, 3, "abort", "SIGABRT", kGoesOn},
    {"null_write", "constructor", 1, kLater, 2, kConstructor, 1, "crash", "SIGSEGV", kGoesOn},
    {"null_write", "shutdown", 1, kLater, 2, kBack, 2, "crash", "SIGSEGV", kGoesOn},
};

} // namespace

const std::vector<FaultRow> &fault_rows() {
    return kRows;
}

std::string FaultRow::not_with(bool address, bool thread) const {
    const auto is_one_of = [this](std::initializer_list<std::string_view> names) {
        return std::ranges::count(names, fault) != 0;
    };
    if ((address || thread) && is_one_of({"free_twice"}))
        return "a sanitizer ends the process at a double free";
    if ((address || thread) &&
        is_one_of({"copy_from_wild", "length_of_wild", "stdio_locked", "crash_in_log"}))
        return "a sanitizer reads the memory itself, in its own code";
    if ((address || thread) && is_one_of({"crash_in_qsort"}))
        return "a sanitizer's own qsort stands between";
    if ((address || thread) && is_one_of({"overflow"}))
        return "the stack may end in a sanitizer's own code";
    if ((address || thread) && is_one_of({"loop_in_malloc"}))
        return "a sanitizer's malloc leaves hardly a moment to break out of it";
    if (thread && is_one_of({"abort", "throw_in_noexcept"}))
        return "ThreadSanitizer has an abort of its own";
    if (thread && is_one_of({"loop"}))
        return "ThreadSanitizer holds signals back while a thread only computes";
    return {};
}

std::string FaultRow::name() const {
    std::string text = std::string(fault) + "_in_" + place;
    if (std::string_view(place) == "step")
        text += std::to_string(at);
    text += which == Which::kFirst ? "_of_the_first" : "_of_a_later";
    return threads > 1 ? text + "_with_threads" : text;
}

std::ostream &operator<<(std::ostream &stream, const FaultRow &row) {
    return stream << row.name();
}

} // namespace hotrun::e2e
