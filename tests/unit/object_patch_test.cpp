#include "core/object_patch.hpp"

#include "support/object_builder.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace hotrun {
namespace {

constexpr std::uint64_t kNear = 0x10000; // in the library
const std::string kLea = "\x48\x8d\x05";
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
    bool has_left(const LiveName &) const override { return false; }
    std::optional<std::uint64_t> bound(std::string_view) const override { return std::nullopt; }
    std::optional<std::uint64_t> elsewhere(std::string_view name) const override {
        return name == "puts" ? std::optional(kFar) : std::nullopt;
    }
    AddressRange range() const override { return {kNear, 2 * kNear}; }

    void constant(const std::string &name, std::uint64_t address, std::uint64_t bytes) {
        LiveSymbol &added = symbols[name];
        added.address = added.newest = address;
        added.size_bytes = added.room_bytes = bytes;
    }
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
        const auto code =
            builder.code(".text", kLea + std::string(13, body) + kLea + std::string(13, body));
        builder.symbol("step", code, 0, 16);
        builder.symbol("_ZL6helperv", code, 16, 16, STT_FUNC, STB_LOCAL);
        refer(builder, code);
        return ObjectFile::read("game.o", builder.build());
    }

    // Empty, or why the library can't be patched.
    std::string why_not(
        Refer refer = [](ObjectBuilder &, std::uint32_t) {}, std::uint64_t constants = 4 * kNear) {
        return why_not(refer, refer, {}, constants);
    }

    // `left`: names that this file or another has had once.
    std::string why_not(Refer refer_before, Refer refer_after,
                        const std::vector<LiveName> &left = {},
                        std::uint64_t constants = 4 * kNear) {
        const auto before = object('\x90', refer_before);
        const auto after = object('\xcc', refer_after);
        const ObjectMatch match(*before, *after);
        const ObjectDiff diff = diff_objects(match);
        EXPECT_EQ(diff.why, "");
        auto patch = ObjectPatch::lay_out(match, diff, {}, live);
        if (!patch)
            return patch.error().message;
        PatchedCode patched(live);
        patched.add_left(left);
        Status done = patch->place(3 * kNear, constants, patched);
        if (done) {
            patched.add_patch(patch->definitions());
            done = patch->relocate(patched);
        }
        if (!done)
            return done.error().message;
        std::int32_t distance = 0;
        std::memcpy(&distance, patch->code().data() + kReference, sizeof distance);
        target = patch->code_address() + kReference + 4 + static_cast<std::uint64_t>(distance);
        return "";
    }

    static constexpr std::uint64_t kReference = 3; // behind the code of a LEA
    FakeLiveCode live;
    std::uint64_t target = 0; // of the reference there in the last patch
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

// step() takes the address of what lies so far in the section, or helper() does.
void take_address(ObjectBuilder &builder, std::uint32_t code, std::uint32_t section,
                  std::int64_t offset, bool is_in_helper = false) {
    builder.relocation(code, is_in_helper ? 19 : 3, builder.section_symbol(section), R_X86_64_PC32,
                       offset - 4);
}

void no_more(ObjectBuilder &, std::uint32_t) {}

TEST_F(ObjectPatchTest, NewFunctionOfTheFileIsNoOtherFilesOfThatName) {
    const Refer with_other = [](ObjectBuilder &builder, std::uint32_t) {
        const auto code = builder.code(".text.other", std::string(16, '\x90'));
        builder.symbol("_ZL5otherv", code, 0, 16, STT_FUNC, STB_LOCAL);
    };
    EXPECT_EQ(why_not(no_more, with_other), "");
    live.function("_ZL5otherv", kNear + 64);
    EXPECT_EQ(why_not(no_more, with_other), "game.cpp: nobody can tell whether the other() that is "
                                            "new here is the one of the library");
    EXPECT_EQ(why_not(no_more, with_other, {{"game.o", "_ZL5otherv", true}}), "");
    EXPECT_NE(why_not(no_more, with_other, {{"twin.o", "_ZL5otherv", true}}), "");
    EXPECT_EQ(why_not(with_other, with_other), "");
}

template <int kBinding, bool kIsOfHeader>
void with_table(ObjectBuilder &builder, std::uint32_t code) {
    const auto section =
        builder.section(".rodata.table", "12345678", SHF_ALLOC, kIsOfHeader ? "its group" : "");
    take_address(builder, code, section, 0);
    builder.symbol("table", section, 0, 8, STT_OBJECT, kBinding);
}

TEST_F(ObjectPatchTest, NewConstantIsThatOfTheLibraryOnlyIfBothHaveItFromOneHeader) {
    constexpr auto kSentence = "game.cpp: nobody can tell whether the table that is new here is "
                               "the one of the library";
    live.constant("table", kNear + 256, 8);
    EXPECT_EQ(why_not(no_more, with_table<STB_WEAK, true>), "");
    EXPECT_EQ(target, kNear + 256);
    EXPECT_EQ(why_not(no_more, with_table<STB_WEAK, true>, {{"other.o", "table", false}}),
              kSentence);
    EXPECT_EQ(why_not(no_more, with_table<STB_GLOBAL, false>), kSentence);
    EXPECT_EQ(why_not(no_more, with_table<STB_LOCAL, false>), kSentence);
    EXPECT_EQ(why_not(no_more, with_table<STB_LOCAL, false>, {{"game.o", "table", true}}), "");
    EXPECT_EQ(target, 4 * kNear); // its own
    live.symbols.clear();
    live.function("step", kNear);
    EXPECT_EQ(why_not(no_more, with_table<STB_GLOBAL, false>), "");
    EXPECT_EQ(target, 4 * kNear);
}

