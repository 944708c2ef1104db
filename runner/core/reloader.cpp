#include "core/reloader.hpp"

#include <algorithm>

namespace hotrun {

namespace {

std::vector<std::string> libraries_of(const std::vector<ModuleTarget> &modules) {
    std::vector<std::string> paths;
    for (const ModuleTarget &module : modules)
        paths.push_back(module.library);
    return paths;
}

} // namespace

Reloader::Reloader(HotLibrary::Services services, EventLoop &loop, EventStream &events,
                   Handover &handover, const std::vector<ModuleTarget> &modules, bool needs_step)
    : services_(services), loop_(loop), events_(events), handover_(handover),
      graph_(services, libraries_of(modules), needs_step) {
    for (const ModuleTarget &module : modules)
        slots_.push_back(std::make_unique<Slot>(module));
    handover_.set_libraries(graph_.libraries());
}

bool Reloader::is_library(const std::string &path) const {
    return std::ranges::count(graph_.libraries(), path) != 0;
}

// What was offered and not taken is looked at anew: it may be bound to what is out of date now.
bool Reloader::look(Writer writer, const PhaseTimes &phases) {
    if (graph_.up_to_date())
        return true;
    std::vector<Candidate> back = take_back();
    HotGraph::Look seen = graph_.look(writer, phases);
    handover_.set_libraries(graph_.libraries());
    std::vector<Candidate> candidates;
    for (HotGraph::News &news : seen.news) {
        if (news.rejection)
            tell_rejection(*slots_[news.module], *news.rejection);
        else
            candidates.push_back(offer(news, back));
    }
    handover_.offer(std::move(candidates));
    return seen.settled;
}

// The numbers of these are free again.
std::vector<Candidate> Reloader::take_back() {
    std::vector<Candidate> back = handover_.take();
    for (const Candidate &candidate : back)
        slots_[candidate.module]->untold.erase(candidate.generation->number);
    // The others run, though that is yet to be told.
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (!slots_[i]->untold.empty())
            host_took(i, slots_[i]->untold.rbegin()->first);
    }
    return back;
}

// Reports come later than what was found out by then.
void Reloader::host_took(std::size_t module, std::uint64_t generation) {
    Slot &slot = *slots_[module];
    if (generation <= slot.taken)
        return;
    slot.taken = generation;
    graph_.runs(module, slot.untold.at(generation).code, generation);
}

Candidate Reloader::offer(HotGraph::News &news, std::vector<Candidate> &back) {
    Slot &slot = *slots_[news.module];
    const std::uint64_t number = slot.taken + 1;
    slot.untold[number] = {news.code, std::move(news.why)};
    const auto same = std::ranges::find_if(back, [&](const Candidate &candidate) {
        return candidate.generation != nullptr && candidate.generation->code == news.code;
    });
    if (same != back.end())
        return std::move(*same);
    warn_of_unique_symbols(slot, *news.code);
    Generation generation{number, news.code, Callbacks::of(*news.code->library)};
    news.phases.mark(Phase::kPrepare, services_.clock.now());
    return {news.module, std::make_unique<Generation>(std::move(generation)), news.phases};
}

void Reloader::tell_rejection(const Slot &slot, const Rejection &rejection) {
    events_.tell(RejectedEvent{.module = slot.name,
                               .generation = slot.live,
                               .reason = rejection.reason,
                               .detail = rejection.detail});
}

void Reloader::warn_of_unique_symbols(Slot &slot, const LiveLibrary &code) {
    if (!code.has_unique_symbols || slot.unique_symbols_told)
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
                       [](const auto &slot) { return !slot->untold.empty(); });
}

void Reloader::switched(SwitchReport report) {
    Slot &slot = *slots_[report.module];
    slot.live = report.generation;
    host_took(report.module, report.generation);
    const auto told = slot.untold.extract(report.generation);
    if (ready_)
        events_.tell(ReloadedEvent{.module = slot.name,
                                   .generation = report.generation,
                                   .state = report.state,
                                   .total = report.phases.total(),
                                   .phases = report.phases.in_microseconds(),
                                   .pause = report.phases.pause(),
                                   .lane = Lane::kLibrary,
                                   .why = {},
                                   .detail = told ? told.mapped().why : std::string()});
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
    const std::string path = oldest->code->copy.path();
    const bool unique_symbols = oldest->code->has_unique_symbols;
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
        statuses.push_back({slot->name, slot->library, slot->live});
    return statuses;
}

void Reloader::close() {
    static_cast<void>(handover_.take());
    slots_.clear();
    graph_.close();
}

void Reloader::remove_files() {
    graph_.remove_own_copies();
}

} // namespace hotrun
