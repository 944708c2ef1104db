// What each build makes: the object files of a save alone, or the whole target.
#pragma once

#include "core/changed_objects.hpp"
#include "core/phase_times.hpp"
#include "hotrun/events.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

// Bound to the runner's thread. The objects of a save go straight into the process where all that
// was built before is live. The library is behind then, and is linked in the background. Whatever
// stands in the way of that leads to the whole target, with why; that ends with a build of it which
// succeeds.
//
//     changes ─→ objects ─taken→ behind ─→ library ─→ told to be linked again from what is live
//        │          └refused┐ └refused at the safe point┐
//        └──────────────────┴───────────────────────────┴→ whole target ─→ looked at
class ObjectLane {
  public:
    struct Services {
        const FileSystem &files;
        const SourceWatch &sources;
        CodeHost &host;
    };
    enum class Next : std::uint8_t {
        kNothing,
        kLook,   // at the libraries
        kTarget, // is to be built at once, for the same change
    };

    // `target_alone`: why each build is to be of the whole target; empty: it is not.
    ObjectLane(Services services, std::string builddir, std::string target_alone);

    // A build begins, of what has changed since the last one began. In the background: of what is
    // behind.
    void begin(const std::vector<std::string> &changed, bool in_background);

    // What it is of, as ninja calls it; empty: the whole target.
    const std::vector<std::string> &outputs() const { return objects_.targets; }

    // These have changed while that build runs in the background, which may not know yet that it is
    // given up, and compile them: what is live is kept before.
    void change_in_background(const std::vector<std::string> &changed);

    // Objects that are live and as they were then: a ninja that was killed has not touched them.
    std::vector<BuiltEdge> untouched() const;

    // It has ended at that time. `given_up`: for a change, whether it has succeeded or not.
    // `stand_in`: what was made in place of the only object; empty: ninja has made all.
    Next end(const BuildFinishedEvent &finished, bool given_up, std::chrono::nanoseconds wall,
             const PhaseTimes &phases, const std::string &stand_in = {});

    // Objects, as ninja calls them, that ninja has made since from the same text as their
    // stand-ins, and that are other code; each with why.
    std::map<std::string, std::string> take_unlike() { return std::exchange(unlike_, {}); }

    // The next build has to be of the whole target.
    void want_target(const std::string &why);
    bool wants_target() const { return !why_.empty(); }

    bool builds_target() const { return build_ == Build::kTarget; }
    bool builds_behind() const { return build_ == Build::kBehind; }

    // Code is live that the library on the disk has not.
    bool is_behind() const { return is_behind_; }

    // And to link it is no repetition of a build that has failed.
    bool wants_link() const { return is_behind_ && !has_failed_; }

    // The next build is for the change that the last one was for, unless there is a further one.
    void build_again() { is_again_ = true; }
    bool goes_on(const std::vector<std::string> &changed, bool in_background) const {
        return in_background || (is_again_ && changed.empty());
    }

  private:
    enum class Build : std::uint8_t { kTarget, kObjects, kBehind };

    std::string obstacle();
    std::string keep();
    HotOutputs hot_outputs() const;
    std::string changed_by_others() const;
    Next end_target(bool succeeded, std::chrono::nanoseconds wall);
    Next end_objects(const PhaseTimes &phases, const std::string &stand_in);
    void take_objects(bool has_stand_in);
    void confirm_stand_ins();
    Next refuse();
    Next end_behind(const BuildFinishedEvent &finished, bool succeeded,
                    std::chrono::nanoseconds wall);
    void note_edges(const BuildFinishedEvent &finished);
    std::string spelled(const std::string &path) const;

    Services services_;
    std::string builddir_;
    const std::string target_alone_;
    std::string why_; // the whole target is to be built; empty: all that was built is live
    Build build_ = Build::kTarget;
    ChangedObjects objects_;        // of the build that runs
    std::set<std::string> pending_; // files whose change is yet to become live
    bool is_behind_ = false;
    bool has_failed_ = false; // the last build that ran to its end
    bool is_again_ = false;
    std::chrono::nanoseconds live_since_{};      // wall clock: all of the last build of the target
    std::map<std::string, Timestamp> taken_;     // objects since then, as they were taken
    std::map<std::string, ObjectSet> stand_ins_; // whose true ones are yet to be made; by target
    std::map<std::string, std::string> unlike_;
    std::set<std::string> kept_;   // objects whose live version the host has kept
    std::set<std::string> linked_; // hot libraries while they were behind
};

} // namespace hotrun
