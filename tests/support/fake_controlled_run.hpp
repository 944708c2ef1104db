// A run that a test answers for.
#pragma once

#include "control/controlled_run.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

class FakeControlledRun final : public ControlledRun {
  public:
    RunStatus status() const override { return told; }
    std::vector<std::string> watched_among(const std::vector<std::string> &paths) const override {
        std::vector<std::string> among;
        std::ranges::copy_if(paths, std::back_inserter(among),
                             [this](const std::string &path) { return watched.contains(path); });
        return among;
    }
    void notify(const std::vector<std::string> &paths, OnOutcome on_outcome) override {
        std::string text = "notify";
        for (const std::string &path : paths)
            text += " " + path;
        take(text, std::move(on_outcome));
    }
    void build(OnOutcome on_outcome) override { take("build", std::move(on_outcome)); }
    void reload(OnOutcome on_outcome) override { take("reload", std::move(on_outcome)); }

    // Answers what was asked for first.
    void answer(const ChangeOutcome &outcome) {
        const OnOutcome on_outcome = std::move(waiting.front());
        waiting.erase(waiting.begin());
        on_outcome(outcome);
    }

    RunStatus told;
    std::set<std::string> watched;
    std::vector<std::string> asked;
    std::vector<OnOutcome> waiting;

  private:
    void take(const std::string &what, OnOutcome on_outcome) {
        asked.push_back(what);
        waiting.push_back(std::move(on_outcome));
    }
};

} // namespace hotrun
