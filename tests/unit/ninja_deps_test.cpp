#include "core/ninja_deps.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {
namespace {

using Inputs = std::vector<std::string_view>;
using namespace std::string_literals;

// Written by ninja 1.11.1: a.o from a.cpp and h.h, b.o from b.cpp, h.h and longer.h, then a.o again
// from a.cpp, h.h and longer.h.
const std::string kRealLog =
    "# ninjadeps\n\x04\0\0\0"
    "\x08\0\0\0a.o\0\xff\xff\xff\xff"
    "\x0c\0\0\0a.cpp\0\0\0\xfe\xff\xff\xff"
    "\x20\0\0\0/usr/include/stdc-predef.h\0\0\xfd\xff\xff\xff"
    "\x08\0\0\0h.h\0\xfc\xff\xff\xff"
    "\x18\0\0\x80\0\0\0\0\xcc\xb6\x51\x33\x56\x69\xea\x18\x01\0\0\0\x02\0\0\0\x03\0\0\0"
    "\x08\0\0\0b.o\0\xfb\xff\xff\xff"
    "\x0c\0\0\0b.cpp\0\0\0\xfa\xff\xff\xff"
    "\x0c\0\0\0longer.h\xf9\xff\xff\xff"
    "\x1c\0\0\x80\x04\0\0\0\x8d\x6c\x7f\x34\x56\x69\xea\x18\x05\0\0\0\x02\0\0\0\x03\0\0\0\x06\0\0\0"
    "\x1c\0\0\x80\0\0\0\0\xe1\xe2\xea\x71\x56\x69\xea\x18\x01\0\0\0\x02\0\0\0\x03\0\0\0\x06\0\0\0"s;
constexpr std::size_t kLastRecordBytes = 32;

std::string word_of(std::uint32_t value) {
    std::string bytes(sizeof(value), '\0');
    std::memcpy(bytes.data(), &value, sizeof(value));
    return bytes;
}

std::string header(std::uint32_t version = 4) {
    return "# ninjadeps\n" + word_of(version);
}

std::string path_record(std::string path, std::uint32_t id) {
    path.resize((path.size() + 3) / 4 * 4);
    return word_of(static_cast<std::uint32_t>(path.size()) + 4) + path + word_of(~id);
}

std::string deps_record(std::uint32_t output, const std::vector<std::uint32_t> &inputs) {
    const auto size = static_cast<std::uint32_t>(4 * (3 + inputs.size()));
    std::string record = word_of(size | 0x80000000u) + word_of(output) + word_of(7) + word_of(8);
    for (const std::uint32_t input : inputs)
        record += word_of(input);
    return record;
}

Inputs inputs_of(const NinjaDeps &deps, std::string_view output) {
    Inputs paths;
    if (const auto ids = deps.inputs_of(output)) {
        for (const NinjaDeps::Id id : *ids)
            paths.push_back(deps.path(id));
    }
    return paths;
}

TEST(NinjaDeps, ReadsALogThatNinjaWrote) {
    NinjaDeps deps;
    EXPECT_TRUE(deps.append(kRealLog));
    EXPECT_EQ(deps.consumed(), kRealLog.size());
    EXPECT_EQ(inputs_of(deps, "b.o"),
              (Inputs{"b.cpp", "/usr/include/stdc-predef.h", "h.h", "longer.h"}));
    EXPECT_EQ(deps.outputs_of("h.h"), (Inputs{"a.o", "b.o"}));
    EXPECT_EQ(deps.outputs_of("b.cpp"), (Inputs{"b.o"}));
}

TEST(NinjaDeps, TheLastRecordOfAnOutputCounts) {
    NinjaDeps deps;
    ASSERT_TRUE(
        deps.append(std::string_view(kRealLog).substr(0, kRealLog.size() - kLastRecordBytes)));
    EXPECT_EQ(inputs_of(deps, "a.o"), (Inputs{"a.cpp", "/usr/include/stdc-predef.h", "h.h"}));
    EXPECT_EQ(deps.outputs_of("longer.h"), (Inputs{"b.o"}));
    ASSERT_TRUE(deps.append(std::string_view(kRealLog).substr(deps.consumed())));
    EXPECT_EQ(inputs_of(deps, "a.o"),
              (Inputs{"a.cpp", "/usr/include/stdc-predef.h", "h.h", "longer.h"}));
    EXPECT_EQ(deps.outputs_of("longer.h"), (Inputs{"a.o", "b.o"}));
}

TEST(NinjaDeps, AnOutputCanLoseInputs) {
    NinjaDeps deps;
    ASSERT_TRUE(deps.append(header() + path_record("o", 0) + path_record("x.h", 1) +
                            path_record("y.h", 2) + deps_record(0, {1, 2}) + deps_record(0, {2})));
    EXPECT_EQ(inputs_of(deps, "o"), (Inputs{"y.h"}));
    EXPECT_TRUE(deps.outputs_of("x.h").empty());
    ASSERT_TRUE(deps.append(deps_record(0, {})));
    EXPECT_TRUE(inputs_of(deps, "o").empty());
}

TEST(NinjaDeps, AFileThatGrowsByteByByteIsReadAsIfItCameAtOnce) {
    NinjaDeps deps;
    for (std::size_t size = 0; size <= kRealLog.size(); ++size) {
        const std::string_view there = std::string_view(kRealLog).substr(0, size);
        ASSERT_TRUE(deps.append(there.substr(deps.consumed()))) << size;
        ASSERT_LE(deps.consumed(), size);
    }
    EXPECT_EQ(deps.consumed(), kRealLog.size());
    EXPECT_EQ(inputs_of(deps, "a.o"),
              (Inputs{"a.cpp", "/usr/include/stdc-predef.h", "h.h", "longer.h"}));
}

TEST(NinjaDeps, ATornRecordIsLeftAloneAndAnotherMayTakeItsPlace) {
    NinjaDeps deps;
    const std::string whole = header() + path_record("o", 0) + path_record("x.h", 1);
    const std::string torn = deps_record(0, {1}).substr(0, 9);
    EXPECT_TRUE(deps.append(whole + torn));
    EXPECT_EQ(deps.consumed(), whole.size());
    EXPECT_TRUE(inputs_of(deps, "o").empty());
    EXPECT_TRUE(deps.append(path_record("y.h", 2) + deps_record(0, {2})));
    EXPECT_EQ(inputs_of(deps, "o"), (Inputs{"y.h"}));
}

TEST(NinjaDeps, AnotherSignatureOrVersionIsBroken) {
    NinjaDeps signature;
    EXPECT_FALSE(signature.append("# ninjalog v5\n and more"));
    EXPECT_TRUE(signature.broken());
    NinjaDeps version;
    EXPECT_FALSE(version.append(header(3) + path_record("o", 0)));
    EXPECT_TRUE(version.broken());
    EXPECT_EQ(version.consumed(), 0u);
}

TEST(NinjaDeps, ABrokenRecordKeepsWhatCameBefore) {
    const std::string good =
        header() + path_record("o", 0) + path_record("x.h", 1) + deps_record(0, {1});
    const std::vector<std::string> bad_records = {
        path_record("y.h", 3),                              // not the next id
        path_record("x.h", 2),                              // a path twice
        word_of(4) + word_of(~2u),                          // no path
        word_of(0),                                         // nothing at all
        word_of(1u << 20),                                  // longer than ninja writes
        deps_record(0, {2}),                                // an input that was not named
        deps_record(9, {1}),                                // an output that was not named
        deps_record(0, {0xffffffffu}),                      // a negative id
        word_of(8 | 0x80000000u) + word_of(0) + word_of(0), // no mtime
        word_of(13 | 0x80000000u) + std::string(13, '\0'),
    };
    for (std::size_t n = 0; n < bad_records.size(); ++n) {
        NinjaDeps deps;
        EXPECT_FALSE(deps.append(good + bad_records[n] + path_record("later", 2))) << n;
        EXPECT_TRUE(deps.broken()) << n;
        EXPECT_EQ(deps.consumed(), good.size()) << n;
        EXPECT_EQ(inputs_of(deps, "o"), (Inputs{"x.h"})) << n;
        EXPECT_FALSE(deps.append(path_record("later", 2))) << n;
        EXPECT_EQ(deps.consumed(), good.size()) << n;
    }
}

TEST(NinjaDeps, ClearForgetsEverythingAndReadsAnew) {
    NinjaDeps deps;
    EXPECT_FALSE(deps.append("nonsense that is long enough"));
    deps.clear();
    EXPECT_FALSE(deps.broken());
    EXPECT_TRUE(deps.append(kRealLog));
    deps.clear();
    EXPECT_EQ(deps.consumed(), 0u);
    EXPECT_TRUE(inputs_of(deps, "a.o").empty());
    EXPECT_TRUE(deps.outputs_of("h.h").empty());
    EXPECT_TRUE(deps.append(kRealLog));
    EXPECT_EQ(deps.outputs_of("h.h"), (Inputs{"a.o", "b.o"}));
}

// The index is made once, and what is appended later is looked at beside it.
TEST(NinjaDeps, IndexKnowsWhatWasAppendedAfterIt) {
    constexpr std::uint32_t kOutputs = 100; // more than are looked at one by one
    std::string log = header() + path_record("x.h", 0) + path_record("y.h", 1);
    for (std::uint32_t n = 0; n < kOutputs; ++n)
        log += path_record("o" + std::to_string(n), n + 2) + deps_record(n + 2, {n % 2});
    NinjaDeps deps;
    ASSERT_TRUE(deps.append(log));
    deps.make_index();
    EXPECT_EQ(deps.outputs_of("x.h").size(), kOutputs / 2);
    ASSERT_TRUE(deps.append(deps_record(2, {1}) + path_record("z.h", kOutputs + 2) +
                            deps_record(3, {1, kOutputs + 2})));
    deps.make_index();
    EXPECT_EQ(deps.outputs_of("x.h").size(), kOutputs / 2 - 1);
    EXPECT_EQ(deps.outputs_of("x.h").front(), "o2");
    EXPECT_EQ(deps.outputs_of("y.h").size(), kOutputs / 2 + 1);
    EXPECT_EQ(deps.outputs_of("y.h").front(), "o0");
    EXPECT_EQ(deps.outputs_of("z.h"), (Inputs{"o1"}));
    deps.clear();
    EXPECT_TRUE(deps.outputs_of("x.h").empty());
}

TEST(NinjaDeps, WhatTheLogDoesNotNameHasNothing) {
    NinjaDeps deps;
    EXPECT_TRUE(deps.append(""));
    EXPECT_TRUE(inputs_of(deps, "a.o").empty());
    EXPECT_TRUE(deps.append(kRealLog));
    EXPECT_TRUE(inputs_of(deps, "h.h").empty());
    EXPECT_TRUE(deps.outputs_of("a.o").empty());
    EXPECT_TRUE(deps.outputs_of("nowhere.h").empty());
}

// An object that is compiled again gets a record again.
TEST(NinjaDeps, RecordWithTheSameInputsIsNoNews) {
    NinjaDeps deps;
    EXPECT_FALSE(deps.take_news());
    deps.append(header() + path_record("o", 0) + path_record("x.h", 1) + path_record("y.h", 2));
    EXPECT_FALSE(deps.take_news());
    const auto news_of = [&](const std::vector<std::uint32_t> &inputs) {
        deps.append(deps_record(0, inputs));
        return deps.take_news();
    };
    EXPECT_TRUE(news_of({}));
    EXPECT_FALSE(news_of({}));
    EXPECT_TRUE(news_of({1, 2}));
    EXPECT_FALSE(news_of({1, 2}));
    EXPECT_TRUE(news_of({2, 1}));
    EXPECT_TRUE(news_of({2}));
    EXPECT_FALSE(deps.take_news());
    deps.clear();
    EXPECT_TRUE(deps.take_news());
}

TEST(NinjaDeps, EmptyRecordIsOne) {
    NinjaDeps deps;
    deps.append(header() + path_record("o", 0) + path_record("p", 1) + deps_record(0, {}));
    EXPECT_TRUE(deps.inputs_of("o"));
    EXPECT_FALSE(deps.inputs_of("p"));
    EXPECT_FALSE(deps.inputs_of("unknown"));
}

} // namespace
} // namespace hotrun
