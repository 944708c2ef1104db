// What the rest of the process makes of code in a patch: the guard, backtraces, threads, and the
// library that comes next.
#include "guarded_faults.hpp"
#include "linux/dwarf_symbolizer.hpp"
#include "linux/linux_code_holders.hpp"
#include "linux/patch_places.hpp"
#include "patched_game.hpp"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <thread>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace hotrun {
namespace {

constexpr const char *kGame = R"(
static int helper(int x) { return x + 1; }
static int other(int x) { return x - 1; }
int *nothing;
extern "C" {
int (*kept)(int);
const char *label;
void keep() { kept = other; label = "first"; }
int use(int x) { return helper(x); }
void step(void *) { }
void passes(void (*callback)()) { callback(); }
}
)";

std::string crashing() {
    std::string text = replaced(kGame, "step(void *) { }", "step(void *) { crash(); }");
    return replaced(text, "int *nothing;", "int *nothing;\nstatic void crash() { *nothing = 1; }");
}

struct GuardedCall {
    std::unique_ptr<ProcessRestart> restart = make_restart();
    CrashGuard guard{*restart, kLiveCopyMark};
    hotrun_context context{};

    bool step(const LiveGame &live) {
        restart->record().restarts_in_vain = 100; // a test would begin anew
        return guard.call({0, CallKind::kStep}, live.function<void(hotrun_context *)>("step"),
                          &context);
    }
};

TEST(PatchedCode, CrashInAPatchIsLeftAndItsLinesAreKnown) {
    ObjectCompiler compiler(kPlainToolchain);
    LiveGame live(compiler, kGame);
    GuardedCall call;
    EXPECT_TRUE(call.step(live));
    ASSERT_EQ(live.patch(crashing()), "");
    ASSERT_FALSE(call.step(live));
    const Fault fault = call.guard.take_fault();
    EXPECT_EQ(fault.signal, "SIGSEGV");
    const std::vector<StackFrame> frames = DwarfSymbolizer().symbolize(fault.backtrace);
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].function, "crash()");
    EXPECT_EQ(frames[0].line, 5U);
    EXPECT_TRUE(frames[0].file.ends_with("/game.cpp")) << frames[0].file;
    EXPECT_EQ(frames[1].function, "step");
    EXPECT_EQ(frames[1].line, 11U);
    EXPECT_TRUE(frames[1].library.ends_with(".so")) << frames[1].library;
    live.undo();
    EXPECT_TRUE(call.step(live));
}

TEST(PatchedCode, ThreadInTheLibraryKeepsItFromBeingPatched) {
    ObjectCompiler compiler(kPlainToolchain);
    const LinuxCodeHolders holders;
    LiveGame live(compiler, kGame, &holders);
    static Gate entered;
    static Gate left;
    auto *const passes = live.function<void(void (*)())>("passes");
    std::thread thread([passes] {
        passes([] {
            entered.open();
            left.wait();
        });
    });
    entered.wait();
    const std::string text = replaced(kGame, "x + 1;", "x + 2;");
    const std::string why = live.patch(text);
    left.open();
    thread.join();
    EXPECT_TRUE(why.starts_with("the code can't be patched: thread ")) << why;
    EXPECT_EQ(live.call("use", 1), 2);
    live.undo();
    EXPECT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("use", 1), 3);
}

TEST(PatchedCode, BreakpointAtAnEntryKeepsItFromBeingPatched) {
    ObjectCompiler compiler(kPlainToolchain);
    LiveGame live(compiler, kGame);
    const std::uint64_t entry =
        address_of(reinterpret_cast<void *>(live.function<int(int)>("use")));
    auto *const code = reinterpret_cast<unsigned char *>(entry);
    const auto page = static_cast<std::uint64_t>(::getpagesize());
    ASSERT_EQ(::mprotect(reinterpret_cast<void *>(entry / page * page), 2 * page,
                         PROT_READ | PROT_WRITE | PROT_EXEC),
              0);
    const unsigned char before = std::exchange(*code, 0xcc);
    const std::string text = replaced(kGame, "x + 1;", "x + 2;");
    EXPECT_EQ(live.patch(text), "a breakpoint lies at the entry of a changed function");
    *code = before;
    EXPECT_EQ(live.call("use", 1), 2);
    live.undo();
    EXPECT_EQ(live.patch(text), "");
    EXPECT_EQ(live.call("use", 1), 3);
}

