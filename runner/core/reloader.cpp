#include "core/reloader.hpp"

#include <algorithm>

namespace hotrun {

Reloader::Reloader(HotLibrary::Services services, EventLoop &loop, EventStream &events,
                   Handover &handover, const std::vector<ModuleTarget> &modules, bool needs_step)
    : services_(services), loop_(loop), events_(events), handover_(handover) {
    for (const ModuleTarget &module : modules)
        slots_.push_back(std::make_unique<Slot>(module, services, needs_step));
}

bool Reloader::any_changed() const {
    return !changed_libraries().empty();
}

std::vector<std::string> Reloader::changed_libraries() const {
    std::vector<std::string> paths;
    for (const auto &slot : slots_) {
        if (slot->library.changed())
            paths.push_back(slot->library.path());
    }
    return paths;
}

bool Reloader::is_library(const std::string &path) const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](const auto &slot) { return slot->library.path() == path; });
}

bool Reloader::look(Writer writer, const PhaseTimes &phases) {
    bool settled = true;
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        Slot &slot = *slots_[i];
        if (!slot.library.changed())
            continue;
        take_back(i);
        PhaseTimes own_phases = phases;
        HotLibrary::Outcome outcome = slot.library.prepare(writer, slot.taken + 1, own_phases);
        if (outcome.verdict == HotLibrary::Verdict::kUnsettled)
            settled = false;
        if (outcome.rejection)
            tell_rejection(slot, *outcome.rejection);
        if (outcome.generation == nullptr)
            continue;
        slot.offered = outcome.generation->number;
        slot.offered_copy = outcome.generation->copy.path();
        warn_of_unique_symbols(slot, *outcome.generation);
        candidates.push_back({i, std::move(outcome.generation), own_phases});
    }
    handover_.offer(std::move(candidates));
    return settled;
}

// What the host has not taken by now is out of date, and its number is free again.
void Reloader::take_back(std::size_t index) {
    Slot &slot = *slots_[index];
    if (slot.offered == 0)
        return;
    if (handover_.take_back(index) == nullptr) { // it runs, though the host has yet to tell
        slot.taken = slot.offered;
        slot.library.switched_to(slot.offered_copy);
    }
    slot.offered = 0;
}

void Reloader::tell_rejection(const Slot &slot, const Rejection &rejection) {
    events_.tell(RejectedEvent{.module = slot.name,
                               .generation = slot.live,
                               .reason = rejection.reason,
                               .detail = rejection.detail});
}

void Reloader::warn_of_unique_symbols(Slot &slot, const Generation &generation) {
    if (!generation.has_unique_symbols || slot.unique_symbols_told)
        return;
    slot.unique_symbols_told = true;
    events_.tell(WarningEvent{
        "unique_symbols",
        "the module " + slot.name +
            " has unique symbols: its old code can't leave the process, and its inline variables "
            "are shared between old and new code; compile it with -fno-gnu-unique"});
}

bool Reloader::in_flight() const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [](const auto &slot) { return slot->offered != 0; });
}

void Reloader::switched(SwitchReport report) {
    Slot &slot = *slots_[report.module];
    slot.live = report.generation;
    if (report.generation >= slot.taken) {
        slot.taken = report.generation;
        slot.library.switched_to(report.live_copy);
    }
    if (slot.offered == report.generation)
        slot.offered = 0;
    if (ready_)
        events_.tell(ReloadedEvent{.module = slot.name,
                                   .generation = report.generation,
                                   .state = report.state,
                                   .total = report.phases.total(),
                                   .phases = report.phases.in_microseconds(),
                                   .pause = report.phases.pause(),
                                   .lane = Lane::kLibrary,
                                   .why = {},
                                   .detail = {}});
    if (report.old != nullptr)
        retire(slot, std::move(report.old));
}

void Reloader::retire(Slot &slot, std::unique_ptr<Generation> old) {
    events_.tell(RetiredEvent{.module = slot.name,
                              .generation = old->number,
                              .unmapped = false,
                              .why = "the last " + std::to_string(kKeptGenerations) +
                                     " old generations stay mapped for callbacks into them"});
    slot.retired.push_back(std::move(old));
    if (slot.retired.size() > kKeptGenerations)
        loop_.post([this, &slot] { close_oldest(slot); });
}

void Reloader::close_oldest(Slot &slot) {
    if (slot.retired.size() <= kKeptGenerations)
        return;
    std::unique_ptr<Generation> oldest = std::move(slot.retired.front());
    slot.retired.pop_front();
    const std::string path = oldest->copy.path();
    const bool unique_symbols = oldest->has_unique_symbols;
    RetiredEvent event{
        .module = slot.name, .generation = oldest->number, .unmapped = true, .why = {}};
    oldest.reset();
    if (services_.loader.is_mapped(path)) {
        event.unmapped = false;
        event.why = unique_symbols
                        ? "it has unique symbols; compile it with -fno-gnu-unique"
                        : "a thread_local with a destructor, or another library, holds it";
    }
    events_.tell(std::move(event));
}

std::vector<ModuleStatus> Reloader::statuses() const {
    std::vector<ModuleStatus> statuses;
    for (const auto &slot : slots_)
        statuses.push_back({slot->name, slot->library.path(), slot->live});
    return statuses;
}

void Reloader::close() {
    static_cast<void>(handover_.take());
    slots_.clear();
}

void Reloader::remove_files() {
    for (const auto &slot : slots_)
        slot->library.remove_own_copies();
}

} // namespace hotrun
