#include "core/hosted_modules.hpp"

#include "core/rebind_plan.hpp"
#include "core/recorder.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hotrun {

namespace {

constexpr int kFailedStatus = 1;

template <std::size_t Size>
void copy_text(const std::string &from, char (&to)[Size]) {
    const std::size_t count = std::min(from.size(), Size - 1);
    std::memcpy(to, from.data(), count);
    to[count] = '\0';
}

// What was to be said of the switch is said of its failure.
void put_first(const std::string &detail, FailureReport &failure) {
    if (!detail.empty())
        failure.detail = failure.detail.empty() ? detail : detail + "; " + failure.detail;
}

int exit_status_of(const Fault &fault) {
    return fault.signal_number != 0 ? 128 + fault.signal_number : kFailedStatus;
}

} // namespace

void HostedModules::switch_to_offered() {
    report_switches();
    for (Candidate &candidate : services_.handover.take())
        switch_to(candidate);
    if (!policy_.step_modules || services_.handover.is_paused())
        report_switches();
}

void HostedModules::switch_to(Candidate &candidate) {
    Module &module = *modules_[candidate.module];
    report_switch_of(candidate.module);
    candidate.phases.mark(Phase::kWait, services_.clock.now());
    module.set_steps_finished(services_.replay == nullptr ? steps_
                                                          : services_.replay->first_step());
    module.rewind();
    SwitchReport report;
    report.module = candidate.module;
    report.generation = candidate.generation->number;
    report.resumed = candidate.resumed;
    Module::Switched switched =
        candidate.resumed ? module.resume(candidate) : module.switch_to(candidate, services_.clock);
    report.rebind = std::move(candidate.rebind); // it may be the last to hold a library
    report.statics = std::move(candidate.statics);
    if (switched.failure) {
        switched.failure->rebind = std::move(report.rebind);
        switched.failure->statics = std::move(report.statics);
        put_first(switched.detail, *switched.failure);
        fail(std::move(*switched.failure));
        return;
    }
    begin_pass(module);
    report.state = switched.state;
    report.phases = candidate.phases;
    report.detail = std::move(switched.detail);
    reports_.push_back(std::move(report));
}

void HostedModules::report_switches() {
    for (SwitchReport &report : reports_)
        tell(report);
    reports_.clear();
}

// Code that was resumed and gives way to newer code at the same safe point.
void HostedModules::report_switch_of(std::size_t module) {
    const auto report = std::ranges::find(reports_, module, &SwitchReport::module);
    if (report == reports_.end())
        return;
    tell(*report);
    reports_.erase(report);
}

void HostedModules::tell(SwitchReport &report) {
    Module &module = *modules_[report.module];
    module.prove();
    services_.record.modules()[report.module].restart_due &= report.resumed;
    report.old = module.take_old();
    services_.switched(std::move(report));
}

bool HostedModules::step() {
    if (services_.handover.is_paused()) {
        report_switches(); // of a switch that was before the pause
        return false;
    }
    bool stepped = false;
    bool finished = false;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
        if (!modules_[i]->steps())
            continue;
        if (!stepped)
            begin_step();
        finished |= step_module(i);
        stepped = true;
    }
    view_.hide_events();
    if (finished) {
        services_.record.steps.store(++steps_, std::memory_order_relaxed);
        if (services_.record.restarts_in_vain.load(std::memory_order_relaxed) != 0)
            services_.record.restarts_in_vain.store(0, std::memory_order_relaxed);
    }
    if (!reports_.empty())
        report_switches();
    if (finished && services_.replay != nullptr && services_.replay->is_at_end())
        finish_pass();
    return stepped;
}

void HostedModules::begin_step() {
    if (services_.replay != nullptr)
        return view_.show(services_.replay->next(services_.clock.now()));
    services_.input.take(services_.clock.now().time_since_epoch(), input_);
    view_.show(input_);
    if (services_.recorder != nullptr)
        services_.recorder->add(input_);
}

void HostedModules::give_way() {
    report_switches();
    modules_.front()->give_way(services_.clock);
}

void HostedModules::go_back() {
    modules_.front()->go_back();
}

void HostedModules::begin_replay(Replay &replay, void *root) {
    services_.replay = &replay;
    modules_.front()->take_recorded(root, replay.first_step());
}

