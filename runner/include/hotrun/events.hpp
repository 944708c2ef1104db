// What a run tells: the events of docs/events.md as types. Plain values, free to copy and to move
// between threads. Durations are microseconds, paths absolute and canonical.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hotrun {

using Microseconds = std::chrono::microseconds;

// Where the time of one reload goes, in the order in which it goes there.
enum class Phase {
    kWatch,
    kBuild,
    kVerify,
    kCopy,
    kLoad,
    kPrepare,
    kWait,
    kSnapshot,
    kUnload,
    kMigrate,
    kRebind,
    kSwitch,
    kReload,
    kFirstStep,
};
inline constexpr std::size_t kPhaseCount = 14;
inline constexpr std::array<std::string_view, kPhaseCount> kPhaseNames = {
    "watch",    "build",  "verify",  "copy",   "load",   "prepare", "wait",
    "snapshot", "unload", "migrate", "rebind", "switch", "reload",  "first_step",
};

enum class ChangeSource { kWatch, kEditor, kPoll, kTimestamp };
enum class BuildStatus { kOk, kFailed, kCancelled, kNothing };
enum class Severity { kError, kWarning, kNote };
enum class StateOutcome { kKept, kMigrated, kFresh };
enum class Lane { kLibrary, kObject };
enum class RejectReason {
    kTruncated,
    kNotElf,
    kWrongMachine,
    kAbi,
    kNoStep,
    kUndefinedSymbol,
    kMissingLibrary,
    kConstructor,
    kSanitizer,
    kLayoutRefused,
    kNoSpace,
};

enum class RollBackReason { kCrash, kException, kTimeout, kAbort };

// Each enumerator as the word that the event stream uses.
std::string_view to_word(ChangeSource source);
std::string_view to_word(BuildStatus status);
std::string_view to_word(Severity severity);
std::string_view to_word(StateOutcome outcome);
std::string_view to_word(Lane lane);
std::string_view to_word(RejectReason reason);
std::string_view to_word(RollBackReason reason);

struct ModuleStatus {
    std::string name;
    std::string library;
    std::uint64_t generation = 0; // 0: none yet
    std::string heap = {};        // what heap file its state comes from, if from one: a sentence
};

struct BuiltEdge {
    std::string output;
    Microseconds start{}; // since ninja started
    Microseconds duration{};
};

// The program that is wrapped, or is to be.
struct ProgramStatus {
    std::string path;
    std::int64_t pid = 0; // 0: it does not run
};

struct ReadyEvent {
    std::string version;
    std::int64_t pid = 0;
    std::string builddir;
    std::vector<std::string> targets;
    std::vector<ModuleStatus> modules;
    std::size_t watched_files = 0;
    std::optional<std::string> socket;
    std::optional<ProgramStatus> program = {}; // none: the modules run in this process
};

struct ChangeEvent {
    std::vector<std::string> paths;
    ChangeSource source = ChangeSource::kWatch;
};

struct BuildStartedEvent {
    std::vector<std::string> targets;
    std::optional<std::uint64_t> cause_seq; // the change that asked for it; none for the first
    std::vector<std::string> objects{};     // not empty: these alone are built, by the object lane
    bool background = false; // of libraries whose new code is live already, by the object lane
};

// Line and column count from 1, columns in bytes; 0: the compiler named none.
struct DiagnosticEvent {
    std::string path;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    Severity severity = Severity::kError;
    std::string message;
    std::string target;
    std::vector<DiagnosticEvent> children; // the notes that belong to it
};

struct BuildFinishedEvent {
    BuildStatus status = BuildStatus::kOk;
    int exit_status = 0;
    Microseconds duration{};
    std::vector<BuiltEdge> edges;
    std::string output;      // what the failed commands printed, as they printed it
    bool background = false; // as in BuildStartedEvent
    bool preamble = false;   // the object was compiled with its preamble, and ninja's is behind
};

struct ReloadedEvent {
    std::string module;
    std::uint64_t generation = 0;
    StateOutcome state = StateOutcome::kKept;
    Microseconds total{}; // from the reading of the last save to the end of the first new step
    std::array<Microseconds, kPhaseCount> phases{}; // disjoint; they add up to total
    Microseconds pause{};                           // snapshot to reload
    Lane lane = Lane::kLibrary;
    std::string why;
    std::string detail;
};

