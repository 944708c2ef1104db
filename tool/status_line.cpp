#include "status_line.hpp"

#include "build_shares.hpp"
#include "counted.hpp"
#include "failure_text.hpp"
#include "screen_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hotrun {

namespace {

constexpr const char *kLive = "live"; // since the start of the run

std::string milliseconds(Microseconds time) {
    return short_number(static_cast<double>(time.count()) / 1000);
}

std::string rate_text(double rate) {
    constexpr double kMany = 10'000;
    if (rate >= kMany * 100)
        return short_number(rate / 1'000'000) + "M";
    return rate >= kMany ? short_number(rate / 1000) + "k" : short_number(rate);
}

} // namespace

std::string short_number(double number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), number < 9.95 ? "%.1f" : "%.0f", number);
    std::string shortened = text.data();
    if (shortened.ends_with(".0"))
        shortened.resize(shortened.size() - 2);
    return shortened;
}

void StatusLine::event(const Event &event) {
    std::visit([this](const auto &body) { tell(body); }, event.body);
}

void StatusLine::build_progress(std::size_t done, std::size_t total) {
    if (building_) {
        building_->done = done;
        building_->total = total;
    }
}

StatusLine::Module &StatusLine::module(const std::string &name) {
    const auto found = std::ranges::find(modules_, name, &Module::name);
    return found != modules_.end() ? *found : modules_.emplace_back(Module{name});
}

void StatusLine::set(Outcome outcome, std::string text, std::string shares, std::string state) {
    outcome_ = outcome;
    outcome_text_ = std::move(text);
    shares_ = std::move(shares);
    state_ = std::move(state);
}

// What was told of the modules before, as of a crash in the first step, stays.
void StatusLine::tell(const ReadyEvent &ready) {
    bool live = !ready.modules.empty();
    for (const ModuleStatus &told : ready.modules) {
        module(told.name).generation = told.generation;
        live &= told.generation != 0;
    }
    if (live && outcome_ <= Outcome::kBuilt)
        set(Outcome::kLive, kLive);
}

void StatusLine::tell(const BuildStartedEvent &started) {
    error_count_ = 0;
    if (started.background)
        return; // what it is of is live
    building_ = Progress{};
    for (const std::string &target : started.targets)
        building_->targets += (building_->targets.empty() ? "" : " ") + target;
}

void StatusLine::tell(const DiagnosticEvent &diagnostic) {
    if (diagnostic.severity == Severity::kError)
        ++error_count_;
}

void StatusLine::tell(const BuildFinishedEvent &finished) {
    building_.reset();
    if (finished.status == BuildStatus::kCancelled ||
        (finished.background && finished.status != BuildStatus::kFailed))
        return;
    built_ = finished;
    if (finished.status == BuildStatus::kFailed)
        set(Outcome::kFailed,
            "build failed" +
                (error_count_ == 0 ? "" : ", " + counted(error_count_, "error", "errors")));
    else if (finished.status == BuildStatus::kNothing)
        set(Outcome::kBuilt, "nothing to build");
    else
        set(Outcome::kBuilt, "built in " + milliseconds(finished.duration) + " ms");
}

void StatusLine::tell(const ReloadedEvent &reloaded) {
    Module &told = module(reloaded.module);
    told.generation = reloaded.generation;
    told.parked = false;
    set(Outcome::kLive, "live in " + milliseconds(reloaded.total) + " ms", shares_text(reloaded),
        "state " + std::string(to_word(reloaded.state)));
}

// Without a build of its own (a reload that was asked for) there is nothing to tell apart.
std::string StatusLine::shares_text(const ReloadedEvent &reloaded) const {
    const Microseconds build = reloaded.phases[static_cast<std::size_t>(Phase::kBuild)];
    const Microseconds load = reloaded.phases[static_cast<std::size_t>(Phase::kLoad)];
    std::string text;
    const auto add = [&](const char *name, Microseconds time) {
        text += text.empty() ? "" : std::string(glyphs_.within);
        text += name + (" " + milliseconds(time));
    };
    if (build.count() > 0 && built_) {
        const BuildShares shares = shares_of(built_->edges);
        add("compile", shares.compile);
        if (reloaded.lane == Lane::kLibrary)
            add("link", shares.link);
    }
    if (reloaded.lane == Lane::kLibrary)
        add("load", load);
    else
        text = "object lane: " + text;
    add("ours", std::max(reloaded.total - build, Microseconds{}));
    return " (" + text + ")";
}

void StatusLine::tell(const RejectedEvent &rejected) {
    module(rejected.module).generation = rejected.generation;
    set(Outcome::kFailed, "new code rejected (" + std::string(to_word(rejected.reason)) + ")");
}

