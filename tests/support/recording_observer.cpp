#include "support/recording_observer.hpp"

namespace hotrun {

namespace {

struct EventWords {
    std::string operator()(const ReadyEvent &event) const {
        std::string words = "ready";
        for (const ModuleStatus &module : event.modules)
            words += " " + module.name + " " + std::to_string(module.generation);
        return words;
    }
    std::string operator()(const ChangeEvent &event) const {
        std::string words = "change";
        for (const std::string &path : event.paths)
            words += " " + path;
        return words;
    }
    std::string operator()(const BuildStartedEvent &event) const {
        return event.background ? "build_started background" : "build_started";
    }
    std::string operator()(const DiagnosticEvent &event) const {
        return "diagnostic " + event.message;
    }
    std::string operator()(const BuildFinishedEvent &event) const {
        return "build_finished " + std::string(to_word(event.status)) +
               (event.background ? " background" : "") + (event.preamble ? " preamble" : "");
    }
    std::string operator()(const ReloadedEvent &event) const {
        return "reloaded " + event.module + " " + std::to_string(event.generation) + " " +
               std::string(to_word(event.state)) + (event.lane == Lane::kObject ? " object" : "") +
               (event.why.empty() ? "" : ", " + event.why);
    }
    std::string operator()(const RejectedEvent &event) const {
        return "rejected " + event.module + " " + std::string(to_word(event.reason)) + " runs " +
               std::to_string(event.generation);
    }
    std::string operator()(const RolledBackEvent &event) const {
        return "rolled_back " + event.module + " " + std::to_string(event.from) + " to " +
               std::to_string(event.to) + " " + std::string(to_word(event.reason));
    }
    std::string operator()(const StalledEvent &event) const {
        return "stalled " + event.module + " " + std::to_string(event.generation);
    }
    std::string operator()(const RestartedEvent &) const { return "restarted"; }
    std::string operator()(const RetiredEvent &event) const {
        return "retired " + event.module + " " + std::to_string(event.generation) +
               (event.unmapped ? " unmapped" : " mapped");
    }
    std::string operator()(const WarningEvent &event) const { return "warning " + event.code; }
    std::string operator()(const ReplayedEvent &event) const {
        return "replayed " + std::to_string(event.pass);
    }
    std::string operator()(const RecordedEvent &event) const {
        return "recorded " + std::to_string(event.steps);
    }
    std::string operator()(const PreambleMadeEvent &event) const {
        return "preamble_made " + event.source;
    }
    std::string operator()(const StoppedEvent &event) const {
        return "stopped " + std::to_string(event.exit_status);
    }
    std::string operator()(const ProgramStartedEvent &event) const {
        return "program_started " + std::to_string(event.program.pid);
    }
    std::string operator()(const ProgramAttachedEvent &event) const {
        std::string words = "program_attached";
        for (const ModuleStatus &module : event.modules)
            words += " " + module.name + " " + std::to_string(module.generation);
        return words;
    }
    std::string operator()(const ProgramEndedEvent &event) const {
        return "program_ended " +
               (event.signal.empty() ? std::to_string(event.exit_status) : event.signal) + " " +
               std::string(to_word(event.next));
    }
};

} // namespace

std::string in_words(const Event &event) {
    return std::visit(EventWords{}, event.body);
}

std::vector<std::string> RecordingObserver::take_words() {
    std::vector<std::string> words;
    for (; taken_count_ < events.size(); ++taken_count_)
        words.push_back(in_words(events[taken_count_]));
    return words;
}

} // namespace hotrun