void HostedModules::finish_pass() {
    Module &module = *modules_.front();
    services_.replayed(services_.replay->finish_pass(services_.clock.now()),
                       module.context().generation);
    if (services_.replay->plan().once)
        services_.handover.request_stop(0);
    else
        module.rewind();
}

// With other code than before, or with that from before other code that has failed.
void HostedModules::begin_pass(Module &module) {
    if (services_.replay == nullptr)
        return;
    module.mark_start();
    services_.replay->restart();
}

bool HostedModules::step_module(std::size_t index) {
    std::optional<FailureReport> failure = modules_[index]->step();
    const bool finished = !failure;
    if (reports_.empty() && finished)
        return true;
    const auto report = std::ranges::find(reports_, index, &SwitchReport::module);
    if (report != reports_.end() && !failure)
        report->phases.mark(Phase::kFirstStep, services_.clock.now());
    if (report != reports_.end() && failure) {
        failure->rebind = std::move(report->rebind);
        failure->statics = std::move(report->statics);
        put_first(report->detail, *failure);
        reports_.erase(report);
    }
    if (failure)
        fail(std::move(*failure));
    return finished;
}

// Where the process is to be replaced at once, the one that follows tells. New code may take longer
// than this code needs to fail again: it is waited for, and the runner's thread asks for the
// restart if nothing comes of it.
void HostedModules::fail(FailureReport failure) {
    const bool is_later = failure.from == failure.to;
    if (services_.recorder != nullptr)
        services_.recorder->flush();
    if (!is_later)
        begin_pass(*modules_[failure.module]);
    if (services_.replay != nullptr && services_.replay->plan().once)
        services_.handover.request_stop(kFailedStatus);
    if (is_later && policy_.on_crash == OnCrash::kRestart && !shut_down_ &&
        failure.where == CallKind::kStep && services_.record.has_tries_left()) {
        failure.waits = services_.record.code_expected;
        record_failure(failure);
        if (!failure.waits) {
            services_.handover.ask(Handover::Wish::kRestart);
            return;
        }
    }
    if (is_later && policy_.on_crash == OnCrash::kExit)
        services_.handover.request_stop(exit_status_of(failure.fault));
    services_.failed(std::move(failure));
}

void HostedModules::record_failure(const FailureReport &failure) {
    FailureRecord &record = services_.record.failure;
    record.where = FailureRecord::Where::kCall;
    record.is_told = failure.waits;
    services_.record.modules()[failure.module].restart_due = true;
    record.site = {failure.module, failure.where};
    record.reason = failure.fault.reason;
    record.signal_number = failure.fault.signal_number;
    copy_text(failure.fault.signal, record.signal);
    record.has_address = failure.fault.address.has_value();
    record.address = failure.fault.address.value_or(0);
    record.steps_lost = failure.steps_lost;
    copy_text(failure.fault.detail, record.detail);
    record.frame_count = std::min(failure.fault.backtrace.size(), FailureRecord::kFrames);
    for (std::size_t i = 0; i < record.frame_count; ++i) {
        record.frames[i].address = failure.fault.backtrace[i].address;
        record.frames[i].load_bias = failure.fault.backtrace[i].load_bias;
        copy_text(failure.fault.backtrace[i].file, record.frames[i].file);
    }
}

void HostedModules::take_snapshots() {
    const TimePoint start = services_.clock.now();
    for (const std::unique_ptr<Module> &module : modules_)
        module->take_snapshot();
    snapshot_cost_ = (services_.clock.now() - start).count();
}

void HostedModules::shut_down() {
    report_switches();
    if (std::exchange(shut_down_, true))
        return;
    services_.record.exit_status = services_.handover.exit_status();
    services_.record.stopping = true;
    for (const std::unique_ptr<Module> &module : modules_) {
        if (std::optional<FailureReport> failure = module->shutdown())
            fail(std::move(*failure));
    }
}

std::vector<std::unique_ptr<Generation>> HostedModules::take_all() {
    std::vector<std::unique_ptr<Generation>> all;
    for (const std::unique_ptr<Module> &module : modules_) {
        for (std::unique_ptr<Generation> &generation : module->take_all())
            all.push_back(std::move(generation));
    }
    return all;
}

} // namespace hotrun
