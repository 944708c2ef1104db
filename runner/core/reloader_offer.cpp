// The part of Reloader that makes candidates of new code.
#include "core/reloader.hpp"

#include "core/rebind_plan.hpp"

#include <algorithm>

namespace hotrun {

// The numbers of these are free again.
std::vector<Candidate> Reloader::take_back() {
    std::vector<Candidate> back = handover_.take();
    for (const Candidate &candidate : back) {
        Slot &slot = *slots_[candidate.module];
        slot.untold.erase(candidate.generation->number);
        close_old(slot); // which may have waited for its outcome
    }
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
    const Offer &offer = slot.untold.at(generation);
    slot.taken = generation;
    graph_.runs(module, offer.code, generation);
    graph_.patched(module, offer.is_patch);
}

Candidate Reloader::offer(HotGraph::News &news, std::vector<Candidate> &back) {
    Slot &slot = *slots_[news.module];
    const std::uint64_t number = slot.taken + 1;
    slot.untold[number] = {.code = news.code,
                           .why = std::move(news.why),
                           .lane_why =
                               slot.has_lost_patches ? slot.needs_library : library_reason_};
    const auto same = std::ranges::find_if(back, [&](const Candidate &candidate) {
        return candidate.generation != nullptr && candidate.generation->code == news.code;
    });
    if (same != back.end())
        return std::move(*same);
    warn_of_unique_symbols(slot, *news.code);
    Generation generation{number, news.code, Callbacks::of(*news.code->library),
                          text_of_code(news.code)};
    MigrationPlanner::Plan plan = plan_migration(slot, news.code);
    Candidate candidate{news.module, std::make_unique<Generation>(std::move(generation)),
                        news.phases, nullptr};
    if (slot.kept_code != nullptr && migration_planner_)
        check_types(slot, candidate);
    candidate.rebind = plan_rebinding(news.module, slot, news.code, plan);
    if (plan.migration != nullptr && candidate.rebind != nullptr)
        plan.migration->find_closures(
            [&](std::uint64_t word) { return candidate.rebind->rebind(word); });
    if (plan.migration != nullptr && plan.migration->is_needed())
        candidate.migration = std::move(plan.migration);
    candidate.statics = std::move(plan.statics);
    if (process_.kept && process_.kept->is_recorded)
        candidate.recorded = slot.kept_code;
    candidate.phases.mark(Phase::kPrepare, services_.clock.now());
    return candidate;
}

// What is to go on goes on before newer code takes its place: the state has to follow it here.
void Reloader::offer_resumed_again(std::vector<Candidate> &back,
                                   std::vector<Candidate> &candidates) {
    for (Candidate &candidate : back) {
        if (!candidate.resumed)
            continue;
        slots_[candidate.module]->untold[candidate.generation->number] = {
            .code = candidate.generation->code, .why = {}, .resumed = true};
        candidates.insert(candidates.begin(), std::move(candidate));
    }
}

// A process that takes over needs it, and so does whoever goes on with a heap in a file.
std::string Reloader::text_of_code(const LiveLibrary::Shared &code) {
    if (!process_.keeps_heap || !migration_planner_)
        return recipe_of(code);
    return recipe_of(
        code, [this](const LiveLibrary &library) { return migration_planner_->checksum(library); });
}

// The debug information of code that was kept may lie elsewhere, and be that of other code by now.
void Reloader::check_types(const Slot &slot, Candidate &candidate) {
    std::vector<LiveLibrary::Shared> now;
    add_with_links(candidate.generation->code, now);
    std::vector<LiveLibrary::Shared> old;
    add_with_links(slot.kept_code, old);
    const auto is_known_or_same = [&](const LiveLibrary::Shared &each) {
        const std::uint64_t types = types_of_kept(*each);
        const auto same = std::ranges::find(now, each->path, [](auto &code) { return code->path; });
        return migration_planner_->checksum(*each) == types ||
               (same != now.end() && migration_planner_->checksum(**same) == types);
    };
    if (!std::ranges::all_of(old, is_known_or_same))
        candidate.refusal = "a type has changed, and the debug information of the code that made "
                            "it is not there any more";
}

std::uint64_t Reloader::types_of_kept(const LiveLibrary &code) const {
    return std::ranges::find(process_.kept->recipes, code.copy.path(), &CodeRecipe::copy)->types;
}

// Blocks are of the code that runs, of code that the host may run by now, or of another run's.
std::vector<LiveLibrary::Shared> Reloader::code_of_state(const Slot &slot) {
    std::vector<LiveLibrary::Shared> olds;
    for (const LiveLibrary::Shared &code : {slot.kept_code, slot.live_code}) {
        if (code != nullptr)
            olds.push_back(code);
    }
    for (const auto &[number, offer] : slot.untold)
        olds.push_back(offer.code);
    return olds;
}

MigrationPlanner::Plan Reloader::plan_migration(Slot &slot, const LiveLibrary::Shared &code) {
    if (!migration_planner_)
        return {};
    std::vector<LiveLibrary::Shared> olds = code_of_state(slot);
    std::erase(olds, code);
    if (olds.empty())
        return {};
    MigrationPlanner::Plan plan = migration_planner_->plan(olds, code);
    warn_of_unseen_changes(slot, *code);
    return plan;
}

// The state may lead into any code that has run and is still there.
std::shared_ptr<RebindPlan> Reloader::plan_rebinding(std::size_t module, const Slot &slot,
                                                     const LiveLibrary::Shared &code,
                                                     MigrationPlanner::Plan &planned) {
    if (module >= process_.heaps.size())
        return nullptr;
    std::vector<LiveLibrary::Shared> olds = code_of_state(slot);
    const std::vector<LiveLibrary::Shared> retired = slot.retired.mapped();
    olds.insert(olds.begin(), retired.begin(), retired.end());
    std::erase(olds, code);
    if (olds.empty())
        return nullptr;
    auto plan = std::make_shared<RebindPlan>(services_.files, olds, code);
    if (planned.migration != nullptr) {
        plan->add_answers(planned.migration->descriptors());
        plan->set_renamed(planned.migration->renamed_types());
    }
    if (planned.statics != nullptr)
        plan->add_answers(planned.statics->answers());
    plan->prepare(*process_.heaps[module]);
    if (planned.statics != nullptr)
        planned.statics->prepare(services_.files, plan);
    return plan;
}

} // namespace hotrun
