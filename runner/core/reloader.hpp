// From a finished build to code that runs: prepares what changed, hands it over, retires the old.
#pragma once

#include "core/event_stream.hpp"
#include "core/handover.hpp"
#include "core/hot_library.hpp"
#include "core/targets.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

// Bound to the runner's thread.
class Reloader {
  public:
    // Callbacks that C libraries hold, objects of malloc and frames of threads may still lead into
    // old code: so many old generations of a module stay mapped.
    static constexpr std::size_t kKeptGenerations = 8;

    Reloader(HotLibrary::Services services, EventLoop &loop, EventStream &events,
             Handover &handover, const std::vector<ModuleTarget> &modules, bool needs_step);

    bool any_changed() const;
    std::vector<std::string> changed_libraries() const;
    bool is_library(const std::string &path) const;

    // Offers to the host what has changed, all of it at once, and tells of what is rejected.
    // False: somebody is writing a library, look again later.
    bool look(Writer writer, const PhaseTimes &phases);

    void switched(SwitchReport report);

    // Whether the host has yet to tell of something that it was offered.
    bool in_flight() const;

    // From now on first generations are told too; until then the ready event does it.
    void set_ready() { ready_ = true; }

    std::vector<ModuleStatus> statuses() const;

    // Closes all that is not live.
    void close();

    // Removes the live copies, with their code still mapped: for an end at once.
    void remove_files();

  private:
    struct Slot {
        std::string name;
        HotLibrary library;
        std::uint64_t taken = 0;   // the last generation that the host has taken
        std::uint64_t offered = 0; // waits for the host; 0: none does
        std::string offered_copy;  // path
        std::uint64_t live = 0;
        bool unique_symbols_told = false;
        std::deque<std::unique_ptr<Generation>> retired; // still mapped, the oldest first

        Slot(const ModuleTarget &target, HotLibrary::Services services, bool needs_step)
            : name(target.name), library(services, target.library, needs_step) {}
    };

    void take_back(std::size_t index);
    void tell_rejection(const Slot &slot, const Rejection &rejection);
    void warn_of_unique_symbols(Slot &slot, const Generation &generation);
    void retire(Slot &slot, std::unique_ptr<Generation> old);
    void close_oldest(Slot &slot);

    HotLibrary::Services services_;
    EventLoop &loop_;
    EventStream &events_;
    Handover &handover_;
    std::vector<std::unique_ptr<Slot>> slots_;
    bool ready_ = false;
};

} // namespace hotrun
