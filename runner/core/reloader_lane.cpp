// The part of Reloader that patches what runs.
#include "core/reloader.hpp"

#include <algorithm>
#include <utility>

namespace hotrun {

std::size_t Reloader::module_of(const std::string &library) const {
    const auto found = std::ranges::find(slots_, library, [](auto &slot) { return slot->library; });
    return static_cast<std::size_t>(found - slots_.begin());
}

// What of the run or of the module's state keeps it from being patched; empty: nothing.
std::string Reloader::hindrance(const Slot &slot) const {
    if (process_.patches == nullptr)
        return "this host can't patch code";
    if (!process_.no_patches.empty())
        return process_.no_patches;
    if (std::string why = process_.patches->obstacle(); !why.empty())
        return why;
    if (process_.kept || slot.kept_code != nullptr)
        return "the state comes from a file";
    if (!slot.untold.empty())
        return "what was built before is not live yet";
    if (slot.live_code == nullptr || slot.live == 0)
        return slot.name + " has no generation that runs";
    if (slot.parked)
        return slot.name + " is parked";
    return slot.needs_library.empty() ? refused_again(slot) : slot.needs_library;
}

// A thread that is the module's own is in its code until hotrun_unload, so that only the host can
// tell that one is in the way. The same thread, seen there again, is none that unload ends: to try
// would be to call unload and reload in vain.
std::string Reloader::refused_again(const Slot &slot) const {
    if (slot.refusal.empty() || process_.holders == nullptr)
        return {};
    for (const std::string &thread : process_.holders->threads_in(places_of(*slot.live_code))) {
        if (is_refusal_for(slot.refusal, thread))
            return refusal_for(thread);
    }
    return {};
}

std::string Reloader::keep(const ObjectSet &set) {
    const std::size_t module = module_of(set.library);
    if (module == slots_.size())
        return set.library + " is no module";
    Slot &slot = *slots_[module];
    if (std::string why = hindrance(slot); !why.empty())
        return why;
    if (graph_.is_linked(module))
        return "another hot library links " + slot.name + ", and is loaded anew with it";
    if (!graph_.is_current(module))
        return "the live code of " + slot.name + " is not what its library holds";
    return slot.objects.keep(set.objects);
}

std::string Reloader::keep_objects(const std::vector<ObjectSet> &sets) {
    for (const ObjectSet &set : sets) {
        if (std::string why = keep(set); !why.empty())
            return why;
    }
    loop_.post([this] { // while the compiler runs
        for (const auto &slot : slots_) {
            if (slot->live_code != nullptr)
                slot->objects.read_ahead();
        }
    });
    return {};
}

Result<CodePatch *> Reloader::prepare(const ObjectSet &set) {
    const std::size_t module = module_of(set.library);
    std::string why =
        module == slots_.size() ? set.library + " is no module" : hindrance(*slots_[module]);
    if (!why.empty())
        return Error{ErrorKind::kFailed, std::move(why), 0};
    return slots_[module]->objects.patch(set.objects, process_.looks_up_names, set.stand_in);
}

std::string Reloader::patch(const std::vector<ObjectSet> &sets, const PhaseTimes &phases) {
    std::vector<Candidate> candidates;
    for (const ObjectSet &set : sets) {
        const Result<CodePatch *> patch = prepare(set);
        if (!patch) {
            drop_patches(candidates);
            return patch.error().message;
        }
        if (*patch == nullptr)
            continue;
        const std::size_t module = module_of(set.library);
        const Slot &slot = *slots_[module];
        Generation generation{slot.taken + 1, slot.live_code,
                              Callbacks::of(*slot.live_code->library),
                              text_of_code(slot.live_code)};
        Candidate candidate{module, std::make_unique<Generation>(std::move(generation)), phases,
                            nullptr};
        candidate.patch = *patch;
        candidates.push_back(std::move(candidate));
    }
    for (Candidate &candidate : candidates) {
        candidate.phases.mark(Phase::kPrepare, services_.clock.now());
        slots_[candidate.module]->untold[candidate.generation->number] = {
            .code = candidate.generation->code, .why = {}, .is_patch = true};
    }
    handover_.offer(std::move(candidates));
    return {};
}

// They have not been applied.
void Reloader::drop_patches(const std::vector<Candidate> &candidates) {
    for (const Candidate &candidate : candidates) {
        if (candidate.patch != nullptr)
            slots_[candidate.module]->objects.drop();
    }
}

// Unless there is a whole library instead.
void Reloader::offer_patches_again(std::vector<Candidate> &back,
                                   std::vector<Candidate> &candidates) {
    for (Candidate &candidate : back) {
        if (candidate.patch == nullptr)
            continue;
        Slot &slot = *slots_[candidate.module];
        if (std::ranges::count(candidates, candidate.module, &Candidate::module) != 0) {
            slot.objects.drop();
            continue;
        }
        slot.untold[candidate.generation->number] = {
            .code = candidate.generation->code, .why = {}, .is_patch = true};
        candidates.push_back(std::move(candidate));
    }
}

// The host goes on with the code that it has, which is not what is built. A library may be on its
// way to it by now.
void Reloader::patch_refused(FailureReport report) {
    Slot &slot = *slots_[report.module];
    slot.untold.erase(report.from);
    slot.objects.drop();
    slot.refusal = slot.needs_library = std::move(report.refusal);
    if (slot.untold.empty())
        refusal_ = slot.refusal;
    if (report.parked)
        graph_.parked(report.module);
}

// Code that is resumed is what the process before has loaded, and waits for the library as it did.
void Reloader::took_library(Slot &slot, bool resumed) {
    slot.objects.set_library(slot.live_code);
    slot.patches = 0;
    if (resumed)
        return;
    slot.needs_library.clear();
    slot.has_lost_patches = false;
}

// A library that holds what runs, unpatched, is a new beginning.
void Reloader::note_look(std::size_t module, const std::optional<Timestamp> &before,
                         bool has_news) {
    Slot &slot = *slots_[module];
    const auto now = graph_.captured(module);
    if (has_news || now == before || !now || slot.patches != 0 || !graph_.is_current(module))
        return;
    slot.needs_library.clear();
    slot.has_lost_patches = false;
    slot.objects.linked_again(*now);
}

std::string Reloader::confirm(const std::string &library, const std::string &object) {
    const std::size_t module = module_of(library);
    return module == slots_.size() ? library + " is no module"
                                   : slots_[module]->objects.confirm(object);
}

std::string Reloader::difference(const std::string &one, const std::string &other) {
    return process_.patches == nullptr ? "this host can't patch code"
                                       : slots_.front()->objects.difference(one, other);
}

void Reloader::relinked(const std::vector<std::string> &libraries) {
    for (const std::string &library : libraries)
        graph_.capture(library);
}

} // namespace hotrun
