#include "core/object_patch.hpp"

#include "support/object_builder.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace hotrun {
namespace {

constexpr std::uint64_t kNear = 0x10000; // in the library
constexpr std::uint64_t kFar = std::uint64_t{1} << 40;

// The library's names, each at an address of its own.
class FakeLiveCode final : public LiveCode {
  public:
    std::optional<LiveSymbol> find(const LiveName &name) const override {
        const auto found = symbols.find(std::string(name.name));
        return found == symbols.end() ? std::nullopt : std::optional(found->second);
    }
    bool is_unclear(const LiveName &name) const override {
        return unclear.contains(std::string(name.name));
    }
    std::optional<std::uint64_t> bound(std::string_view) const override { return std::nullopt; }
    std::optional<std::uint64_t> elsewhere(std::string_view name) const override {
        return name == "puts" ? std::optional(kFar) : std::nullopt;
    }
    AddressRange range() const override { return {kNear, 2 * kNear}; }

    LiveSymbol &function(const std::string &name, std::uint64_t address) {
        LiveSymbol &added = symbols[name];
        added.address = added.newest = address;
        added.size_bytes = added.room_bytes = 16;
        added.is_function = true;
        return added;
    }

    std::map<std::string, LiveSymbol> symbols;
    std::set<std::string> unclear;
};

// step() and helper(), of which the body of step() has changed, in a library that is live.
class ObjectPatchTest : public testing::Test {
  protected:
    ObjectPatchTest() {
        live.function("step", kNear);
        live.function("_ZL6helperv", kNear + 16);
    }

    // What the code of step() refers to.
    using Refer = void (*)(ObjectBuilder &, std::uint32_t code);

    static Result<ObjectFile> object(char body, Refer refer) {
        ObjectBuilder builder;
        builder.debug_info();
        const auto code = builder.code(".text", std::string(32, body));
        builder.symbol("step", code, 0, 16);
        builder.symbol("_ZL6helperv", code, 16, 16, STT_FUNC, STB_LOCAL);
        refer(builder, code);
        return ObjectFile::read("game.o", builder.build());
    }

    // Empty, or why the library can't be patched.
    std::string why_not(
        Refer refer = [](ObjectBuilder &, std::uint32_t) {},
        std::uint64_t constants = 4 * kNear) const {
        const auto before = object('\x90', refer);
        const auto after = object('\xcc', refer);
        const ObjectMatch match(*before, *after);
        const ObjectDiff diff = diff_objects(match);
        EXPECT_EQ(diff.why, "");
        auto patch = ObjectPatch::lay_out(match, diff, {}, live);
        if (!patch)
            return patch.error().message;
        PatchedCode patched(live);
        Status done = patch->place(3 * kNear, constants, patched);
        if (done) {
            patched.add_patch(patch->definitions());
            done = patch->relocate(patched);
        }
        return done ? "" : done.error().message;
    }

    FakeLiveCode live;
};

TEST_F(ObjectPatchTest, LibraryHasToBeOfTheObjectFileBefore) {
    EXPECT_EQ(why_not(), "");
    live.symbols["step"].size_bytes = 20;
    EXPECT_EQ(why_not(), "game.cpp: the library was not linked from the object file before, as "
                         "step shows");
    live.symbols.erase("_ZL6helperv");
    live.function("step", kNear);
    EXPECT_EQ(why_not(), "");
    live.unclear.insert("_ZL6helperv");
    EXPECT_EQ(why_not(), "game.cpp: nobody can tell which helper() of the library is the one of "
                         "this file");
}

TEST_F(ObjectPatchTest, EntriesHaveToLeadToOneFunctionEach) {
    live.symbols["step"].is_function = false;
    EXPECT_EQ(why_not(), "game.cpp: step was no function before");
    live.function("step", kNear).room_bytes = 4;
    EXPECT_EQ(why_not(), "game.cpp: the function step is too short to lead to another one");
    live.function("step", kNear).name_count = 2;
    EXPECT_EQ(why_not(), "game.cpp: a function shares its entry with one of another file");
    live.function("step", kNear + 16);
    EXPECT_EQ(why_not(), "game.cpp: functions that had one entry have several now");
}

TEST_F(ObjectPatchTest, WhatItRefersToHasToBeThereAndWithinReach) {
    EXPECT_EQ(why_not([](ObjectBuilder &builder, std::uint32_t code) {
                  builder.relocation(code, 4, builder.undefined("gone"), R_X86_64_PLT32, -4);
              }),
              "game.cpp: nobody has gone, which it refers to");
    EXPECT_EQ(why_not([](ObjectBuilder &builder, std::uint32_t code) {
                  builder.relocation(code, 4, builder.undefined("puts"), R_X86_64_PC32, -4);
              }),
              "game.cpp: puts lies too far away from the library");
    const Refer call = [](ObjectBuilder &builder, std::uint32_t code) {
        builder.relocation(code, 4, builder.undefined("puts"), R_X86_64_PLT32, -4);
    };
    EXPECT_EQ(why_not(call), "");
    EXPECT_EQ(why_not(call, 2 * kFar), "game.cpp: its code and its constants lie too far apart");
    EXPECT_EQ(why_not([](ObjectBuilder &builder, std::uint32_t code) {
                  const auto data = builder.section(".data", "12345678", SHF_ALLOC | SHF_WRITE);
                  builder.relocation(code, 4, builder.section_symbol(data), R_X86_64_PC32, -4);
              }),
              "game.cpp: what it refers to in .data is not in the library");
    EXPECT_EQ(why_not([](ObjectBuilder &builder, std::uint32_t code) {
                  const auto text = builder.section(".rodata", "12345678", SHF_ALLOC);
                  builder.relocation(code, 4, builder.section_symbol(text), R_X86_64_GOTPCREL, -4);
              }),
              "game.cpp: the address of what has no name is taken in a way that is not known");
}

} // namespace
} // namespace hotrun
