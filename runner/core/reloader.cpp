#include "core/reloader.hpp"

#include "core/sentence.hpp"

#include <algorithm>
#include <iterator>

namespace hotrun {

namespace {

constexpr int kFailedStatus = 1;

// Between two looks at threads in old code. One that just runs at the first may be elsewhere.
constexpr std::chrono::seconds kLookAgain{1};

std::vector<std::string> libraries_of(const std::vector<ModuleTarget> &modules) {
    std::vector<std::string> paths;
    for (const ModuleTarget &module : modules)
        paths.push_back(module.library);
    return paths;
}

} // namespace

Reloader::Reloader(HotLibrary::Services services, EventLoop &loop, EventStream &events,
                   Handover &handover, const std::vector<ModuleTarget> &modules, bool needs_step,
                   HostProcess process)
    : services_(services), loop_(loop), events_(events), handover_(handover),
      process_(std::move(process)), graph_(services, libraries_of(modules), needs_step) {
    if (process_.types != nullptr)
        migration_planner_.emplace(*process_.types);
    for (const ModuleTarget &module : modules)
        slots_.push_back(
            std::make_unique<Slot>(module,
                                   RetiredCode::Services{services_.files, services_.loader, events_,
                                                         process_.heaps, process_.holders},
                                   process_.patches));
    handover_.set_libraries(graph_.libraries());
    if (process_.kept)
        slots_.front()->kept_code =
            live_code_of(*process_.kept, services_.files, slots_.front()->library);
}

bool Reloader::is_library(const std::string &path) const {
    return std::ranges::count(graph_.libraries(), path) != 0;
}

// What was offered and not taken is looked at anew: it may be bound to what is out of date now.
bool Reloader::look(Writer writer, const PhaseTimes &phases) {
    if (is_held_ || graph_.up_to_date()) {
        library_reason_.clear();
        return true;
    }
    std::vector<Candidate> back = take_back();
    std::vector<std::optional<Timestamp>> captured;
    for (std::size_t i = 0; i < slots_.size(); ++i)
        captured.push_back(graph_.captured(i));
    HotGraph::Look seen = graph_.look(writer, phases);
    handover_.set_libraries(graph_.libraries());
    std::vector<Candidate> candidates;
    for (HotGraph::News &news : seen.news) {
        if (news.rejection)
            tell_rejection(*slots_[news.module], *news.rejection);
        else
            candidates.push_back(offer(news, back));
    }
    for (std::size_t i = 0; i < slots_.size(); ++i)
        note_look(i, captured[i], std::ranges::count(seen.news, i, &HotGraph::News::module) != 0);
    offer_patches_again(back, candidates);
    offer_resumed_again(back, candidates);
    handover_.offer(std::move(candidates));
    if (seen.settled)
        library_reason_.clear();
    return seen.settled;
}

void Reloader::set_kept(std::optional<KeptCode> kept) {
    is_held_ = false;
    if (!kept)
        return;
    Slot &slot = *slots_.front();
    process_.kept = std::move(kept);
    slot.kept_code = live_code_of(*process_.kept, services_.files, slot.library);
}

void Reloader::tell_rejection(Slot &slot, const Rejection &rejection) {
    slot.needs_library = "the library that was built last was rejected";
    events_.tell(RejectedEvent{.module = slot.name,
                               .generation = slot.live,
                               .reason = rejection.reason,
                               .detail = rejection.detail});
}

void Reloader::tell_warning(const ModuleWarning &warning) {
    events_.tell(WarningEvent{warning.code, warning.what + "; " + warning.remedy});
}

void Reloader::warn_of_unique_symbols(Slot &slot, const LiveLibrary &code) {
    if (!code.has_unique_symbols || slot.unique_symbols_told)
        return;
    slot.unique_symbols_told = true;
    tell_warning(unique_symbols_warning(slot.name));
}

void Reloader::warn_of_unseen_changes(Slot &slot, const LiveLibrary &code) {
    if (slot.unseen_told || migration_planner_->has_debug_info(code))
        return;
    slot.unseen_told = true;
    tell_warning(no_debug_info_warning(slot.name));
}

bool Reloader::in_flight() const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [](const auto &slot) { return !slot->untold.empty(); });
}

bool Reloader::restart_due() const {
    return std::any_of(slots_.begin(), slots_.end(), [](const auto &slot) { return slot->waits; });
}

