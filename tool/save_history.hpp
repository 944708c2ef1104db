// What became of each save, read from the lines of an event stream.
#pragma once

#include "hotrun/events.hpp"

#include <boost/json/object.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// Where the time of a save goes, as a report shows it: some phases of a reload as one, and the
// build by what ninja ran.
enum class Part { kWatch, kCompile, kLink, kNinja, kLoad, kWait, kPause, kFirstStep };
inline constexpr std::size_t kPartCount = 8;
inline constexpr std::array<std::string_view, kPartCount> kPartNames = {
    "watch", "compile", "link", "ninja", "load", "wait", "pause", "first step",
};
using Parts = std::array<Microseconds, kPartCount>;

enum class SaveOutcome { kLive, kNothing, kFailed, kRejected, kRolledBack }; // the worse the later
inline constexpr std::size_t kOutcomeCount = 5;

struct Save {
    Microseconds time{0};           // of the outcome, since the run's start
    std::vector<std::string> paths; // empty: a client asked for a build
    SaveOutcome outcome = SaveOutcome::kNothing;
    Microseconds total{0}; // to live; where it never was, of the build
    Parts parts{};
    std::size_t edge_count = 0; // what ninja ran
    bool by_objects = false;    // by the object lane
    std::string detail;         // generations that are live, or what went wrong
};

// What no save has asked for.
struct Incident {
    Microseconds time{0};
    std::string what;
    std::string detail;
    std::size_t save_count = 0; // before it
};

// Thread-bound.
class SaveHistory {
  public:
    // One line of the stream. What is no event is passed by; false: it is no event.
    bool take(std::string_view line);

    const std::vector<Save> &saves() const { return saves_; }
    const std::vector<Incident> &incidents() const { return incidents_; }
    // By output, the times of each.
    const std::map<std::string, std::vector<Microseconds>> &edges() const { return edges_; }
    const std::string &version() const { return version_; }   // empty: not told
    const std::string &builddir() const { return builddir_; } // likewise
    std::size_t event_count() const { return event_count_; }
    std::uint64_t first_seq() const { return first_seq_; }
    Microseconds end() const { return end_; } // of the last event

  private:
    using Object = boost::json::object;

    void take_change(const Object &event);
    void take_start(const Object &event);
    void take_diagnostic(const Object &event);
    void take_build(const Object &event);
    void take_reload(const Object &event);
    void take_failure(const Object &event, SaveOutcome outcome);
    void take_roll_back(const Object &event);
    void add_incident(std::string what, std::string detail);
    Save &save_of(const std::string &module);
    Save &open_save();

    std::vector<Save> saves_;
    std::vector<Incident> incidents_;
    std::map<std::string, std::vector<Microseconds>> edges_;
    std::string version_;
    std::string builddir_;
    std::size_t event_count_ = 0;
    std::uint64_t first_seq_ = 0;
    Microseconds end_{0};
    Microseconds now_{0}; // of the event that is taken

    bool builds_first_ = false;         // until `ready`: that build is no save's
    std::vector<std::string> changed_;  // no build has taken them up yet
    std::vector<std::string> building_; // those of the build that runs
    std::uint64_t cause_ = 0;           // `seq` of what has asked for it; 0: not told
    bool is_again_ = false;             // it is for the last save, as the one before was
    std::string first_error_;           // of that build
    Part failed_in_ = Part::kNinja;     // what it was about
    bool is_open_ = false;              // modules may still tell of the last save
    std::set<std::string> reported_;    // those that have
};

} // namespace hotrun
