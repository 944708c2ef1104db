// The part of Reloader that goes on where a process before has ended.
#include "core/reloader.hpp"

#include "core/rebind_plan.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include <cxxabi.h>

namespace hotrun {

namespace {

std::vector<CodeAddress> backtrace_of(const FailureRecord &failure) {
    std::vector<CodeAddress> addresses;
    for (std::size_t i = 0; i < failure.frame_count; ++i) {
        const FailureRecord::Frame &frame = failure.frames[i];
        addresses.push_back({frame.address, frame.load_bias, frame.file});
    }
    return addresses;
}

std::string exception_of(const FailureRecord &failure) {
    if (failure.exception_type[0] == '\0')
        return {};
    int status = 0;
    char *name = abi::__cxa_demangle(failure.exception_type, nullptr, nullptr, &status);
    const std::string text = name == nullptr ? failure.exception_type : name;
    std::free(name); // NOLINT: that is how it is given back
    return "an exception of type " + text;
}

std::string described(const FailureRecord &failure) {
    if (failure.reason == RollBackReason::kTimeout)
        return "a call that did not return";
    const std::string exception = exception_of(failure);
    return failure.signal + (exception.empty() ? "" : ", by " + exception);
}

int exit_status_of(const FailureRecord &failure) {
    return failure.signal_number != 0 ? 128 + failure.signal_number : 1;
}

bool is_patched(const std::vector<CodeRecipe> &recipes) {
    return std::ranges::any_of(
        recipes, [](const CodeRecipe &recipe) { return recipe.patches != AddressRange{}; });
}

bool is_later_failure(RunRecord &record) {
    const FailureRecord &failure = record.failure;
    return failure.where == FailureRecord::Where::kCall && failure.site.kind == CallKind::kStep &&
           record.modules()[failure.site.module].candidate == 0;
}

} // namespace

// New code may take longer than what has failed needs to fail again.
std::optional<int> Reloader::take_over(RunRecord &record, OnCrash on_crash) {
    FailureRecord &failure = record.failure;
    const bool failed_later = is_later_failure(record);
    const bool waits =
        failed_later && on_crash == OnCrash::kRestart && record.code_expected && !failure.is_told;
    if (waits)
        slots_[failure.site.module]->waits = true;
    tell_takeover(record, on_crash);
    if (record.stopping)
        return std::nullopt;
    distrust(failure, record);
    std::vector<Candidate> candidates = resume_all(record, on_crash);
    graph_.remove_other_copies();
    const bool ends = failed_later && on_crash == OnCrash::kExit;
    const std::optional<int> status = ends ? std::optional(exit_status_of(failure)) : std::nullopt;
    failure.is_told = waits;
    if (waits)
        --record.restarts_in_vain; // that it is for is yet to come
    else
        failure.where = FailureRecord::Where::kNowhere;
    record.code_expected = true;            // until it is known whether there is any
    handover_.offer(std::move(candidates)); // what runs may fail and say so in the record
    return status;
}

// Code that has failed in a later step, or in the call that ends it, is called no more.
std::vector<Candidate> Reloader::resume_all(RunRecord &record, OnCrash on_crash) {
    const FailureRecord &failure = record.failure;
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        ModuleRecord &module = record.modules()[i];
        slots_[i]->taken = module.last_number;
        slots_[i]->live = module.generation;
        if (module.candidate != 0)
            module.parked = module.parked_before;
        else if (failure.where == FailureRecord::Where::kCall && failure.site.module == i)
            module.parked = failure.site.kind != CallKind::kStep || on_crash != OnCrash::kRestart;
        module.parked = (module.parked && !module.restart_due) || slots_[i]->waits;
        module.restart_due = slots_[i]->waits;
        module.candidate = 0;
        if (std::optional<Candidate> candidate = resume(i, module))
            candidates.push_back(std::move(*candidate));
    }
    return candidates;
}