struct RejectedEvent {
    std::string module;
    std::uint64_t generation = 0; // the one that runs on; 0: none
    RejectReason reason = RejectReason::kNotElf;
    std::string detail;
};

// One call on a stack. What is not known is empty or 0.
struct StackFrame {
    std::uint64_t address = 0; // in the process
    std::string function;      // as C++ writes it
    std::string file;          // of the source
    std::uint32_t line = 0;
    std::string library; // path
};

// The module's code failed, and the module is back in an earlier state.
struct RolledBackEvent {
    std::string module;
    std::uint64_t from = 0; // the generation that failed
    std::uint64_t to = 0;   // the one whose state it has now; 0: fresh state
    RollBackReason reason = RollBackReason::kCrash;
    std::string signal;                   // its name; empty: none
    std::optional<std::uint64_t> address; // what the code wanted to reach
    std::vector<StackFrame> backtrace;    // the innermost call first
    std::uint64_t steps_lost = 0;
    std::string detail;
    bool parked = false; // nothing of the module is called until its next generation
    bool waits = false;  // it is for new code that is on its way; else the process restarts
};

// A call into the module does not return, and can't be broken out of safely.
struct StalledEvent {
    std::string module;
    std::uint64_t generation = 0;
    std::string detail;
    std::vector<StackFrame> backtrace;
};

// The process has replaced itself: the same pid, and the heap as it was at the last snapshot.
struct RestartedEvent {
    std::int64_t pid = 0;
    std::string reason;
    int exit_status = 0; // what the failure would have ended the process with
};

// What follows the end of a wrapped program.
enum class AfterEnd {
    kWait,    // the next save starts it
    kRestart, // it is started again at once
    kEnd,     // the run ends too
};
std::string_view to_word(AfterEnd next);

struct ProgramStartedEvent {
    ProgramStatus program;
    std::uint64_t start = 0; // from 1: how often it has been started
};

// It embeds a Runner, and all of its modules that could be loaded are live.
struct ProgramAttachedEvent {
    std::int64_t pid = 0;
    std::vector<ModuleStatus> modules;
};

struct ProgramEndedEvent {
    ProgramStatus program; // as it was; pid 0: it could not be started
    int exit_status = 0;   // 128 and the signal's number, if one has ended it
    std::string signal;    // its name; empty: none
    AfterEnd next = AfterEnd::kWait;
    std::string detail; // why it could not be started, or what was done to end it
};

struct RetiredEvent {
    std::string module;
    std::uint64_t generation = 0;
    bool unmapped = false;
    std::string why; // why it is still mapped
};

// A recording has been played to its end, and begins anew unless the run is to end.
struct ReplayedEvent {
    std::string file;       // path
    std::uint64_t pass = 0; // from 1; those that a save has cut short are not counted
    std::uint64_t steps = 0;
    Microseconds duration{}; // that it took
    std::uint64_t generation = 0;
};

// The run has ended, and so has its recording.
struct RecordedEvent {
    std::string file; // path
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0; // with what lies beside it
};

// The next save of that source is compiled with its first headers precompiled.
struct PreambleMadeEvent {
    std::string source;      // path
    Microseconds duration{}; // that it took, in the background
};

struct WarningEvent {
    std::string code;
    std::string message;
};

struct StoppedEvent {
    int exit_status = 0;
    std::uint64_t steps = 0;
};

using EventBody =
    std::variant<ReadyEvent, ChangeEvent, BuildStartedEvent, DiagnosticEvent, BuildFinishedEvent,
                 ReloadedEvent, RejectedEvent, RolledBackEvent, StalledEvent, RestartedEvent,
                 RetiredEvent, WarningEvent, ReplayedEvent, RecordedEvent, PreambleMadeEvent,
                 StoppedEvent, ProgramStartedEvent, ProgramAttachedEvent, ProgramEndedEvent>;

struct Event {
    std::uint64_t seq = 0; // from 1, without gaps
    Microseconds time{};   // monotonic, since the start of the run
    EventBody body;
};

} // namespace hotrun
