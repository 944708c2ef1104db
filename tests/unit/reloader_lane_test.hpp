// A reloader that can patch the game.
#pragma once

#include "unit/reloader_test.hpp"

#include "support/fake_code_holders.hpp"
#include "support/fake_patch_loader.hpp"
#include "support/object_builder.hpp"

namespace hotrun {

struct WithPatchLoader {
    FakePatchLoader patches;
    FakeCodeHolders holders;

    HostProcess process() {
        HostProcess process;
        process.patches = &patches;
        process.holders = &holders;
        return process;
    }
};

// The game is live, and made of two object files.
class ReloaderLaneTest : public WithPatchLoader, public ReloaderTest {
  protected:
    ReloaderLaneTest() : ReloaderTest(process()) {
        compile("game.o", "1");
        compile("enemy.o", "1");
        reload("game", "one");
        words();
    }

    static constexpr const char *kLibrary = "/b/libgame.so";
    static std::string path(const std::string &object) { return "/b/" + object; }

    void compile(const std::string &object, const std::string &body,
                 const std::string &function = "_Z4turnv") {
        clock.advance(std::chrono::milliseconds(1));
        ObjectBuilder builder;
        builder.symbol(function, builder.code(".text", body + std::string(32, '\x90')), 0, 32);
        const std::vector<std::byte> bytes = builder.build();
        files.write(path(object), {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
    }

    std::string keep(const Words &objects) {
        return reloader.keep_objects({{kLibrary, paths(objects)}});
    }
    std::string patch(const Words &objects) {
        return reloader.patch({{kLibrary, paths(objects)}}, PhaseTimes(clock.now()));
    }
    // A save of these, up to the offer.
    std::string save(const Words &objects, const std::string &body) {
        std::string why = keep(objects);
        for (const std::string &object : objects)
            compile(object, body);
        return why.empty() ? patch(objects) : why;
    }
    void link(const std::string &mark) { build("game", mark); }

    static constexpr const char *kThread = "the code can't be patched: thread 7 (worker) is in it";
    void refuse_patch(std::uint64_t generation, const std::string &why) {
        FailureReport report;
        report.from = generation;
        report.to = live();
        report.is_patch_refused = true;
        report.refusal = why;
        deliver(std::move(report));
    }

    Words calls() { return std::exchange(patches.trace.calls, {}); }
    std::uint64_t live() const { return reloader.statuses().front().generation; }

  private:
    static Words paths(const Words &objects) {
        Words all;
        for (const std::string &object : objects)
            all.push_back(path(object));
        return all;
    }
};

} // namespace hotrun
