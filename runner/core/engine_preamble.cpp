// The part of Engine that has less compiled.
#include "core/engine.hpp"

#include <utility>

namespace hotrun {

Status Engine::run_build() {
    const std::vector<std::string> &outputs =
        lane_.outputs().empty() ? ninja_->targets() : lane_.outputs();
    const auto on_progress = [this](std::size_t done, std::size_t total) {
        events_.build_progress(done, total);
    };
    const auto on_end = [this](NinjaBuild::Outcome outcome) { build_ended(std::move(outcome)); };
    std::optional<StandIn> stand_in;
    if (preambles_ != nullptr && lane_.outputs().size() == 1 && !was_refused_)
        stand_in = preambles_->find(outputs.front(), sources_.build_files());
    return stand_in ? ninja_->build_stand_in(*stand_in, outputs, on_progress, on_end)
                    : ninja_->build(outputs, on_progress, on_end);
}

// Of an object that a save has come with: the next one mostly is of the same. One that was refused
// is compiled once more with the target, and so may the next one be.
void Engine::note_preamble(BuildStatus status, ObjectLane::Next next) {
    if (preambles_ == nullptr)
        return;
    for (const auto &[object, why] : lane_.take_unlike())
        preambles_->give_up(object, why);
    if (status != BuildStatus::kOk || lane_.outputs().size() != 1)
        return;
    was_refused_ = next == ObjectLane::Next::kTarget;
    if (!was_refused_)
        preambles_->want(lane_.outputs().front());
}

// When the library on the disk has what is live too, and nothing else is to be done.
void Engine::make_preamble() {
    if (preambles_ == nullptr || preambles_->running() || lane_.is_behind() || !driver_.idle() ||
        held_ || ninja_->running() || host_.in_flight() || stopped_)
        return;
    preambles_->make(sources_.build_files());
}

} // namespace hotrun
