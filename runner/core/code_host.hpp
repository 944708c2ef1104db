// Where the code runs that a build has made: in modules of this process, or in a program beside it.
#pragma once

#include "core/hot_library.hpp"
#include "core/phase_times.hpp"
#include "hotrun/events.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hotrun {

// Object files of one library.
struct ObjectSet {
    std::string library;              // path
    std::vector<std::string> objects; // paths
    std::string stand_in = {}; // path of what was made in place of the only one; empty: nothing

    bool operator==(const ObjectSet &) const = default;
};

// Bound to the runner's thread.
class CodeHost {
  public:
    virtual ~CodeHost() = default;

    // The files that the code comes from; somebody else may build them too.
    virtual std::vector<std::string> libraries() const = 0;
    virtual std::vector<std::string> changed_libraries() const = 0;
    virtual bool is_library(const std::string &path) const = 0;

    // A build is over: takes up what has changed. False: somebody is writing a file, look again
    // later.
    virtual bool look(Writer writer, const PhaseTimes &phases) = 0;

    // The next look takes up also what runs.
    virtual void load_anew() = 0;

    // The object lane, for a save that changes bodies of functions alone, goes without the linker.
    // Each of these two gives why it can't be taken; empty: it can. The first one comes before a
    // build that writes these files anew, while they are what the live code was made from, and
    // keeps them; the second one after it, and takes up what has changed in them.
    virtual std::string keep_objects(const std::vector<ObjectSet> &sets) = 0;
    virtual std::string patch(const std::vector<ObjectSet> &sets, const PhaseTimes &phases) = 0;

    // In place of ninja's object a stand-in was taken up. By now ninja has made the object of the
    // same text: one sentence; empty: it is the same code, and counts as what is live.
    virtual std::string confirm(const std::string &library, const std::string &object) = 0;

    // Of any two object files of one source, in the same way.
    virtual std::string difference(const std::string &one, const std::string &other) = 0;

    // A build has linked these libraries from the objects that were taken up last, and from
    // nothing else that is new: the next look finds nothing new in them.
    virtual void relinked(const std::vector<std::string> &libraries) = 0;

    // Why what was taken up by patch() can't be put into what runs after all: the host has found so
    // at its safe point. Once; empty: nothing has come of that kind.
    virtual std::string take_refusal() { return {}; }

    // Why what the next look takes up has not come by the object lane. Of that look alone.
    virtual void set_library_reason(std::string why) = 0;

    // Whether it is yet to be told what has become of something.
    virtual bool in_flight() const = 0;

    // From now on first generations are told too; until then the ready event does it.
    virtual void set_ready() = 0;

    virtual std::vector<ModuleStatus> statuses() const = 0;

    // Whether its modules are not stepped.
    virtual bool is_paused() const { return false; }

    // None: the modules run in this process.
    virtual std::optional<ProgramStatus> program() const { return std::nullopt; }
};

} // namespace hotrun