void Reloader::switched(SwitchReport report) {
    Slot &slot = *slots_[report.module];
    slot.live = report.generation;
    slot.waits &= report.resumed;
    slot.parked &= report.resumed;
    host_took(report.module, report.generation);
    auto told = slot.untold.extract(report.generation);
    const bool is_patch = told && told.mapped().is_patch;
    if (told)
        slot.live_code = std::move(told.mapped().code);
    if (is_patch) {
        slot.objects.took();
        ++slot.patches;
    } else {
        took_library(slot, report.resumed);
    }
    std::string detail = told ? std::move(told.mapped().why) : std::string();
    add_sentence(detail, report.detail);
    if (std::exchange(slot.kept_code, nullptr) != nullptr)
        slot.heap = detail = text_of_kept(report);
    if (ready_ && !report.resumed)
        events_.tell(ReloadedEvent{.module = slot.name,
                                   .generation = report.generation,
                                   .state = report.state,
                                   .total = report.phases.total(),
                                   .phases = report.phases.in_microseconds(),
                                   .pause = report.phases.pause(),
                                   .lane = is_patch ? Lane::kObject : Lane::kLibrary,
                                   .why = told ? std::move(told.mapped().lane_why) : std::string(),
                                   .detail = std::move(detail)});
    slot.retired.set_static_holds(report.statics == nullptr ? std::vector<StaticCarry::Hold>()
                                                            : report.statics->holds());
    if (report.old != nullptr)
        retire(slot, std::move(report.old));
}

// Where the state of the first generation comes from.
std::string Reloader::text_of_kept(const SwitchReport &report) const {
    const std::string &file = process_.kept->file;
    if (process_.kept->is_recorded)
        return "its state is that of the recording " + file +
               (report.detail.empty() ? std::string() : "; " + report.detail);
    if (report.state == StateOutcome::kFresh)
        return report.detail + "; what " + file + " had is set aside beside it";
    return "its heap is that of " + file +
           (report.detail.empty() ? std::string() : "; " + report.detail);
}

// What has failed may have left callbacks with others, so that it is retired as any other code. By
// the time of the report the host may run later code, and the graph know so.
void Reloader::failed(FailureReport report) {
    if (!report.refusal.empty())
        return refused(std::move(report));
    Slot &slot = *slots_[report.module];
    report.waits = slot.waits |= report.waits;
    tell_failure(slot, report);
    const auto later = slot.untold.upper_bound(report.from);
    const bool is_overtaken = later != slot.untold.end() && later->first <= slot.taken;
    if (slot.untold.contains(report.from)) {
        host_took(report.module, report.from);
        const Offer offer = slot.untold.extract(report.from).mapped();
        const LiveLibrary::Shared code = offer.code;
        if (report.to == report.from && offer.is_patch) {
            slot.objects.took();
            ++slot.patches;
        } else if (offer.is_patch) {
            slot.objects.drop();
        }
        if (report.to != report.from)
            slot.needs_library =
                "generation " + std::to_string(report.from) + " of it was rolled back";
        if (report.to != 0 && report.to != report.from && !is_overtaken)
            graph_.rolled_back(report.module, code, slot.live_code);
        if (report.to == report.from) {
            slot.live_code = code;
            if (!offer.is_patch)
                took_library(slot, offer.resumed);
        }
        if (!is_overtaken)
            graph_.patched(report.module, slot.patches != 0);
    }
    slot.live = report.to;
    slot.parked = report.parked;
    if (report.to == 0)
        slot.live_code.reset();
    if (report.parked && !is_overtaken)
        graph_.parked(report.module);
    if (report.dropped != nullptr)
        retire(slot, std::move(report.dropped));
}

// It consumes no number.
void Reloader::refused(FailureReport report) {
    Slot &slot = *slots_[report.module];
    slot.parked = report.parked;
    if (report.is_patch_refused)
        return patch_refused(std::move(report));
    std::string detail = std::move(report.refusal);
    add_sentence(detail, report.detail);
    if (slot.kept_code != nullptr) {
        const char *const remedy =
            process_.kept->is_recorded
                ? "; take that change back, or record anew with this code"
                : "; go on with the code that made it, or start with fresh state by --on-refuse "
                  "fresh";
        detail = "the state in " + process_.kept->file + " can't be carried over, since " + detail +
                 remedy;
        has_given_up_ = report.from == 1; // later on it can be edited
        if (has_given_up_)
            handover_.request_stop(kFailedStatus);
    }
    tell_rejection(slot, {RejectReason::kLayoutRefused, std::move(detail)});
    slot.untold.erase(report.from);
    graph_.rolled_back(report.module, report.dropped->code, slot.live_code);
    if (report.parked)
        graph_.parked(report.module);
    close_old(slot);
}