TEST(PatchedCode, SoManyLibrariesHavePatchesAndNoMore) {
    std::deque<PatchRoom> rooms;
    while (rooms.empty() || rooms.back().is_known())
        rooms.emplace_back(AddressRange{1, 2}, nullptr);
    ObjectCompiler compiler(kPlainToolchain);
    try {
        const LiveGame live(compiler, kGame);
        ADD_FAILURE() << "there was room";
    } catch (const std::runtime_error &error) {
        EXPECT_STREQ(error.what(), "too many libraries have patches");
    }
}

ObjectFile without_abbreviations(const ObjectFile &object) {
    std::vector<std::byte> bytes(object.bytes().begin(), object.bytes().end());
    for (const ObjectSection &section : object.sections()) {
        const std::ptrdiff_t start = section.content.data() - object.bytes().data();
        if (section.name == ".debug_abbrev")
            std::fill_n(bytes.begin() + start, section.content.size(), std::byte{0});
    }
    return std::move(*ObjectFile::read(object.path(), std::move(bytes)));
}

TEST(PatchedCode, TypesHaveToBeInTheDebugInformationOfTheFile) {
    const auto object_of = [](const std::string &options) {
        return ObjectCompiler(kPlainToolchain, "-fPIC " + options)
            .object("struct State { int hits; } state;\n");
    };
    const auto why_without = [](DwarfReadObject object) {
        const std::string why = difference_of_types(object.types(), object.types());
        return why.substr(why.find_last_of('/') + 1);
    };
    const auto why_not = [&](const std::string &options) {
        return why_without(object_of(options));
    };
    EXPECT_EQ(why_not("-g"), "");
    EXPECT_EQ(why_not("-g1"), "game.o has no types in its debug information (-g1?)");
    EXPECT_EQ(why_not("-g -fdebug-types-section"),
              "game.o has sections for each type (-fno-debug-types-section avoids them)");
    EXPECT_EQ(why_not("-g0"), "game.o has debug information that can't be read");
    EXPECT_EQ(why_without(DwarfReadObject(without_abbreviations(object_of("-g").file()))),
              "game.o has damaged debug information");
}

// Each file that includes module.h has such a constant, and one of them is in the library.
TEST(PatchedCode, LiteralsStayThoseOfTheLastPatchThatHasChangedThem) {
    const std::string first =
        "__attribute__((weak)) extern const int version = 1;\n" + std::string(kGame);
    ObjectCompiler compiler(kPlainToolchain);
    LiveGame live(compiler, first);
    std::string text = replaced(first, "label = \"first\";", "label = \"the second one\";");
    ASSERT_EQ(live.patch(text), "");
    text = replaced(text, "x + 1;", "x + 2;");
    ASSERT_EQ(live.patch(text), "");
    live.function<void()>("keep")();
    EXPECT_STREQ(live.variable<const char *>("label"), "the second one");
    EXPECT_EQ(live.call("use", 1), 3);
}

TEST(PatchedCode, NextLibraryHasWhatPointersIntoPatchesLeadTo) {
    ObjectCompiler compiler(kPlainToolchain);
    LiveGame live(compiler, kGame);
    std::string text = replaced(kGame, "static int other",
                                "static int fresh(int x) { return x; }\n"
                                "static int other");
    text =
        replaced(text, "kept = other; label = \"first\";", "kept = fresh; label = \"new words\";");
    ASSERT_EQ(live.patch(text), "");
    live.function<void()>("keep")();
    const std::uint64_t kept = address_of(live.variable<void *>("kept"));
    const std::uint64_t label = address_of(live.variable<const char *>("label"));
    EXPECT_TRUE(live.patches().contains(kept));
    EXPECT_TRUE(live.patches().contains(label));

    const LiveGame next(compiler, text);
    next.function<void()>("keep")();
    PatchRebinder rebinder(live.names(), next.symbols(), next.load_bias());
    EXPECT_EQ(rebinder.rebind(kept), address_of(next.variable<void *>("kept")));
    EXPECT_EQ(rebinder.rebind(label + 4), address_of(next.variable<const char *>("label")) + 4);
    EXPECT_EQ(live.names().describe(kept), "fresh(int)");
}

} // namespace
} // namespace hotrun
