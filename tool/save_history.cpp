#include "save_history.hpp"

#include "build_shares.hpp"
#include "json_fields.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace hotrun {

namespace {

namespace json = boost::json;

// A field that an older or newer hotrun does not have is empty, or 0.
std::string text_in(const json::object &object, std::string_view name) {
    const json::value *value = object.if_contains(name);
    return value == nullptr ? "" : text_of(*value);
}

std::uint64_t number_in(const json::object &object, std::string_view name) {
    const json::value *value = object.if_contains(name);
    if (value == nullptr || !value->is_number())
        return 0;
    boost::system::error_code error;
    const auto number = value->to_number<std::uint64_t>(error);
    return error ? 0 : number;
}

Microseconds time_in(const json::object &object, std::string_view name) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 50; // sums stay in range
    return Microseconds(std::min(number_in(object, name), kMost));
}

const json::object *object_in(const json::object &object, std::string_view name) {
    const json::value *value = object.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}

const json::array &array_in(const json::object &object, std::string_view name) {
    static const json::array kEmpty;
    const json::value *value = object.if_contains(name);
    const json::array *array = value == nullptr ? nullptr : value->if_array();
    return array == nullptr ? kEmpty : *array;
}

std::vector<const json::object *> objects_in(const json::object &object, std::string_view name) {
    std::vector<const json::object *> objects;
    for (const json::value &each : array_in(object, name)) {
        if (each.is_object())
            objects.push_back(&each.get_object());
    }
    return objects;
}

std::vector<BuiltEdge> edges_of(const json::object &event) {
    std::vector<BuiltEdge> edges;
    for (const json::object *edge : objects_in(event, "edges"))
        edges.push_back(
            {text_in(*edge, "output"), time_in(*edge, "start_us"), time_in(*edge, "duration_us")});
    return edges;
}

Microseconds &part_of(Parts &parts, Part part) {
    return parts[static_cast<std::size_t>(part)];
}
Microseconds part_of(const Parts &parts, Part part) {
    return parts[static_cast<std::size_t>(part)];
}

// The rest of a build of that length is that of `other`; ninja's log is in whole milliseconds.
void fit_build(Parts &parts, Microseconds build, Part other = Part::kNinja) {
    Microseconds &compile = part_of(parts, Part::kCompile);
    Microseconds &link = part_of(parts, Part::kLink);
    compile = std::min(compile, build);
    link = std::min(link, build - compile);
    part_of(parts, other) += build - compile - link;
}

// Those after loading and before the first step are the pause, with those that are yet to come.
Part part_of_phase(std::string_view phase) {
    if (phase == "watch")
        return Part::kWatch;
    if (phase == "verify" || phase == "copy" || phase == "load" || phase == "prepare")
        return Part::kLoad;
    if (phase == "wait")
        return Part::kWait;
    return phase == "first_step" ? Part::kFirstStep : Part::kPause;
}

void take_phases(const json::object &phases, Parts &parts) {
    for (const json::key_value_pair &phase : phases) {
        const Microseconds time = time_in(phases, phase.key());
        if (phase.key() == "build")
            fit_build(parts, time);
        else
            part_of(parts, part_of_phase(phase.key())) += time;
    }
}

void append(std::string &text, const std::string &more, const char *between) {
    text += (text.empty() || more.empty() ? "" : between) + more;
}

std::string place_of(const json::object &diagnostic) {
    std::string place = text_in(diagnostic, "path");
    if (const std::uint64_t line = number_in(diagnostic, "line"); line != 0)
        place += ":" + std::to_string(line);
    return place;
}

} // namespace

bool SaveHistory::take(std::string_view line) {
    json::parse_options options;
    options.allow_invalid_utf8 = true; // what shows it replaces that
    boost::system::error_code error;
    const json::value value = json::parse(line, error, {}, options);
    const json::object *event = error ? nullptr : value.if_object();
    const std::string name = event == nullptr ? "" : text_in(*event, "event");
    if (name.empty() || !event->contains("seq"))
        return false;
    const std::uint64_t seq = number_in(*event, "seq");
    if (event_count_++ == 0)
        first_seq_ = seq;
    if (seq == 1)
        builds_first_ = true;
    now_ = time_in(*event, "time_us");
    end_ = std::max(end_, now_);
    if (name == "ready") {
        builds_first_ = false;
        version_ = text_in(*event, "version");
        builddir_ = text_in(*event, "builddir");
    } else if (name == "change")
        take_change(*event);
    else if (name == "build_started")
        take_start(*event);
    else if (name == "diagnostic")
        take_diagnostic(*event);
    else if (name == "build_finished" || name == "link_finished")
        take_build(*event);
    else if (name == "reloaded")
        take_reload(*event);
    else if (name == "rejected")
        take_failure(*event, SaveOutcome::kRejected);
    else if (name == "rolled_back")
        take_roll_back(*event);
    else if (name == "stalled")
        add_incident("stalled", text_in(*event, "module") + ": " + text_in(*event, "detail"));
    else if (name == "restarted")
        add_incident("restarted", text_in(*event, "reason"));
    return true;
}

