#include "interaction.hpp"

#include "keys.hpp"

#include <utility>

namespace hotrun {

Interaction::Interaction(Console &console, InteractionStyle style) : console_(console) {
    if (!style.keys && style.drawn_on == nullptr)
        return;
    TerminalSession::Calls calls;
    if (style.keys)
        calls.typed = [this](std::string_view bytes) { typed(bytes); };
    calls.taken = [this] { console_.show_status(); };
    calls.given_back = [this] { console_.hide_status(); };
    calls.each_second = [this] { each_second(); };
    session_ = std::make_unique<TerminalSession>(style.drawn_on, std::move(calls));
}

void Interaction::attach(Runner &runner) {
    runner_ = &runner;
    steps_ = runner.steps();
    counted_ = std::chrono::steady_clock::now();
    if (session_ != nullptr)
        runner.watch(session_->descriptor(), [this] { session_->serve(); });
}

// The process may end without a word to anybody after that.
void Interaction::event(const Event &event) {
    if (session_ != nullptr && std::holds_alternative<StoppedEvent>(event.body))
        session_->end();
}

void Interaction::each_second() {
    constexpr std::chrono::milliseconds kEnoughToCount{500};
    const auto now = std::chrono::steady_clock::now();
    if (now - counted_ < kEnoughToCount)
        return;
    const std::uint64_t steps = runner_->steps();
    const std::chrono::duration<double> time = now - std::exchange(counted_, now);
    const std::uint64_t made = steps - std::exchange(steps_, steps);
    console_.renew_status(static_cast<double>(made) / time.count());
}

void Interaction::typed(std::string_view bytes) {
    for (const Key key : keys_in(bytes)) {
        switch (key) {
        case Key::kReload:
            runner_->request_reload();
            break;
        case Key::kBuild:
            if (!runner_->request_build())
                console_.answer(kNeverBuilds);
            break;
        case Key::kPause:
            runner_->set_paused(!runner_->is_paused());
            console_.set_paused(runner_->is_paused());
            break;
        case Key::kReplay:
            runner_->replay();
            break;
        case Key::kStatus:
            console_.report_status();
            break;
        case Key::kQuit:
            runner_->end(0);
            break;
        case Key::kHelp:
            console_.answer(kKeysHelp);
            break;
        }
    }
}

} // namespace hotrun
