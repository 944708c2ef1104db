// From a finished build to code that runs: prepares what changed, hands it over, retires the old.
#pragma once

#include "core/code_host.hpp"
#include "core/event_stream.hpp"
#include "core/handover.hpp"
#include "core/hot_graph.hpp"
#include "core/kept_code.hpp"
#include "core/live_objects.hpp"
#include "core/migration_planner.hpp"
#include "core/module_warnings.hpp"
#include "core/retired_code.hpp"
#include "core/run_record.hpp"
#include "core/symbolizer.hpp"
#include "core/targets.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hotrun {

// The process around it. What is null is not there: no names for addresses, no threads.
struct HostProcess {
    std::vector<HeapImage *> heaps; // of the modules, in their order; none: nothing is rebound
    Symbolizer *symbolizer = nullptr;
    const CodeHolders *holders = nullptr;
    TypeReader *types = nullptr;
    bool keeps_heap = false; // in a file, with the only module's code
    PatchLoader *patches = nullptr;
    std::string no_patches = {}; // not empty: why there are to be none
    bool looks_up_names = false; // of functions of the modules, by the handle of their library
    std::optional<KeptCode> kept = {}; // that has made the heap that is there
};

// Bound to the runner's thread.
class Reloader : public CodeHost {
  public:
    Reloader(HotLibrary::Services services, EventLoop &loop, EventStream &events,
             Handover &handover, const std::vector<ModuleTarget> &modules, bool needs_step,
             HostProcess process = {});

    // The files that a host's code comes from: those of the modules and of their companions.
    std::vector<std::string> libraries() const override { return graph_.libraries(); }
    std::vector<std::string> changed_libraries() const override { return graph_.changed(); }
    bool is_library(const std::string &path) const override;

    // Offers to the host what has changed, all of it at once, and tells of what is rejected.
    // False: somebody is writing a library, look again later.
    bool look(Writer writer, const PhaseTimes &phases) override;

    // The next look loads the modules' libraries also if they are what runs.
    void load_anew() override { graph_.load_anew(); }

    std::string keep_objects(const std::vector<ObjectSet> &sets) override;
    std::string patch(const std::vector<ObjectSet> &sets, const PhaseTimes &phases) override;
    std::string confirm(const std::string &library, const std::string &object) override;
    std::string difference(const std::string &one, const std::string &other) override;
    void relinked(const std::vector<std::string> &libraries) override;
    std::string take_refusal() override { return std::exchange(refusal_, {}); }
    void set_library_reason(std::string why) override { library_reason_ = std::move(why); }

    // For a state that the host's thread is going to bring into the only module's heap: nothing is
    // offered any more until set_kept(). Nothing is in flight.
    void hold() { is_held_ = true; }
    void set_kept(std::optional<KeptCode> kept); // the code that made it; none: nothing was brought

    void switched(SwitchReport report);
    void failed(FailureReport report);
    void stalled(std::size_t module, const std::vector<CodeAddress> &backtrace);

    // Goes on with what the process before has left: tells what happened to it, and offers the
    // generations to the host that are to run on. The failure that the run is to end with, if it
    // was one of a generation that had proven itself: an exit status.
    std::optional<int> take_over(RunRecord &record, OnCrash on_crash);

    // Whether the host has yet to tell of something that it was offered.
    bool in_flight() const override;

    bool is_paused() const override { return handover_.is_paused(); }

    // Whether a module waits for new code, and is to go on in another process if none comes.
    bool restart_due() const;

    // Whether the state that was kept could not be gone on with, and the run is to end.
    bool has_given_up() const { return has_given_up_; }

    // From now on first generations are told too; until then the ready event does it.
    void set_ready() override { ready_ = true; }

    std::vector<ModuleStatus> statuses() const override;

    // Closes all code, that which the host gives back at the end among it.
    void close(std::vector<std::unique_ptr<Generation>> last = {});

    // Removes the live copies, with their code still mapped: for an end at once.
    void remove_files();

  private:
    enum Alarm { kOldCodeAlarm = 300 };

