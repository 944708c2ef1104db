// The hosting library: one Runner watches, builds and reloads the modules of one process.
//
//     hotrun::Options options;
//     options.targets = {"hotmaths"};
//     auto runner = hotrun::Runner::create(std::move(options));
//     while (runner->poll()) { ...; runner->wait(interval); }
//
// Under `hotrun ... -- PROGRAM` the Runner starts no watcher and no ninja: it finds hotrun by the
// variable HOTRUN_SOCKET, is told of builds by it, and tells it what becomes of them.
#pragma once

#include "hotrun/events.hpp"
#include "hotrun/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hotrun {

// Gets told what happens. Each call comes from the thread named; an observer must not call back
// into the Runner, save for stop().
class Observer {
  public:
    virtual ~Observer() = default;

    virtual void event(const Event &) {}                                        // runner's thread
    virtual void build_progress(std::size_t /*done*/, std::size_t /*total*/) {} // runner's thread
    virtual void log(const std::string & /*module*/, int /*level*/, const char * /*text*/) {} // any
    virtual void before_steps() {} // run() is about to step the modules; the host's thread
    virtual void after_steps() {}  // the host's thread
};

// A live generation, as a host that calls into the module itself sees it. Valid during the call
// that hands it over; the library stays mapped until the next switch of this module returns.
struct LiveModule {
    std::string name;
    std::uint64_t generation = 0;
    void *library = nullptr;                                      // what get_proc takes
    void *(*get_proc)(void *library, const char *name) = nullptr; // NULL: no such symbol
};

// Whether calls of the Runner into a module are guarded against crashes, exceptions and hangs; what
// a host calls by stubs of its own is not. After a failure that leaves nothing in the process to be
// trusted (a crash inside malloc, in a static constructor) the process replaces itself by a new run
// of its executable, with the same arguments and pid: main() runs anew, and Runner::create() goes
// on with the modules' last snapshots.
enum class GuardChoice {
    kAuto, // not under a debugger or a sanitizer, which want to see a crash themselves
    kOn,
    kOff,
};

// What happens when a struct has changed in a way that its objects can't be carried over.
enum class OnRefuse {
    kKeep,  // the new code is rejected, and the old generation goes on
    kFresh, // the new code starts with fresh state
};

// What happens when a module's code fails after its first step. Code that fails earlier always
// gives way to the generation before it.
enum class OnCrash {
    kPark,    // the last snapshot, and no call into the module until the next generation
    kRestart, // the process replaces itself, and the generation goes on from the last snapshot
    kExit,    // the run ends: 128 + the signal's number, or 1
};

struct Options {
    // Names of Meson targets or ninja targets; empty: the only hot module of the project. Without
    // `build` also the path of a library.
    std::vector<std::string> targets;
    // The build folder. Empty: the nearest one at or above the folder of this program's executable;
    // where there is none, modules are the libX.so beside the executable, and nothing is built.
    std::string builddir;
    bool build = true;                  // false: reload when a library's timestamp changes
    bool step_modules = true;           // false: hotrun_step is neither needed nor called
    std::size_t heap_bytes = 64u << 20; // each module's permanent heap
    // The file in which the permanent heap of the only module is kept across runs; empty: none. A
    // relative path is one from the working directory of create(). The Runner owns the file, and
    // the folder FILE.d beside it, until it is destroyed; create() fails, and leaves it as it is,
    // if another run has it, if it is damaged or no heap file, of another module, of another
    // `heap_bytes`, or if the code that made it is missing. docs/heap_file.md has the format.
    std::string heap_file;
    std::chrono::milliseconds interval{250};    // run(): start to start; 0: no wait
    std::uint64_t step_limit = 0;               // run(): end after so many steps; 0: no end
    std::chrono::milliseconds poll_interval{0}; // above 0: watch by polling, not by events
    GuardChoice guard = GuardChoice::kAuto;
    OnCrash on_crash = OnCrash::kPark;
    OnRefuse on_refuse = OnRefuse::kKeep;
    bool carry_statics = true; // false: static variables start afresh with each generation
    std::chrono::milliseconds step_timeout{5000};      // of one call into a module; 0: none
    std::chrono::milliseconds snapshot_interval{1000}; // 0: only at switches
    bool load_on_main = false; // static constructors run on the host's thread
    // SIGINT, SIGTERM, SIGHUP and SIGPIPE end the run with 130, 0, 129 and 141; a second SIGINT
    // ends the process at once. Handlers are put back when the Runner goes.
    bool handle_signals = true;
    // Called after each switch, on the host's thread, before hotrun_init or hotrun_reload: the
    // place to fill function stubs.
    std::function<void(const LiveModule &)> on_switch;
    std::vector<Observer *> observers; // not owned; they outlive the Runner
};

// Thread-bound: created, used and destroyed on the host's thread, the one that runs the loop. Only
// stop() may be called from any thread and from a signal handler. Destruction runs the modules'
// shutdown, ends ninja, removes the live copies and ends the runner's thread.
class Runner {
  public:
    // Resolves the targets, maps the heaps, opens the control socket, begins to build; waits for no
    // build. The error is of kind kMisuse where a name or an option is wrong, kBusy where another
    // run works in the build folder, else kFailed; its message is one sentence for the user.
    static Result<Runner> create(Options options);

    Runner(Runner &&) noexcept;
    Runner &operator=(Runner &&) noexcept;
    ~Runner();

    // The safe point: nothing of a module may be on the stack. Switches to what is ready, with the
    // calls into the modules that belong to that; never waits for anything else, and costs one
    // atomic load where nothing is ready. Without `build` it also asks for the libraries'
    // timestamps. False: the run is to end.
    bool poll();

    // Calls hotrun_step of each module that is live. False: no module is.
    bool step();

    // poll, step and wait until the run ends, then the modules' shutdown. Gives the exit status.
    int run();

    // Waits until `limit` has passed, something is ready for poll(), or the run is to end.
    void wait(std::chrono::nanoseconds limit);

    // Readable while poll() has something to do: for a foreign event loop. The same one until the
    // Runner is destroyed, which owns it: it is only waited for, never read or closed. Without
    // `build` a changed library does not make it readable: call poll() now and then.
    int descriptor() const;

    // Asks the run to end with that exit status; the first call counts.
    void stop(int exit_status = 0) noexcept;

    // What stop() was given; 0 before.
    int exit_status() const;

    class Impl;

  private:
    explicit Runner(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Whether this process has replaced itself, and goes on with a run that it had begun.
bool is_restart();

} // namespace hotrun
