// A reloader with a build and a host that a test plays.
#pragma once

#include "core/reloader.hpp"

#include "support/fake_event_loop.hpp"
#include "support/fake_module.hpp"
#include "support/fake_process_table.hpp"
#include "support/recording_observer.hpp"

#include <gtest/gtest.h>

namespace hotrun {

using Words = std::vector<std::string>;

class ReloaderTest : public testing::Test {
  protected:
    explicit ReloaderTest(HostProcess process = {})
        : reloader({files, loader, processes, clock}, loop, events, handover,
                   {{"game", "/b/libgame.so"}, {"music", "/b/libmusic.so"}}, true,
                   std::move(process)) {
        files.make_folder("/b");
        reloader.set_ready();
    }

    void build(const std::string &module, const std::string &mark) {
        build(module, stepping_library(mark));
    }
    void build(const std::string &module, const ElfBuilder &library) {
        clock.advance(std::chrono::milliseconds(1));
        files.replace("/b/lib" + module + ".so", content_of(library));
    }

    bool look(Writer writer = Writer::kOurBuild) {
        return reloader.look(writer, PhaseTimes(clock.now()));
    }

    void deliver(std::vector<SwitchReport> reports) {
        for (SwitchReport &report : reports)
            reloader.switched(std::move(report));
        loop.run_posted();
    }

    void deliver(FailureReport report) {
        reloader.failed(std::move(report));
        loop.run_posted();
    }
    // The code that the host is offered is given up in its first step.
    void fail_offered() {
        for (SwitchReport &report : host.switch_now())
            deliver(host.roll_back(std::move(report)));
    }

    // Builds the module and switches to it.
    void reload(const std::string &module, const std::string &mark) {
        build(module, mark);
        look();
        deliver(host.switch_now());
    }

    std::string live_mark() const {
        return mark_of(files.content(host.live(0)->code->copy.path()));
    }
    Words words() { return observer.take_words(); }

    FakeClock clock;
    FakeEventLoop loop{clock};
    FakeFileSystem files{clock};
    FakeLibraryLoader loader;
    FakeProcessTable processes;
    RecordingObserver observer;
    EventStream events{clock, {&observer}};
    Handover handover{[] {}};
    Reloader reloader;
    FakeHost host{handover, clock};
};

// The music links the game: what is offered of it is bound to what is offered of the game.
class LinkedReloaderTest : public ReloaderTest {
  protected:
    explicit LinkedReloaderTest(HostProcess process = {}) : ReloaderTest(std::move(process)) {
        build_game("one");
        build("music", linked("music", "one").needed("libgame.so"));
        look();
        deliver(host.switch_now());
        words();
    }
    static ElfBuilder linked(const std::string &name, const std::string &mark) {
        ElfBuilder library;
        library.machine(host_machine()).soname("lib" + name + ".so").run_path("$ORIGIN");
        return library.function("hotrun_step").function(mark);
    }
    void build_game(const std::string &mark) { build("game", linked("game", mark)); }
    LiveLibrary::Shared code(std::size_t module) const { return host.live(module)->code; }
};

} // namespace hotrun