void Reloader::tell_failure(const Slot &slot, const FailureReport &report) {
    std::string detail = report.fault.detail;
    add_sentence(detail, std::string("in ") + name_of(report.where));
    add_sentence(detail, report.detail);
    events_.tell(RolledBackEvent{.module = slot.name,
                                 .from = report.from,
                                 .to = report.to,
                                 .reason = report.fault.reason,
                                 .signal = report.fault.signal,
                                 .address = report.fault.address,
                                 .backtrace = symbolize(report.fault.backtrace),
                                 .steps_lost = report.steps_lost,
                                 .detail = std::move(detail),
                                 .parked = report.parked,
                                 .waits = report.waits});
}

void Reloader::stalled(std::size_t module, const std::vector<CodeAddress> &backtrace) {
    const Slot &slot = *slots_[module];
    events_.tell(StalledEvent{slot.name, running_generation(slot),
                              "the call can't be left where it is: it sleeps, waits, or holds a "
                              "lock",
                              symbolize(backtrace)});
}

// The last one that the host has taken, whether it has told of it or not.
std::uint64_t Reloader::running_generation(const Slot &slot) const {
    const auto end =
        handover_.has_offer() ? slot.untold.upper_bound(slot.taken) : slot.untold.end();
    return end == slot.untold.begin() ? slot.live : std::prev(end)->first;
}

std::vector<StackFrame> Reloader::symbolize(const std::vector<CodeAddress> &backtrace) {
    if (process_.symbolizer != nullptr)
        return process_.symbolizer->symbolize(backtrace);
    std::vector<StackFrame> frames;
    for (const CodeAddress &address : backtrace)
        frames.push_back({address.address, {}, {}, 0, address.file});
    return frames;
}

// Code that was patched goes on being mapped.
void Reloader::retire(Slot &slot, std::unique_ptr<Generation> old) {
    if (old->code == slot.live_code) {
        events_.tell(RetiredEvent{.module = slot.name,
                                  .generation = old->number,
                                  .unmapped = false,
                                  .why = "another generation runs in its library"});
        return;
    }
    slot.retired.add(std::move(old));
    close_old(slot);
}

// What the host has yet to take holds all code that its state may lead into.
void Reloader::close_old(Slot &slot) {
    if (!slot.retired.has_old())
        return;
    loop_.post([this, &slot] {
        if (slot.untold.empty() && !slot.retired.close_old())
            loop_.set_alarm(kOldCodeAlarm, services_.clock.now() + kLookAgain, [this] {
                for (const std::unique_ptr<Slot> &each : slots_)
                    close_old(*each);
            });
    });
}

std::vector<ModuleStatus> Reloader::statuses() const {
    std::vector<ModuleStatus> statuses;
    for (const auto &slot : slots_)
        statuses.push_back({slot->name, slot->library, slot->live, slot->heap});
    return statuses;
}

// A failure may have kept the module from ending its threads.
bool Reloader::is_in_use(const LiveLibrary &code) const {
    return process_.holders != nullptr &&
           (!thread_in(code, *process_.holders).empty() ||
            std::ranges::any_of(code.links, [this](const auto &link) { return is_in_use(*link); }));
}

// What a thread still runs has to stay for as long as the process: only its file goes.
void Reloader::close(std::vector<std::unique_ptr<Generation>> last) {
    loop_.clear_alarm(kOldCodeAlarm);
    static auto *const kept = new std::vector<LiveLibrary::Shared>;
    static_cast<void>(handover_.take());
    std::vector<LiveLibrary::Shared> all;
    for (const std::unique_ptr<Generation> &generation : last)
        all.push_back(generation->code);
    for (const std::unique_ptr<Slot> &slot : slots_) {
        const std::vector<LiveLibrary::Shared> retired = slot->retired.mapped();
        all.insert(all.end(), retired.begin(), retired.end());
    }
    std::ranges::copy_if(all, std::back_inserter(*kept),
                         [this](const auto &code) { return is_in_use(*code); });
    all.clear();
    last.clear();
    slots_.clear();
    if (!kept->empty())
        remove_files();
    graph_.close();
}

void Reloader::remove_files() {
    graph_.remove_own_copies();
}
} // namespace hotrun
