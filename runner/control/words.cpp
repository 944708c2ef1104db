// The words of docs/events.md and docs/control-protocol.md for enumerators.
#include "control/controlled_run.hpp"

namespace hotrun {

// No default: the compiler names the enumerator that is missing.

std::string_view to_word(ChangeSource source) {
    switch (source) {
    case ChangeSource::kWatch:
        return "watch";
    case ChangeSource::kEditor:
        return "editor";
    case ChangeSource::kPoll:
        return "poll";
    case ChangeSource::kTimestamp:
        return "timestamp";
    }
    return "";
}

std::string_view to_word(BuildStatus status) {
    switch (status) {
    case BuildStatus::kOk:
        return "ok";
    case BuildStatus::kFailed:
        return "failed";
    case BuildStatus::kCancelled:
        return "cancelled";
    case BuildStatus::kNothing:
        return "nothing";
    }
    return "";
}

std::string_view to_word(AfterEnd next) {
    switch (next) {
    case AfterEnd::kWait:
        return "wait";
    case AfterEnd::kRestart:
        return "restart";
    case AfterEnd::kEnd:
        return "end";
    }
    return "";
}

std::string_view to_word(Severity severity) {
    switch (severity) {
    case Severity::kError:
        return "error";
    case Severity::kWarning:
        return "warning";
    case Severity::kNote:
        return "note";
    }
    return "";
}

std::string_view to_word(StateOutcome outcome) {
    switch (outcome) {
    case StateOutcome::kKept:
        return "kept";
    case StateOutcome::kMigrated:
        return "migrated";
    case StateOutcome::kFresh:
        return "fresh";
    }
    return "";
}

std::string_view to_word(Lane lane) {
    switch (lane) {
    case Lane::kLibrary:
        return "library";
    case Lane::kObject:
        return "object";
    }
    return "";
}

std::string_view to_word(RejectReason reason) {
    switch (reason) {
    case RejectReason::kTruncated:
        return "truncated";
    case RejectReason::kNotElf:
        return "not_elf";
    case RejectReason::kWrongMachine:
        return "wrong_machine";
    case RejectReason::kAbi:
        return "abi";
    case RejectReason::kNoStep:
        return "no_step";
    case RejectReason::kUndefinedSymbol:
        return "undefined_symbol";
    case RejectReason::kMissingLibrary:
        return "missing_library";
    case RejectReason::kConstructor:
        return "constructor";
    case RejectReason::kSanitizer:
        return "sanitizer";
    case RejectReason::kLayoutRefused:
        return "layout_refused";
    case RejectReason::kNoSpace:
        return "no_space";
    }
    return "";
}

std::string_view to_word(RollBackReason reason) {
    switch (reason) {
    case RollBackReason::kCrash:
        return "crash";
    case RollBackReason::kException:
        return "exception";
    case RollBackReason::kTimeout:
        return "timeout";
    case RollBackReason::kAbort:
        return "abort";
    }
    return "";
}

std::string_view to_word(OutcomeStatus status) {
    switch (status) {
    case OutcomeStatus::kLive:
        return "live";
    case OutcomeStatus::kFailed:
        return "failed";
    case OutcomeStatus::kRejected:
        return "rejected";
    case OutcomeStatus::kRolledBack:
        return "rolled_back";
    case OutcomeStatus::kNothing:
        return "nothing";
    case OutcomeStatus::kCancelled:
        return "cancelled";
    }
    return "";
}

std::string_view to_word(RunState state) {
    switch (state) {
    case RunState::kStarting:
        return "starting";
    case RunState::kIdle:
        return "idle";
    case RunState::kBuilding:
        return "building";
    case RunState::kSwitching:
        return "switching";
    }
    return "";
}

} // namespace hotrun
