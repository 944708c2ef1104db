// From a finished build to code that runs: prepares what changed, hands it over, retires the old.
#pragma once

#include "core/event_stream.hpp"
#include "core/handover.hpp"
#include "core/hot_graph.hpp"
#include "core/targets.hpp"

#include <deque>
#include <map>
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

    // The files that a host's code comes from: those of the modules and of their companions.
    std::vector<std::string> libraries() const { return graph_.libraries(); }
    std::vector<std::string> changed_libraries() const { return graph_.changed(); }
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
    // What the host has yet to tell of: it has taken it, or may do so at any moment.
    struct Offer {
        LiveLibrary::Shared code;
        std::string why;
    };
    struct Slot {
        std::string name;
        std::string library;                   // path
        std::uint64_t taken = 0;               // the last generation that the host has taken
        std::map<std::uint64_t, Offer> untold; // by generation
        std::uint64_t live = 0;
        bool unique_symbols_told = false;
        std::deque<std::unique_ptr<Generation>> retired; // still mapped, the oldest first

        explicit Slot(const ModuleTarget &target) : name(target.name), library(target.library) {}
    };

    std::vector<Candidate> take_back();
    void host_took(std::size_t module, std::uint64_t generation);
    Candidate offer(HotGraph::News &news, std::vector<Candidate> &back);
    void tell_rejection(const Slot &slot, const Rejection &rejection);
    void warn_of_unique_symbols(Slot &slot, const LiveLibrary &code);
    void retire(Slot &slot, std::unique_ptr<Generation> old);
    void close_oldest(Slot &slot);

    HotLibrary::Services services_;
    EventLoop &loop_;
    EventStream &events_;
    Handover &handover_;
    HotGraph graph_;
    std::vector<std::unique_ptr<Slot>> slots_;
    bool ready_ = false;
};

} // namespace hotrun
