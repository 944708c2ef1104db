// The program behind `hotrun ... --`: started after a build, reloaded or restarted after the next.
#pragma once

#include "control/attached_program.hpp"
#include "core/code_host.hpp"
#include "core/event_stream.hpp"
#include "core/file_system.hpp"
#include "core/program_control.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hotrun {

struct WrappedProgramSetup {
    std::string path;                   // of the program; absolute
    std::string output;                 // what ninja calls it; empty: it is not built here
    std::string builddir;               // canonical
    std::vector<std::string> libraries; // of the modules that are built anyway
    std::chrono::milliseconds stop_timeout{5000};
};

// Bound to the runner's thread.
//
//     none ─build succeeds→ running ─must be restarted→ stopping ─end→ running
//       ↑                      │ end with another status than 0, or by a signal
//       └──────────────────────┘
class WrappedProgram : public CodeHost, public AttachedProgram, public Observer {
  public:
    struct Services {
        EventLoop &loop;
        const Clock &clock;
        const FileSystem &files;
        EventStream &events;
        ProgramControl &control;
    };
    struct Ways {
        std::function<void()> host_told; // something has become of what was taken up
        std::function<void(const std::vector<ModuleStatus> &)> build_modules; // as well
        std::function<bool(const std::string &input, const std::string &output)> leads_to;
        std::function<std::vector<std::string>()> linked; // libraries of the build folder; paths
        std::function<void(int exit_status)> finish;      // the run is to end
    };

    // Observes the run's events.
    WrappedProgram(Services services, WrappedProgramSetup setup, Ways ways);

    bool is_running() const { return state_ != State::kNone; }

    // It has ended by itself, or as it was told.
    void ended(const CommandEnd &end, const std::string &signal);

    // The run ends: the program is ended first, and then `finish` is called. Asked for again, it is
    // killed.
    void stop(int exit_status);

    std::vector<std::string> libraries() const override;
    std::vector<std::string> changed_libraries() const override;
    bool is_library(const std::string &path) const override;
    bool look(Writer writer, const PhaseTimes &phases) override;
    void load_anew() override { anew_ = true; }

    std::string keep_objects(const std::vector<ObjectSet> &) override {
        return "the code is in a program beside hotrun";
    }
    std::string patch(const std::vector<ObjectSet> &, const PhaseTimes &) override { return {}; }
    std::string confirm(const std::string &, const std::string &) override { return {}; }
    std::string difference(const std::string &, const std::string &) override { return {}; }
    void relinked(const std::vector<std::string> &) override {}
    void set_library_reason(std::string) override {}
    bool in_flight() const override;
    void set_ready() override {}
    std::vector<ModuleStatus> statuses() const override;
    std::optional<ProgramStatus> program() const override {
        return ProgramStatus{setup_.path, pid_};
    }

    std::string attach(const Hello &hello, Client client,
                       std::function<void(std::string line)> send) override;
    void told(Client client, EventBody body) override;
    void answered(Client client, std::uint64_t candidate) override;
    void detach(Client client) override;

    void event(const Event &event) override;

  private:
    enum class State { kNone, kRunning, kStopping };
    enum Alarm { kStopAlarm = 200 };
    using Stamps = std::map<std::string, std::optional<Timestamp>>;

    struct Attached {
        std::int64_t pid = 0;
        Client client = nullptr;
        std::function<void(std::string line)> send;
        std::vector<ModuleStatus> modules;
        std::uint64_t asked = 0; // candidates
        std::uint64_t answered = 0;
    };

    void hear(const ReadyEvent &ready);
    void hear(const ReloadedEvent &reloaded);
    void hear(const RolledBackEvent &rolled_back);
    template <typename Other>
    void hear(const Other &other) {
        services_.events.tell(other);
    }
    bool is_attached(Client client) const { return attached_ && attached_->client == client; }
    void set_generation(const std::string &module, std::uint64_t generation);

    Stamps stamps() const;
    bool is_settled();
    bool needs_restart(bool anew) const;
    bool is_as_started(const std::string &path) const;
    void start_if_wanted();
    void end_program();
    void send_candidate(const PhaseTimes &phases, bool anew);
    AfterEnd after(const CommandEnd &end) const;

    Services services_;
    const WrappedProgramSetup setup_;
    Ways ways_;
    State state_ = State::kNone;
    std::int64_t pid_ = 0;
    std::uint64_t start_count_ = 0;
    bool wanted_ = false;   // it is to be started
    bool building_ = false; // and so its file may be half written
    bool anew_ = false;
    std::optional<int> exit_status_; // the run ends with it
    std::string why_killed_;
    std::set<std::string> made_;      // what ninja has made since it was started
    std::vector<std::string> linked_; // the libraries that it was started with
    Stamps started_;                  // it, those, and hosted_, as they were then
    Stamps seen_;
    std::set<std::string> hosted_; // libraries that are built for it
    std::optional<Attached> attached_;
};

} // namespace hotrun