void StatusLine::tell(const RolledBackEvent &rolled_back) {
    Module &told = module(rolled_back.module);
    told.generation = rolled_back.to;
    told.parked = rolled_back.parked && !rolled_back.waits;
    set(Outcome::kRolledBack, "gen " + std::to_string(rolled_back.from) + " " +
                                  failure_verb(rolled_back.reason) +
                                  (rolled_back.from == rolled_back.to ? "" : ", rolled back"));
}

void StatusLine::tell(const StalledEvent &stalled) {
    module(stalled.module);
    set(Outcome::kStalled, "a call does not return");
}

void StatusLine::tell(const RestartedEvent &) {
    set(Outcome::kRolledBack, "the process has replaced itself");
}

std::string StatusLine::modules_text() const {
    std::string text;
    for (const Module &each : modules_) {
        text += (text.empty() ? "" : ", ") + each.name +
                (each.generation == 0 ? "" : " gen " + std::to_string(each.generation)) +
                (each.parked ? " parked" : "");
    }
    return showable(text.empty() ? "hotrun" : text);
}

std::string StatusLine::building_text() const {
    std::string name;
    for (const Module &each : modules_)
        name += (name.empty() ? "" : ", ") + each.name;
    if (name.empty())
        name = building_->targets;
    return showable(name) + " building" +
           (building_->total == 0
                ? ""
                : " " + std::to_string(building_->done) + "/" + std::to_string(building_->total));
}

std::string StatusLine::pace_text() const {
    if (paused_)
        return "paused";
    const bool steps = std::ranges::any_of(
        modules_, [](const Module &each) { return each.generation != 0 && !each.parked; });
    if (!steps || !rate_)
        return "";
    const std::string rate = rate_text(*rate_);
    return rate + (rate == "1" ? " step/s" : " steps/s");
}

std::string_view StatusLine::color() const {
    if (outcome_ == Outcome::kFailed)
        return kRed;
    if (std::ranges::any_of(modules_, &Module::parked))
        return kMagenta;
    return outcome_ == Outcome::kRolledBack || outcome_ == Outcome::kStalled ? kYellow : kGreen;
}

std::string StatusLine::text(std::size_t columns) const {
    if (building_)
        return drawn({{std::string(glyphs_.building) + " " + building_text(), kYellow}}, columns);
    const Fact head = {std::string(glyphs_.live) + " " + modules_text(), color()};
    const Fact outcome = {outcome_text_.empty() ? "nothing runs yet" : outcome_text_,
                          outcome_ > Outcome::kBuilt ? color() : ""};
    const Fact whole = {outcome.text + shares_, outcome.color};
    const Fact state = {state_};
    const Fact pace = {pace_text()};
    for (const std::vector<Fact> &facts : std::vector<std::vector<Fact>>{
             {head, whole, state, pace}, {head, outcome, state, pace}, {head, outcome, pace}}) {
        std::string line = drawn(facts, columns);
        if (!line.empty())
            return line;
    }
    return cut_to(head.text + std::string(glyphs_.between) + outcome.text, columns, glyphs_.cut);
}

// Empty: it does not fit.
std::string StatusLine::drawn(const std::vector<Fact> &facts, std::size_t columns) const {
    std::string plain;
    std::string line;
    for (const Fact &fact : facts) {
        if (fact.text.empty())
            continue;
        const std::string_view between = plain.empty() ? "" : glyphs_.between;
        plain.append(between).append(fact.text);
        line.append(between);
        line += color_ && !fact.color.empty() ? in_color(fact.color, fact.text) : fact.text;
    }
    if (columns_of(plain) <= columns)
        return line;
    return facts.size() == 1 ? cut_to(plain, columns, glyphs_.cut) : "";
}

std::string StatusLine::title() const {
    if (building_)
        return building_text();
    return modules_text() + " - " + (outcome_text_.empty() ? "nothing runs yet" : outcome_text_) +
           (paused_ ? " - paused" : "");
}

std::vector<std::string> StatusLine::report() const {
    std::vector<std::string> lines;
    for (const Module &each : modules_) {
        const char *state = each.parked ? ", parked until the next save" : " is live";
        lines.push_back(showable(each.name) + ": " +
                        (each.generation == 0
                             ? "nothing runs yet"
                             : "generation " + std::to_string(each.generation) + state));
    }
    if (!outcome_text_.empty() && outcome_text_ != kLive)
        lines.push_back("last change: " + outcome_text_ + shares_ +
                        (state_.empty() ? "" : ", " + state_));
    if (built_)
        lines.push_back("last build: " + std::string(to_word(built_->status)) + " in " +
                        milliseconds(built_->duration) + " ms");
    if (building_)
        lines.push_back("building now");
    if (const std::string pace = pace_text(); !pace.empty())
        lines.push_back(paused_ ? "paused: no module is stepped" : pace);
    return lines;
}

} // namespace hotrun
