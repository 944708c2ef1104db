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
#include <string_view>
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

// How the code of a save comes into the process; docs/lanes.md tells both ways.
enum class LaneChoice {
    kAuto,    // a save that changes bodies of functions alone: its object files, without the linker
    kLibrary, // always the library
};

// What happens when a module's code fails after its first step. Code that fails earlier always
// gives way to the generation before it.
enum class OnCrash {
    kPark, // the last snapshot, and no call into the module until the next generation
    // The process replaces itself, and the generation goes on from the last snapshot. While new
    // code is on its way it is parked; if nothing comes of that code, it goes on then.
    kRestart,
    kExit, // the run ends: 128 + the signal's number, or 1
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
    // The file in which what the only module reads as input is recorded, from a snapshot after its
    // first step on; empty: none. A recording that is there is replaced. The Runner owns the file,
    // and the folder FILE.d beside it. docs/record.md has the format. Not with `heap_file`.
    std::string record;
    // A recording that is played in place of input, in a loop that begins anew with each save;
    // empty: none. create() fails if it is damaged, no recording, of another module, or of code
    // that is missing. Not with `heap_file` or `record`; `heap_bytes` is the recording's.
    std::string replay;
    double replay_speed = 1;                    // run(): 2: twice as fast; 0: no wait between steps
    bool replay_once = false;                   // the run ends after one pass
    std::chrono::milliseconds interval{250};    // run(): start to start; 0: no wait
    std::uint64_t step_limit = 0;               // run(): end after so many steps; 0: no end
    std::chrono::milliseconds poll_interval{0}; // above 0: watch by polling, not by events
    GuardChoice guard = GuardChoice::kAuto;
    OnCrash on_crash = OnCrash::kPark;
    OnRefuse on_refuse = OnRefuse::kKeep;
    LaneChoice lane = LaneChoice::kAuto;
    // The headers with which an edited source begins are precompiled ahead of its next save, where
    // that save goes by its object; docs/lanes.md tells when. They lie in the build folder.
    bool preamble = false;
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

// Thread-bound: created, used and destroyed on the host's thread, the one that runs the loop. What
// says so may be called from any thread, and stop() from a signal handler too. Destruction runs the
// modules' shutdown, ends ninja, removes the live copies and ends the runner's thread.
class Runner {
  public:
    // Resolves the targets, maps the heaps, opens the control socket, begins to build; waits for no
    // build. The error is of kind kMisuse where a name or an option is wrong, kBusy where another
    // run works in the build folder, else kFailed; its message is one sentence for the user.
    static Result<Runner> create(Options options);

    Runner(Runner &&) noexcept;
    Runner &operator=(Runner &&) noexcept;
    ~Runner(); // waits for a library that is linked behind live code, for two seconds at most

    // The safe point: nothing of a module may be on the stack. Switches to what is ready, with the
    // calls into the modules that belong to that; never waits for anything else, and costs one
    // atomic load where nothing is ready. Without `build` it also asks for the libraries'
    // timestamps. False: the run is to end.
    bool poll();

    // Calls hotrun_step of each module that is live. False: no module is, or the run is paused.
    bool step();

    // poll, step and wait until the run ends, then the modules' shutdown. Gives the exit status.
    int run();

    // Waits until `limit` has passed, something is ready for poll(), or the run is to end.
    void wait(std::chrono::nanoseconds limit);

    // Readable while poll() has something to do: for a foreign event loop. The same one until the
    // Runner is destroyed, which owns it: it is only waited for, never read or closed. Without
    // `build` a changed library does not make it readable: call poll() now and then.
    int descriptor() const;

    // Asks the run to end with that exit status; the first call counts. Any thread.
    void stop(int exit_status = 0) noexcept;

    // Gives the modules an input event in their next step: `kind` is one of hotrun_input_kind, or a
    // number of the host's own from HOTRUN_INPUT_OWN on. False: it is dropped, since a recording is
    // played, or 16M wait for a step already. Any thread.
    bool push_input(std::uint32_t kind, std::string_view bytes);

    // From a poll() that comes soon on, what `record` has recorded is played in a loop in place of
    // input, as by Options::replay. The recording ends with that. A run that records nothing says
    // so by a warning; one that plays already goes on. Any thread.
    void replay();

    // As stop(), and ends the process at once if a call into a module does not return. Any thread.
    void end(int exit_status = 0);

    // Runs ninja, whether a file has changed or not. Any thread. False: this run never builds.
    bool request_build();

    // Loads the modules' libraries as they are now, also if they are what runs. Any thread.
    void request_reload();

    // While the run is paused no module is stepped. New code is switched to all the same, and
    // counts as proven by its switch. Any thread.
    void set_paused(bool paused) noexcept;
    bool is_paused() const noexcept;

    // Finished in this run. Any thread.
    std::uint64_t steps() const noexcept;

    // Has the runner's thread call `readable` when the descriptor is, until the Runner goes;
    // hotrun-linked has no thread and calls it from run() and wait(). The call reads all that there
    // is. Not owned; any thread.
    void watch(int descriptor, std::function<void()> readable);

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
