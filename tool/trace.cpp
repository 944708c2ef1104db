#include "trace.hpp"

#include "control/event_json.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace hotrun {

namespace {

namespace json = boost::json;

constexpr int kProcess = 1; // a trace has one

std::string line_of(const json::object &entry) {
    return json::serialize(entry) + ",\n";
}

std::string slice(int track, const std::string &name, Microseconds begin, Microseconds duration,
                  json::object arguments) {
    return line_of({{"name", json_text(name)},
                    {"ph", "X"},
                    {"pid", kProcess},
                    {"tid", track},
                    {"ts", begin.count()},
                    {"dur", duration.count()},
                    {"args", std::move(arguments)}});
}

std::string instant(int track, const std::string &name, Microseconds at, json::object arguments) {
    return line_of({{"name", json_text(name)},
                    {"ph", "i"},
                    {"s", "t"},
                    {"pid", kProcess},
                    {"tid", track},
                    {"ts", at.count()},
                    {"args", std::move(arguments)}});
}

// The first job that is free when the edge starts takes it, as ninja does.
std::size_t job_of(const BuiltEdge &edge, std::vector<Microseconds> &busy_until) {
    const auto free =
        std::ranges::find_if(busy_until, [&](Microseconds end) { return end <= edge.start; });
    const auto job = static_cast<std::size_t>(free - busy_until.begin());
    if (free == busy_until.end())
        busy_until.emplace_back();
    busy_until[job] = edge.start + edge.duration;
    return job;
}

// What stands on a track of its own besides builds and reloads, under which name.
struct Moment {
    std::string track;
    std::string name;
    std::string detail;
};
Moment moment_of(const ReadyEvent &) {
    return {"run", "ready", {}};
}
Moment moment_of(const ChangeEvent &change) {
    return {"run", "change", change.paths.empty() ? "" : change.paths.front()};
}
Moment moment_of(const DiagnosticEvent &diagnostic) {
    return {"build", std::string(to_word(diagnostic.severity)),
            diagnostic.path + ":" + std::to_string(diagnostic.line) + ": " + diagnostic.message};
}
Moment moment_of(const RejectedEvent &rejected) {
    return {rejected.module, "rejected: " + std::string(to_word(rejected.reason)), rejected.detail};
}
Moment moment_of(const RolledBackEvent &rolled_back) {
    return {rolled_back.module,
            "generation " + std::to_string(rolled_back.from) +
                " rolled back: " + std::string(to_word(rolled_back.reason)),
            rolled_back.detail};
}
Moment moment_of(const StalledEvent &stalled) {
    return {stalled.module, "stalled", stalled.detail};
}
Moment moment_of(const RestartedEvent &restarted) {
    return {"run", "restarted", restarted.reason};
}
Moment moment_of(const RetiredEvent &retired) {
    return {retired.module,
            "generation " + std::to_string(retired.generation) +
                (retired.unmapped ? " unmapped" : " retired"),
            retired.why};
}
Moment moment_of(const WarningEvent &warning) {
    return {"run", "warning: " + warning.code, warning.message};
}
Moment moment_of(const ReplayedEvent &replayed) {
    return {"run", "replayed: pass " + std::to_string(replayed.pass), replayed.file};
}
Moment moment_of(const RecordedEvent &recorded) {
    return {"run", "recorded", recorded.file};
}
Moment moment_of(const PreambleMadeEvent &made) {
    return {"build", "preamble made", made.source};
}
Moment moment_of(const StoppedEvent &) {
    return {"run", "stopped", {}};
}
Moment moment_of(const ProgramStartedEvent &) {
    return {"program", "started", {}};
}
Moment moment_of(const ProgramAttachedEvent &) {
    return {"program", "attached", {}};
}
Moment moment_of(const ProgramEndedEvent &ended) {
    return {"program", "ended", ended.detail};
}
// Its end tells it.
Moment moment_of(const BuildStartedEvent &) {
    return {};
}

} // namespace

std::string Trace::text_of(const Event &event) {
    return std::visit([&](const auto &body) { return lines(event.time, body); }, event.body);
}

template <typename Other>
std::string Trace::lines(Microseconds at, const Other &event) {
    const Moment moment = moment_of(event);
    if (moment.name.empty())
        return {};
    int track = 0;
    std::string text = on_track(moment.track, track);
    return text + instant(track, moment.name, at, {{"detail", json_text(moment.detail)}});
}

std::string Trace::lines(Microseconds end, const BuildFinishedEvent &build) {
    const Microseconds begin = end - build.duration;
    int track = 0;
    std::string text = on_track("build", track);
    text += slice(track,
                  (build.background ? "library behind: build " : "build ") +
                      std::string(to_word(build.status)),
                  begin, build.duration, {{"exit_status", build.exit_status}});
    std::vector<BuiltEdge> edges = build.edges;
    std::ranges::stable_sort(edges, {}, &BuiltEdge::start);
    std::vector<Microseconds> busy_until;
    for (const BuiltEdge &edge : edges) {
        text += on_track("job " + std::to_string(job_of(edge, busy_until) + 1), track);
        text += slice(track, edge.output, begin + edge.start, edge.duration, {});
    }
    return text;
}

std::string Trace::lines(Microseconds end, const ReloadedEvent &reloaded) {
    Microseconds at = end - reloaded.total;
    int track = 0;
    std::string text = on_track(reloaded.module, track);
    text += slice(track, "generation " + std::to_string(reloaded.generation), at, reloaded.total,
                  {{"state", json_text(to_word(reloaded.state))},
                   {"lane", json_text(to_word(reloaded.lane))},
                   {"why", json_text(reloaded.why)},
                   {"pause_us", reloaded.pause.count()},
                   {"detail", json_text(reloaded.detail)}});
    for (std::size_t i = 0; i < kPhaseCount; ++i) {
        if (reloaded.phases[i] > Microseconds::zero())
            text += slice(track, std::string(kPhaseNames[i]), at, reloaded.phases[i], {});
        at += reloaded.phases[i];
    }
    return text;
}

// A name that is new is told first.
std::string Trace::on_track(const std::string &name, int &track) {
    const auto [known, is_new] = tracks_.try_emplace(name, static_cast<int>(tracks_.size()) + 1);
    track = known->second;
    if (!is_new)
        return {};
    return line_of({{"name", "thread_name"},
                    {"ph", "M"},
                    {"pid", kProcess},
                    {"tid", track},
                    {"args", {{"name", json_text(name)}}}});
}

} // namespace hotrun
