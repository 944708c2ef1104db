// What has become of each module's code, in a line that an editor shows.
#pragma once

#include <boost/json/object.hpp>

#include <map>
#include <string>
#include <vector>

namespace hotrun {

// Thread-bound. "live: generation 7, 84 ms"
class LiveLines {
  public:
    // Of the run; true: a line may be another one from now on.
    bool event(const boost::json::object &event);

    // The run has gone, and with it what it has told.
    void forget() { outcomes_.clear(); }

    // One for each module, by the run's answer to `status`.
    std::vector<std::string> of(const boost::json::object &status) const;

  private:
    struct Outcome { // of what was built last
        std::string trouble;
        std::string time; // until it was live
        bool parked = false;
    };

    bool build_finished(const boost::json::object &finished);
    std::string line(const std::string &name, const boost::json::object &module,
                     bool build_failed) const;

    std::map<std::string, Outcome> outcomes_; // by module
};

} // namespace hotrun
