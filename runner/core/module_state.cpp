// The part of Module that brings the state of the old code to the new.
#include "core/module.hpp"

#include "core/code_patch.hpp"
#include "core/migration.hpp"
#include "core/sentence.hpp"
#include "core/static_carry.hpp"

namespace hotrun {

// False: it was refused, and the old code goes on.
bool Module::carry_state(Candidate &candidate, Switched &switched) {
    if (candidate.migration == nullptr && candidate.statics == nullptr && candidate.refusal.empty())
        return true;
    // If the process is replaced meanwhile, this code is the one that has failed.
    parts_.record.candidate = candidate.generation->number;
    copy_recipe(candidate.generation->recipe, parts_.record.candidate_code);
    std::optional<std::string> refusal;
    if (!candidate.refusal.empty())
        refusal = std::move(candidate.refusal);
    else
        refusal = migrate(candidate);
    if (!refusal)
        refusal = carry_statics(candidate);
    if (refusal && parts_.on_refuse == OnRefuse::kKeep) {
        switched.failure = refuse(candidate, std::move(*refusal));
        return false;
    }
    if (refusal) {
        start_afresh();
        switched.state = StateOutcome::kFresh;
        add_sentence(switched.detail, "fresh state, since " + *refusal);
        return true;
    }
    const std::string migrated =
        candidate.migration == nullptr ? std::string() : candidate.migration->detail();
    if (!migrated.empty() || (carried_ != nullptr && carried_->migrated_count() != 0))
        switched.state = StateOutcome::kMigrated;
    add_sentence(switched.detail, migrated);
    if (carried_ != nullptr)
        add_sentence(switched.detail, carried_->detail());
    return true;
}

// As above. State and statics are those of the old code already.
bool Module::apply_patch(Candidate &candidate, Switched &switched) {
    if (candidate.patch == nullptr)
        return true;
    if (const Status applied = candidate.patch->apply(); !applied) {
        switched.failure = refuse(candidate, applied.error().message);
        switched.failure->is_patch_refused = true;
        return false;
    }
    patch_ = candidate.patch;
    return true;
}

// False: the new code is still what runs, and is to be called no more.
bool Module::undo_patch(FailureReport &failure) {
    CodePatch *patch = std::exchange(patch_, nullptr);
    if (patch == nullptr)
        return true;
    const Status undone = patch->undo();
    if (!undone)
        add_sentence(failure.detail, undone.error().message);
    return undone.ok();
}

Migration::Construct Module::construct_of(const Candidate &candidate) {
    return
        [this, &candidate](Migration::Constructor constructor, void *objects, std::size_t count) {
            return construct(candidate.generation->callbacks, constructor, {objects, count});
        };
}

Migration::Finish Module::finish_of(const Candidate &candidate) {
    return [this, &candidate](Migration::Constructor function, const hotrun_object &old_object,
                              const hotrun_object &new_object) {
        context_.host.old_object = &old_object;
        context_.host.new_object = &new_object;
        std::string failure = construct(candidate.generation->callbacks, function, {});
        context_.host.old_object = context_.host.new_object = nullptr;
        return failure;
    };
}

std::optional<std::string> Module::migrate(Candidate &candidate) {
    if (candidate.migration == nullptr)
        return std::nullopt;
    return candidate.migration->apply(heap_, context_.host.state, construct_of(candidate),
                                      finish_of(candidate));
}

std::optional<std::string> Module::carry_statics(Candidate &candidate) {
    const bool is_recorded = candidate.recorded != nullptr;
    LiveLibrary::Shared from = candidate.recorded;
    if (!is_recorded && live_ != nullptr)
        from = live_->code;
    if (candidate.statics == nullptr || from == nullptr)
        return std::nullopt;
    std::vector<LiveLibrary::Shared> live;
    add_with_links(from, live);
    const auto base = reinterpret_cast<std::uintptr_t>(heap_.base());
    std::optional<std::string> refusal =
        candidate.statics->apply(live, {{base, base + heap_.bytes()},
                                        construct_of(candidate),
                                        finish_of(candidate),
                                        [this](const ExitCall &call) { return destroy(call); },
                                        parts_.memory,
                                        parts_.written,
                                        is_recorded});
    carried_ = refusal ? nullptr : candidate.statics.get();
    return refusal;
}

// In code that is not live yet; its failure is that of the reload.
std::string Module::construct(const Callbacks &callbacks, Callbacks::Function constructor,
                              Objects objects) {
    context_.host.subject = objects.first;
    context_.host.subject_count = objects.count;
    const bool returned =
        call(CallKind::kReload, callbacks.bind) && call(CallKind::kReload, constructor);
    context_.host.subject = nullptr;
    context_.host.subject_count = 0;
    return returned ? std::string() : described(parts_.guard.take_fault());
}

// By way of a function of our own: what fails in it replaces the process.
std::string Module::destroy(const ExitCall &call) {
    context_.host.subject = const_cast<ExitCall *>(&call);
    const bool returned = this->call(CallKind::kReload, [](hotrun_context *context) {
        const auto *exit_call = static_cast<const ExitCall *>(context->subject);
        context->subject = nullptr;
        exit_call->function(exit_call->object);
    });
    return returned ? std::string() : described(parts_.guard.take_fault());
}

// As in the first generation of a run.
void Module::start_afresh() {
    heap_.format();
    context_.host.state = nullptr;
    init_returned_ = false;
    is_fresh_ = is_kept_;
}

} // namespace hotrun
