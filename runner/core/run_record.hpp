// What of a run outlives its process, when the process replaces itself.
#pragma once

#include "core/guard.hpp"
#include "core/timestamp.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace hotrun {

// Plain memory that both processes map, of one layout: they are one executable. What the host's
// thread writes it writes between calls into modules, so that a failure inside of one finds it
// whole.

// A module.
struct ModuleRecord {
    static constexpr std::size_t kCodeBytes = std::size_t{16} << 10;

    std::uint64_t generation = 0;  // the last one that has proven itself; 0: none
    std::uint64_t candidate = 0;   // runs and has not proven itself yet; 0: none
    std::uint64_t last_number = 0; // of the generations so far
    std::uint64_t step = 0;        // of the snapshot, as the next two
    std::uint64_t state = 0;
    std::uint64_t heap_bytes = 0;
    std::int32_t heap_descriptor = -1;
    bool parked = false;
    bool parked_before = false; // `generation` was, when `candidate` took its place
    bool init_returned = false;
    // How `generation` and `candidate` are loaded again: recipes as text; empty: they can't be.
    char code[kCodeBytes] = {};
    char candidate_code[kCodeBytes] = {};
    bool restart_due = false; // in the next process it is not parked any more
};

// Why the process replaces itself.
struct FailureRecord {
    enum class Where : std::uint8_t { kNowhere, kCall, kConstructor, kDestructor };
    static constexpr std::size_t kFrames = 32;
    static constexpr std::size_t kPathBytes = 512;

    struct Frame {
        std::uint64_t address = 0;
        std::uint64_t load_bias = 0;
        char file[kPathBytes] = {};
    };

    Where where = Where::kNowhere;
    CallSite site; // kConstructor: nothing
    RollBackReason reason = RollBackReason::kCrash;
    int signal_number = 0;
    char signal[16] = {}; // its name
    bool has_address = false;
    std::uint64_t address = 0;
    std::uint64_t frame_count = 0;
    Frame frames[kFrames];
    char library[kPathBytes] = {}; // kConstructor: what the live copy was made from
    Timestamp library_timestamp;
    std::uint64_t steps_lost = 0;
    char detail[kPathBytes] = {};
    char exception_type[kPathBytes] = {}; // mangled; empty: no exception was being handled
    bool is_told = false;                 // by the process that has failed
};

struct RunRecord {
    static constexpr std::uint64_t kMagic = 0x6e75726e75727468; // "htrunrun"

    std::uint64_t magic = kMagic;
    std::uint64_t bytes = 0; // with the modules behind it
    std::uint64_t module_count = 0;
    std::int64_t start_ns = 0; // of the run, by the monotonic clock
    std::atomic<std::uint64_t> last_seq{0};
    std::atomic<std::uint64_t> steps{0};
    std::atomic<std::uint64_t> restarts_in_vain{0}; // since a step was finished
    std::atomic<bool> ready{false};
    std::atomic<bool> stopping{false};
    std::atomic<bool> code_expected{false}; // a build runs or is to, or new code is prepared
    char state_file[4096] = {};             // path of the heap file or the recording; empty: none
    bool is_replayed = false;               // it is played, also if it was recorded at first
    std::atomic<int> exit_status{0};
    std::atomic<int> asked_status{-1}; // by a signal that ends the run; -1: there was none
    std::array<std::atomic<std::int32_t>, 8> children{}; // commands that run, by pid; 0: none
    FailureRecord failure;

    // Whether another restart is worth a try.
    bool has_tries_left() const {
        constexpr std::uint64_t kMostInVain = 3;
        return restarts_in_vain.load() < kMostInVain;
    }

    ModuleRecord *modules() { return reinterpret_cast<ModuleRecord *>(this + 1); }
    static std::size_t bytes_for(std::size_t module_count) {
        return sizeof(RunRecord) + module_count * sizeof(ModuleRecord);
    }
};

// A debugger reads which code is live: scripts/gdb/hotrun_live.py.
static_assert(offsetof(RunRecord, bytes) == 8 && offsetof(RunRecord, module_count) == 16 &&
              offsetof(ModuleRecord, candidate) == 8 && offsetof(ModuleRecord, last_number) == 16 &&
              offsetof(ModuleRecord, code) == 55 && sizeof(ModuleRecord) == 32824);

// One that is too long can't be handed over.
inline void copy_recipe(const std::string &recipe, char (&to)[ModuleRecord::kCodeBytes]) {
    to[0] = '\0';
    if (recipe.size() < sizeof to)
        std::memcpy(to, recipe.c_str(), recipe.size() + 1);
}

} // namespace hotrun