void Reloader::tell_takeover(RunRecord &record, OnCrash on_crash) {
    const FailureRecord &failure = record.failure;
    std::string where = "static constructors";
    if (failure.where == FailureRecord::Where::kCall)
        where =
            std::string(name_of(failure.site.kind)) + " of " + slots_[failure.site.module]->name;
    else if (failure.where == FailureRecord::Where::kDestructor)
        where = "static destructors";
    events_.tell(RestartedEvent{services_.processes.own_pid(), described(failure) + " in " + where,
                                exit_status_of(failure)});
    if (failure.where != FailureRecord::Where::kCall || failure.site.kind == CallKind::kUnload ||
        failure.is_told)
        return;
    const ModuleRecord &module = record.modules()[failure.site.module];
    FailureReport report;
    report.module = failure.site.module;
    report.where = failure.site.kind;
    report.from = module.candidate != 0 ? module.candidate : module.generation;
    report.to = module.generation;
    report.waits = slots_[report.module]->waits;
    report.parked =
        report.from == report.to
            ? on_crash != OnCrash::kRestart || report.where != CallKind::kStep || report.waits
            : report.to == 0 || (module.parked_before && !module.restart_due);
    report.fault.reason = failure.reason;
    report.fault.signal = failure.signal;
    if (failure.has_address)
        report.fault.address = failure.address;
    report.fault.backtrace = backtrace_of(failure);
    report.fault.detail = failure.detail[0] != '\0' ? failure.detail : exception_of(failure);
    report.steps_lost = failure.steps_lost;
    tell_failure(*slots_[report.module], report);
}

// The same files are not tried again.
void Reloader::distrust(const FailureRecord &failure, RunRecord &record) {
    if (failure.where == FailureRecord::Where::kConstructor) {
        graph_.known().add_failed({failure.library, failure.library_timestamp},
                                  "its static constructors end in " + described(failure));
        return;
    }
    if (failure.where != FailureRecord::Where::kCall)
        return;
    const ModuleRecord &module = record.modules()[failure.site.module];
    if (module.candidate == 0)
        return;
    const auto recipes = parse_recipe(module.candidate_code);
    if (recipes && !is_patched(*recipes)) // else it is in none of the files that they name
        graph_.known().add(slots_[failure.site.module]->library, combination_of(*recipes), nullptr);
}

// The same files as before, at other addresses. What was in patches is lost.
std::shared_ptr<RebindPlan> Reloader::plan_of_moves(const std::vector<CodeRecipe> &recipes,
                                                    const LiveLibrary::Shared &code) const {
    std::vector<LiveLibrary::Shared> libraries;
    for (const CodeRecipe &recipe : recipes)
        libraries.push_back(graph_.known().library(recipe.path, recipe.origin));
    libraries.back() = code;
    std::vector<RebindPlan::Move> moves;
    for (std::size_t i = 0; i < recipes.size(); ++i)
        moves.push_back({recipes[i].place, libraries[i]->library->place().load_bias});
    for (const CodeRecipe &recipe : recipes) {
        const AddressRange lost = recipe.patches;
        if (lost == AddressRange{} || process_.patches == nullptr)
            continue;
        const std::uint64_t begin =
            process_.patches->reserve_lost(lost.end - lost.begin, recipe.copy);
        if (begin != 0)
            moves.push_back({{lost.begin, lost.begin, lost.end}, begin});
    }
    return std::make_shared<RebindPlan>(services_.files, std::move(moves));
}

std::optional<Candidate> Reloader::resume(std::size_t module, const ModuleRecord &record) {
    Slot &slot = *slots_[module];
    graph_.set_next_number(module, record.last_number + 1);
    const auto recipes = parse_recipe(record.code);
    if (record.generation == 0 || !recipes)
        return std::nullopt;
    LiveLibrary::Shared code = graph_.resume(module, *recipes);
    if (code == nullptr)
        return std::nullopt;
    slot.live_code = code;
    if (record.parked)
        graph_.parked(module);
    slot.parked = record.parked;
    slot.has_lost_patches = is_patched(*recipes);
    if (slot.has_lost_patches)
        slot.needs_library = "patches are lost with their process";
    slot.untold[record.generation] = {.code = code, .why = {}, .resumed = true};
    Generation generation{record.generation, code, Callbacks::of(*code->library),
                          text_of_code(code)};
    Candidate candidate{module, std::make_unique<Generation>(std::move(generation)),
                        PhaseTimes(services_.clock.now()), plan_of_moves(*recipes, code)};
    candidate.resumed = true;
    candidate.parked = record.parked;
    return candidate;
}

} // namespace hotrun
