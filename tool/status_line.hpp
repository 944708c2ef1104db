// The line that says how a run stands: events in, one line of text out.
#pragma once

#include "glyphs.hpp"
#include "hotrun/events.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

// "84", "0.6": without what does not matter.
std::string short_number(double number);

// Pure, and thread-bound.
class StatusLine {
  public:
    StatusLine(const Glyphs &glyphs, bool color) : glyphs_(glyphs), color_(color) {}

    void event(const Event &event);
    void build_progress(std::size_t done, std::size_t total);
    void set_steps_per_second(std::optional<double> rate) { rate_ = rate; }
    void set_paused(bool paused) { paused_ = paused; }

    // At most so wide; what matters least is left out first.
    std::string text(std::size_t columns) const;

    // For a terminal's title: no colours, no time that changes.
    std::string title() const;

    // For a person who asks: a line for each module, one for the last build.
    std::vector<std::string> report() const;

  private:
    enum class Outcome { kNone, kLive, kBuilt, kFailed, kRolledBack, kStalled };
    struct Module {
        std::string name;
        std::uint64_t generation = 0;
        bool parked = false;
    };
    struct Progress {
        std::string targets;
        std::size_t done = 0;
        std::size_t total = 0;
    };
    struct Fact {
        std::string text;
        std::string_view color = {};
    };

    void tell(const ReadyEvent &ready);
    void tell(const BuildStartedEvent &started);
    void tell(const DiagnosticEvent &diagnostic);
    void tell(const BuildFinishedEvent &finished);
    void tell(const ReloadedEvent &reloaded);
    void tell(const RejectedEvent &rejected);
    void tell(const RolledBackEvent &rolled_back);
    void tell(const StalledEvent &stalled);
    void tell(const RestartedEvent &restarted);
    template <typename Other>
    void tell(const Other &) {}

    Module &module(const std::string &name);
    void set(Outcome outcome, std::string text, std::string shares = "", std::string state = "");
    std::string modules_text() const;
    std::string building_text() const;
    std::string pace_text() const;
    std::string shares_text(const ReloadedEvent &reloaded) const;
    std::string_view color() const;
    std::string drawn(const std::vector<Fact> &facts, std::size_t columns) const;

    Glyphs glyphs_;
    bool color_;
    std::vector<Module> modules_;
    std::optional<Progress> building_;
    std::optional<double> rate_;
    bool paused_ = false;
    std::size_t error_count_ = 0; // of the build that runs
    std::optional<BuildFinishedEvent> built_;
    Outcome outcome_ = Outcome::kNone;
    std::string outcome_text_;
    std::string shares_; // where the time went
    std::string state_;
};

} // namespace hotrun