    // What the host has yet to tell of: it has taken it, or may do so at any moment.
    struct Offer {
        LiveLibrary::Shared code;
        std::string why;
        bool resumed = false;
        bool is_patch = false;  // of code that runs already
        std::string lane_why{}; // why it is none
    };
    struct Slot {
        std::string name;
        std::string library;                   // path
        std::uint64_t taken = 0;               // the last generation that the host has taken
        std::map<std::uint64_t, Offer> untold; // by generation
        std::uint64_t live = 0;
        LiveLibrary::Shared live_code;
        LiveLibrary::Shared kept_code; // of another run, as long as the state is that of its heap
        std::string heap;              // what is to be told of that
        bool waits = false;            // as in RolledBackEvent
        bool parked = false;
        LiveObjects objects;           // of the live code
        std::uint64_t patches = 0;     // of the live code
        std::string needs_library{};   // not empty: why what is next is no patch
        bool has_lost_patches = false; // with the process before
        std::string refusal{};         // of the last patch that the host could not take
        bool unique_symbols_told = false;
        bool unseen_told = false;
        RetiredCode retired;

        Slot(const ModuleTarget &target, RetiredCode::Services services, PatchLoader *loader)
            : name(target.name), library(target.library), objects({services.files, loader}),
              retired(services, target.name) {}
    };

    std::vector<Candidate> take_back();
    void offer_resumed_again(std::vector<Candidate> &back, std::vector<Candidate> &candidates);
    void host_took(std::size_t module, std::uint64_t generation);
    std::uint64_t running_generation(const Slot &slot) const;
    Candidate offer(HotGraph::News &news, std::vector<Candidate> &back);
    std::size_t module_of(const std::string &library) const;
    std::string hindrance(const Slot &slot) const;
    std::string refused_again(const Slot &slot) const;
    std::string keep(const ObjectSet &set);
    Result<CodePatch *> prepare(const ObjectSet &set);
    void drop_patches(const std::vector<Candidate> &candidates);
    void offer_patches_again(std::vector<Candidate> &back, std::vector<Candidate> &candidates);
    void patch_refused(FailureReport report);
    void note_look(std::size_t module, const std::optional<Timestamp> &before, bool has_news);
    void took_library(Slot &slot, bool resumed);
    void tell_rejection(Slot &slot, const Rejection &rejection);
    void tell_warning(const ModuleWarning &warning);
    void warn_of_unique_symbols(Slot &slot, const LiveLibrary &code);
    void warn_of_unseen_changes(Slot &slot, const LiveLibrary &code);
    void retire(Slot &slot, std::unique_ptr<Generation> old);
    void close_old(Slot &slot);
    std::shared_ptr<RebindPlan> plan_rebinding(std::size_t module, const Slot &slot,
                                               const LiveLibrary::Shared &code,
                                               MigrationPlanner::Plan &plan);
    MigrationPlanner::Plan plan_migration(Slot &slot, const LiveLibrary::Shared &code);
    static std::vector<LiveLibrary::Shared> code_of_state(const Slot &slot);
    std::string text_of_code(const LiveLibrary::Shared &code);
    void check_types(const Slot &slot, Candidate &candidate);
    std::uint64_t types_of_kept(const LiveLibrary &code) const;
    std::string text_of_kept(const SwitchReport &report) const;
    void refused(FailureReport report);
    bool is_in_use(const LiveLibrary &code) const;
    std::vector<StackFrame> symbolize(const std::vector<CodeAddress> &backtrace);
    void tell_failure(const Slot &slot, const FailureReport &report);
    void tell_takeover(RunRecord &record, OnCrash on_crash);
    void distrust(const FailureRecord &failure, RunRecord &record);
    std::vector<Candidate> resume_all(RunRecord &record, OnCrash on_crash);
    std::shared_ptr<RebindPlan> plan_of_moves(const std::vector<CodeRecipe> &recipes,
                                              const LiveLibrary::Shared &code) const;
    std::optional<Candidate> resume(std::size_t module, const ModuleRecord &record);

    HotLibrary::Services services_;
    EventLoop &loop_;
    EventStream &events_;
    Handover &handover_;
    HostProcess process_;
    HotGraph graph_;
    std::optional<MigrationPlanner> migration_planner_;
    std::vector<std::unique_ptr<Slot>> slots_;
    bool ready_ = false;
    bool has_given_up_ = false;
    bool is_held_ = false;
    std::string library_reason_; // for the next look
    std::string refusal_;        // that is yet to be asked for
};

} // namespace hotrun
