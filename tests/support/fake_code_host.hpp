// A host of code that notes what it is asked for.
#pragma once

#include "core/code_host.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

class FakeCodeHost final : public CodeHost {
  public:
    std::vector<std::string> libraries() const override { return hot; }
    std::vector<std::string> changed_libraries() const override { return changed; }
    bool is_library(const std::string &) const override { return false; }
    bool look(Writer, const PhaseTimes &phases) override {
        looked_for = phases;
        calls.push_back("look" + (reason.empty() ? "" : ": " + reason));
        reason.clear();
        return true;
    }
    void load_anew() override { calls.emplace_back("load anew"); }
    std::string keep_objects(const std::vector<ObjectSet> &sets) override {
        calls.push_back("keep" + text_of(sets));
        return keep_refusal;
    }
    std::string patch(const std::vector<ObjectSet> &sets, const PhaseTimes &) override {
        calls.push_back("patch" + text_of(sets));
        flies = patch_refusal.empty() && patch_flies;
        return patch_refusal;
    }
    std::string confirm(const std::string &, const std::string &object) override {
        calls.push_back("confirm " + name_of_file(object));
        return unlike;
    }
    std::string difference(const std::string &, const std::string &) override { return unlike; }
    void relinked(const std::vector<std::string> &libraries) override {
        std::string text = "relinked";
        for (const std::string &library : libraries)
            text += " " + name_of_file(library);
        calls.push_back(std::move(text));
    }
    std::string take_refusal() override { return std::exchange(refusal, {}); }
    void set_library_reason(std::string why) override { reason = std::move(why); }
    bool in_flight() const override { return flies; }
    void set_ready() override {}
    std::vector<ModuleStatus> statuses() const override { return {{"game", hot.front(), 1, {}}}; }

    std::vector<std::string> take_calls() { return std::exchange(calls, {}); }

    std::vector<std::string> hot = {"/p/b/libgame.so"};
    std::string keep_refusal;
    std::string patch_refusal;
    std::string refusal;     // at the safe point
    std::string unlike;      // not empty: how objects differ from their stand-ins
    bool patch_flies = true; // false: nothing has changed in the objects
    bool flies = false;
    std::string reason;
    std::vector<std::string> changed;   // by somebody else
    PhaseTimes looked_for{TimePoint{}}; // at the last look
    std::vector<std::string> calls;

  private:
    static std::string name_of_file(const std::string &path) {
        return std::filesystem::path(path).filename().string();
    }
    static std::string text_of(const std::vector<ObjectSet> &sets) {
        std::string text;
        for (const ObjectSet &set : sets) {
            text += " " + name_of_file(set.library) + ":";
            for (const std::string &object : set.objects)
                text += " " + name_of_file(object);
            if (!set.stand_in.empty())
                text += " by " + name_of_file(set.stand_in);
        }
        return text;
    }
};

} // namespace hotrun
