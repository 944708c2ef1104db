#include "control/event_json.hpp"

#include "control/frame_text.hpp"
#include "control/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <cstddef>
#include <cstdint>

namespace hotrun {

namespace {

namespace json = boost::json;

json::array texts(const std::vector<std::string> &items) {
    json::array array;
    for (const std::string &item : items)
        array.emplace_back(json_text(item));
    return array;
}

json::array edges(const std::vector<BuiltEdge> &items) {
    json::array array;
    for (const BuiltEdge &item : items)
        array.push_back({{"output", json_text(item.output)},
                         {"start_us", item.start.count()},
                         {"duration_us", item.duration.count()}});
    return array;
}

json::array backtrace(const std::vector<StackFrame> &frames) {
    json::array array;
    for (const StackFrame &frame : frames) {
        array.push_back({{"address", to_hex(frame.address)},
                         {"function", json_text(frame.function)},
                         {"file", json_text(frame.file)},
                         {"line", frame.line},
                         {"library", json_text(frame.library)},
                         {"text", json_text(frame_text(frame))}});
    }
    return array;
}

json::object phases(const std::array<Microseconds, kPhaseCount> &durations) {
    json::object object;
    for (std::size_t n = 0; n < kPhaseCount; ++n)
        object.emplace(json::string_view(kPhaseNames[n].data(), kPhaseNames[n].size()),
                       durations[n].count());
    return object;
}

json::value pid_of(const ProgramStatus &program) {
    return program.pid == 0 ? json::value() : json::value(program.pid);
}

void append(json::object &object, const ReadyEvent &event) {
    object.emplace("version", json_text(event.version));
    object.emplace("pid", event.pid);
    object.emplace("builddir", json_text(event.builddir));
    object.emplace("targets", texts(event.targets));
    object.emplace("modules", modules_json(event.modules));
    object.emplace("watched_files", event.watched_files);
    object.emplace("socket", event.socket ? json::value(json_text(*event.socket)) : json::value());
    if (event.program)
        object.emplace("program", json::object{{"path", json_text(event.program->path)},
                                               {"pid", pid_of(*event.program)}});
}

void append(json::object &object, const ChangeEvent &event) {
    object.emplace("paths", texts(event.paths));
    object.emplace("source", json_text(to_word(event.source)));
}

void append(json::object &object, const BuildStartedEvent &event) {
    object.emplace("targets", texts(event.targets));
    object.emplace("cause_seq", event.cause_seq ? json::value(*event.cause_seq) : json::value());
    if (!event.objects.empty())
        object.emplace("objects", texts(event.objects));
}

void append(json::object &object, const DiagnosticEvent &event) {
    json::array children;
    for (const DiagnosticEvent &child : event.children)
        append(children.emplace_back(json::object()).as_object(), child);
    object.emplace("path", json_text(event.path));
    object.emplace("line", event.line);
    object.emplace("column", event.column);
    object.emplace("severity", json_text(to_word(event.severity)));
    object.emplace("message", json_text(event.message));
    object.emplace("target", json_text(event.target));
    object.emplace("children", std::move(children));
}

void append(json::object &object, const BuildFinishedEvent &event) {
    object.emplace("status", json_text(to_word(event.status)));
    object.emplace("exit_status", event.exit_status);
    object.emplace("duration_us", event.duration.count());
    object.emplace("edges", edges(event.edges));
    object.emplace("output", json_text(event.output));
    if (event.preamble)
        object.emplace("preamble", true);
}

void append(json::object &object, const ReloadedEvent &event) {
    object.emplace("module", json_text(event.module));
    object.emplace("generation", event.generation);
    object.emplace("state", json_text(to_word(event.state)));
    object.emplace("total_us", event.total.count());
    object.emplace("phases_us", phases(event.phases));
    object.emplace("pause_us", event.pause.count());
    object.emplace("lane", json_text(to_word(event.lane)));
    object.emplace("why", json_text(event.why));
    object.emplace("detail", json_text(event.detail));
}

void append(json::object &object, const RejectedEvent &event) {
    object.emplace("module", json_text(event.module));
    object.emplace("generation", event.generation);
    object.emplace("reason", json_text(to_word(event.reason)));
    object.emplace("detail", json_text(event.detail));
}

void append(json::object &object, const RolledBackEvent &event) {
    object.emplace("module", json_text(event.module));
    object.emplace("from", event.from);
    object.emplace("to", event.to);
    object.emplace("reason", json_text(to_word(event.reason)));
    object.emplace("signal",
                   event.signal.empty() ? json::value() : json::value(json_text(event.signal)));
    object.emplace("address", event.address ? json::value(to_hex(*event.address)) : json::value());
    object.emplace("backtrace", backtrace(event.backtrace));
    object.emplace("steps_lost", event.steps_lost);
    object.emplace("detail", json_text(event.detail));
    object.emplace("parked", event.parked);
    object.emplace("waits", event.waits);
}

void append(json::object &object, const StalledEvent &event) {
    object.emplace("module", json_text(event.module));
    object.emplace("generation", event.generation);
    object.emplace("detail", json_text(event.detail));
    object.emplace("backtrace", backtrace(event.backtrace));
}

void append(json::object &object, const RestartedEvent &event) {
    object.emplace("pid", event.pid);
    object.emplace("reason", json_text(event.reason));
    object.emplace("exit_status", event.exit_status);
}

void append(json::object &object, const RetiredEvent &event) {
    object.emplace("module", json_text(event.module));
    object.emplace("generation", event.generation);
    object.emplace("unmapped", event.unmapped);
    object.emplace("why", json_text(event.why));
}

void append(json::object &object, const WarningEvent &event) {
    object.emplace("code", json_text(event.code));
    object.emplace("message", json_text(event.message));
}

void append(json::object &object, const ReplayedEvent &event) {
    object.emplace("file", json_text(event.file));
    object.emplace("pass", event.pass);
    object.emplace("steps", event.steps);
    object.emplace("duration_us", event.duration.count());
    object.emplace("generation", event.generation);
}

void append(json::object &object, const RecordedEvent &event) {
    object.emplace("file", json_text(event.file));
    object.emplace("steps", event.steps);
    object.emplace("bytes", event.bytes);
}

void append(json::object &object, const PreambleMadeEvent &event) {
    object.emplace("source", json_text(event.source));
    object.emplace("duration_us", event.duration.count());
}

void append(json::object &object, const StoppedEvent &event) {
    object.emplace("exit_status", event.exit_status);
    object.emplace("steps", event.steps);
}

void append(json::object &object, const ProgramStartedEvent &event) {
    object.emplace("program", json_text(event.program.path));
    object.emplace("pid", pid_of(event.program));
    object.emplace("start", event.start);
}

void append(json::object &object, const ProgramAttachedEvent &event) {
    object.emplace("pid", event.pid);
    object.emplace("modules", modules_json(event.modules));
}

void append(json::object &object, const ProgramEndedEvent &event) {
    object.emplace("program", json_text(event.program.path));
    object.emplace("pid", pid_of(event.program));
    object.emplace("exit_status", event.exit_status);
    object.emplace("signal",
                   event.signal.empty() ? json::value() : json::value(json_text(event.signal)));
    object.emplace("next", json_text(to_word(event.next)));
    object.emplace("detail", json_text(event.detail));
}

struct NameOf {
    std::string_view operator()(const ReadyEvent &) const { return "ready"; }
    std::string_view operator()(const ChangeEvent &) const { return "change"; }
    std::string_view operator()(const BuildStartedEvent &event) const {
        return event.background ? "link_started" : "build_started";
    }
    std::string_view operator()(const DiagnosticEvent &) const { return "diagnostic"; }
    std::string_view operator()(const BuildFinishedEvent &event) const {
        return event.background ? "link_finished" : "build_finished";
    }
    std::string_view operator()(const ReloadedEvent &) const { return "reloaded"; }
    std::string_view operator()(const RejectedEvent &) const { return "rejected"; }
    std::string_view operator()(const RolledBackEvent &) const { return "rolled_back"; }
    std::string_view operator()(const StalledEvent &) const { return "stalled"; }
    std::string_view operator()(const RestartedEvent &) const { return "restarted"; }
    std::string_view operator()(const RetiredEvent &) const { return "retired"; }
    std::string_view operator()(const WarningEvent &) const { return "warning"; }
    std::string_view operator()(const ReplayedEvent &) const { return "replayed"; }
    std::string_view operator()(const RecordedEvent &) const { return "recorded"; }
    std::string_view operator()(const PreambleMadeEvent &) const { return "preamble_made"; }
    std::string_view operator()(const StoppedEvent &) const { return "stopped"; }
    std::string_view operator()(const ProgramStartedEvent &) const { return "program_started"; }
    std::string_view operator()(const ProgramAttachedEvent &) const { return "program_attached"; }
    std::string_view operator()(const ProgramEndedEvent &) const { return "program_ended"; }
};

} // namespace

json::array modules_json(const std::vector<ModuleStatus> &modules) {
    json::array array;
    for (const ModuleStatus &module : modules) {
        array.push_back({{"name", json_text(module.name)},
                         {"library", json_text(module.library)},
                         {"generation", module.generation}});
    }
    return array;
}

std::string_view event_name(const EventBody &body) {
    return std::visit(NameOf(), body);
}

json::object event_fields(const EventBody &body) {
    json::object object;
    std::visit([&](const auto &event) { append(object, event); }, body);
    return object;
}

json::string json_text(std::string_view text) {
    const std::string valid = to_utf8(text);
    return json::string(valid.data(), valid.size());
}

std::string to_utf8(std::string_view text) {
    constexpr std::string_view kReplacement = "\xef\xbf\xbd"; // U+FFFD
    std::string valid;
    valid.reserve(text.size());
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && static_cast<unsigned char>(text[plain]) < 0x80)
            ++plain;
        valid += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty())
            break;
        const std::size_t length = utf8_length(text);
        valid += length == 0 ? kReplacement : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return valid;
}

std::string to_json_line(const Event &event) {
    json::object object;
    object.emplace("event", json_text(event_name(event.body)));
    object.emplace("seq", event.seq);
    object.emplace("time_us", event.time.count());
    std::visit([&](const auto &body) { append(object, body); }, event.body);
    return json::serialize(object) + '\n';
}

} // namespace hotrun