TEST_F(ObjectPatchTest, TableOfAClassThatIsBackIsNotTakenForTheOldOne) {
    const Refer with_class = [](ObjectBuilder &builder, std::uint32_t) {
        const auto section = builder.section(".data.rel.ro", "12345678", SHF_ALLOC);
        builder.symbol("_ZTVN12_GLOBAL__N_11AE", section, 0, 8, STT_OBJECT, STB_LOCAL);
    };
    EXPECT_EQ(why_not(no_more, with_class), "");
    live.constant("_ZTVN12_GLOBAL__N_11AE", kNear + 256, 8);
    EXPECT_EQ(why_not(no_more, with_class, {{"game.o", "_ZTVN12_GLOBAL__N_11AE", true}}),
              "game.cpp: nobody can tell whether the vtable for (anonymous namespace)::A that is "
              "new here is the one of the library");
}

TEST_F(ObjectPatchTest, WhatTheCompilerHasNamedIsThePatchsOwn) {
    const Refer with_switch = [](ObjectBuilder &builder, std::uint32_t code) {
        const auto section = builder.section(".rodata.switch", "12345678", SHF_ALLOC);
        builder.symbol("CSWTCH.1", section, 0, 8, STT_OBJECT, STB_LOCAL);
        take_address(builder, code, section, 0);
    };
    live.constant("CSWTCH.1", kNear + 256, 8);
    EXPECT_EQ(why_not(with_switch), "");
    EXPECT_EQ(target, 4 * kNear);
}

// Of eight bytes each, of which the library has the first one.
template <int kOffset, bool kIsTaken = true>
void with_neighbours(ObjectBuilder &builder, std::uint32_t code) {
    const auto section = builder.section(".rodata", "1234567887654321", SHF_ALLOC);
    builder.symbol("_ZL5first", section, 0, 8, STT_OBJECT, STB_LOCAL);
    builder.symbol("_ZL6second", section, 8, 8, STT_OBJECT, STB_LOCAL);
    take_address(builder, code, section, kOffset);
    if (kIsTaken)
        take_address(builder, code, section, 0, true);
}

TEST_F(ObjectPatchTest, EndOfOneConstantIsNotTakenForTheBeginningOfTheNext) {
    const Refer first_alone = [](ObjectBuilder &builder, std::uint32_t) {
        const auto section = builder.section(".rodata", "12345678", SHF_ALLOC);
        builder.symbol("_ZL5first", section, 0, 8, STT_OBJECT, STB_LOCAL);
    };
    const auto sentence = [](const std::string &name) {
        return "game.cpp: nobody can tell whether it refers to " + name +
               " or to what lies beside it (-fdata-sections keeps them apart)";
    };
    live.constant("_ZL5first", kNear + 256, 8);
    EXPECT_EQ(why_not(first_alone, with_neighbours<0>), "");
    EXPECT_EQ(target, kNear + 256);
    EXPECT_EQ(why_not(first_alone, with_neighbours<4>), sentence("second"));
    EXPECT_EQ(why_not(first_alone, with_neighbours<8>), sentence("first"));
    EXPECT_EQ(why_not(first_alone, with_neighbours<8, false>), "");
    EXPECT_EQ(target, 4 * kNear + 8);
    EXPECT_EQ(why_not(first_alone, with_neighbours<16>), "");
    live.constant("_ZL6second", kNear + 264, 8); // side by side there too
    EXPECT_EQ(why_not(with_neighbours<8>), "");
    EXPECT_EQ(target, kNear + 264);
    live.constant("_ZL6second", kNear + 512, 8);
    EXPECT_EQ(why_not(with_neighbours<8>), sentence("first"));
}

// A jump table behind a constant of the library.
template <int kReferenceCount>
void with_jump_table(ObjectBuilder &builder, std::uint32_t code) {
    const auto section = builder.section(".rodata", "123456781234", SHF_ALLOC);
    builder.symbol("_ZL5first", section, 0, 8, STT_OBJECT, STB_LOCAL);
    builder.relocation(section, 8, builder.section_symbol(code), R_X86_64_PC32, 0);
    take_address(builder, code, section, 8);
    if (kReferenceCount > 1)
        take_address(builder, code, section, 8, true);
    const auto pointer = builder.section(".data.rel.ro", "12345678", SHF_ALLOC);
    builder.relocation(pointer, 0, builder.section_symbol(section), R_X86_64_64, 0);
}

TEST_F(ObjectPatchTest, JumpTableBehindAConstantIsItselfWhereItsFunctionAloneRefersToIt) {
    live.constant("_ZL5first", kNear + 256, 8);
    EXPECT_EQ(why_not(with_jump_table<1>), "");
    EXPECT_EQ(target, 4 * kNear + 8);
    EXPECT_EQ(why_not(with_jump_table<2>),
              "game.cpp: nobody can tell whether it refers to first or to what lies beside it "
              "(-fdata-sections keeps them apart)");
}

TEST(PatchedCode, WhatHasLeftIsBackWithThePatchThatIsDropped) {
    const FakeLiveCode library;
    PatchedCode code(library);
    const LiveName local{"game.o", "helper", true};
    const LiveName shared{{}, "table", false};
    code.add_left({local, shared});
    code.add_left({shared});
    EXPECT_TRUE(code.has_left(local));
    EXPECT_FALSE(code.has_left({"other.o", "helper", true}));
    code.drop_last_patch();
    EXPECT_TRUE(code.has_left(shared));
    code.drop_last_patch();
    EXPECT_FALSE(code.has_left(shared));
    EXPECT_FALSE(code.has_left(local));
}

} // namespace
} // namespace hotrun