void SaveHistory::take_change(const Object &event) {
    for (const json::value &path : array_in(event, "paths")) {
        if (std::ranges::find(changed_, text_of(path)) == changed_.end())
            changed_.push_back(text_of(path));
    }
}

// What the host can't patch has a further build for the same change.
void SaveHistory::take_start(const Object &event) {
    const std::uint64_t before = std::exchange(cause_, number_in(event, "cause_seq"));
    is_again_ = cause_ != 0 && cause_ == before && changed_.empty() && is_open_ &&
                reported_.empty() && saves_.back().outcome == SaveOutcome::kNothing;
    building_ = is_again_ ? saves_.back().paths : std::exchange(changed_, {});
}

void SaveHistory::take_diagnostic(const Object &event) {
    if (!first_error_.empty() || text_in(event, "severity") != "error")
        return;
    first_error_ = place_of(event);
    failed_in_ = is_compiled(text_in(event, "target")) ? Part::kCompile : Part::kLink;
    append(first_error_, text_in(event, "message"), ": ");
}

// A cancelled one hands its files on to the next.
void SaveHistory::take_build(const Object &event) {
    const std::string error = std::exchange(first_error_, {});
    std::vector<std::string> paths = std::exchange(building_, {});
    const std::string status = text_in(event, "status");
    if (status == "cancelled") {
        for (std::string &path : changed_) {
            if (std::ranges::find(paths, path) == paths.end())
                paths.push_back(std::move(path));
        }
        changed_ = std::move(paths);
        return;
    }
    if (builds_first_)
        return;
    const std::vector<BuiltEdge> edges = edges_of(event);
    for (const BuiltEdge &edge : edges)
        edges_[edge.output].push_back(edge.duration);
    const bool failed = status == "failed";
    if (is_in_background(event)) { // of what is live already
        if (failed)
            add_incident("library behind", error);
        return;
    }
    const Save before = is_again_ ? saves_.back() : Save();
    if (is_again_)
        saves_.pop_back();
    Save &save = open_save();
    save.paths = std::move(paths);
    save.total = before.total + time_in(event, "duration_us");
    save.outcome = failed ? SaveOutcome::kFailed : SaveOutcome::kNothing;
    save.detail = error;
    const BuildShares shares = shares_of(edges);
    part_of(save.parts, Part::kCompile) = part_of(before.parts, Part::kCompile) + shares.compile;
    part_of(save.parts, Part::kLink) = part_of(before.parts, Part::kLink) + shares.link;
    // Of what failed ninja keeps no time.
    fit_build(save.parts, save.total, error.empty() ? Part::kNinja : failed_in_);
    save.edge_count = before.edge_count + edges.size();
}

Save &SaveHistory::open_save() {
    reported_.clear();
    is_open_ = true;
    Save &save = saves_.emplace_back();
    save.time = now_;
    return save;
}

// The one that the module has not told of yet; without a build each reload is a save of its own.
Save &SaveHistory::save_of(const std::string &module) {
    if (!is_open_ || !reported_.insert(module).second) {
        open_save().paths = std::exchange(changed_, {});
        reported_.insert(module);
    }
    return saves_.back();
}

// Of several modules the slowest one counts.
void SaveHistory::take_reload(const Object &event) {
    const std::string module = text_in(event, "module");
    const Object *phases = object_in(event, "phases_us");
    if (phases != nullptr && time_in(*phases, "build").count() == 0)
        is_open_ = false; // it was asked for, or made by somebody else
    Save &save = save_of(module);
    save.time = now_;
    save.by_objects = text_in(event, "lane") == "object";
    append(save.detail, module + " " + std::to_string(number_in(event, "generation")), ", ");
    if (save.outcome == SaveOutcome::kNothing)
        save.outcome = SaveOutcome::kLive;
    const Microseconds total = time_in(event, "total_us");
    if (phases == nullptr || (reported_.size() > 1 && total < save.total))
        return;
    Parts parts{};
    for (const Part part : {Part::kCompile, Part::kLink})
        part_of(parts, part) = part_of(save.parts, part);
    take_phases(*phases, parts);
    save.total = total;
    save.parts = parts;
}

void SaveHistory::take_failure(const Object &event, SaveOutcome outcome) {
    const std::string module = text_in(event, "module");
    Save &save = save_of(module);
    save.time = now_;
    save.outcome = std::max(save.outcome, outcome);
    std::string detail = module + ": " + text_in(event, "reason");
    append(detail, text_in(event, "detail"), ", ");
    append(save.detail, detail, ", ");
}

// New code that failed is the outcome of its save; code that failed later is not.
void SaveHistory::take_roll_back(const Object &event) {
    if (is_open_ && number_in(event, "to") < number_in(event, "from") &&
        !reported_.contains(text_in(event, "module")))
        return take_failure(event, SaveOutcome::kRolledBack);
    std::string detail = text_in(event, "module") + ": " + text_in(event, "reason");
    append(detail, text_in(event, "detail"), ", ");
    add_incident("rolled back", std::move(detail));
}

void SaveHistory::add_incident(std::string what, std::string detail) {
    incidents_.push_back({now_, std::move(what), std::move(detail), saves_.size()});
}

} // namespace hotrun
