#include "core/code_difference.hpp"

#include "support/object_builder.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using namespace std::string_literals;

struct Parts {
    std::string code = "\xc3\x90\x90\x90"s;
    std::string variable = "\1\0\0\0"s;
    std::string debug = "debug"s;
    std::string name = "_Z4turnv";
    unsigned char binding = STB_GLOBAL;
    bool has_more = false;
    bool has_end = false;
};

ObjectFile object(const Parts &parts) {
    ObjectBuilder builder;
    builder.section(".debug_line", parts.debug, 0);
    builder.symbol(parts.name, builder.code(".text", parts.code), 0, 4, STT_FUNC, parts.binding);
    builder.symbol("score", builder.section(".data", parts.variable, SHF_ALLOC | SHF_WRITE), 0, 4,
                   STT_OBJECT);
    if (parts.has_more)
        builder.section(".rodata", "more", SHF_ALLOC);
    if (parts.has_end)
        builder.section(".bss", "", SHF_ALLOC | SHF_WRITE);
    return std::move(*ObjectFile::read("game.o", builder.build()));
}

std::string difference(const Parts &one, const Parts &other) {
    const ObjectFile before = object(one);
    const ObjectFile after = object(other);
    return difference_of_code(ObjectMatch(before, after));
}

TEST(CodeDifference, OnlyWhatIsLoadedCounts) {
    EXPECT_EQ(difference({}, {}), "");
    EXPECT_EQ(difference({}, {.debug = "another"}), "");
    EXPECT_EQ(difference({}, {.has_end = true}), "");
}

TEST(CodeDifference, IsTold) {
    EXPECT_EQ(difference({}, {.code = "\xcc\x90\x90\x90"s}), "the section .text is another one");
    EXPECT_EQ(difference({}, {.variable = "\2\0\0\0"s}), "the section .data is another one");
    EXPECT_EQ(difference({}, {.has_more = true}), "the section .rodata is another one");
    EXPECT_EQ(difference({.has_more = true}, {}), "there is no section .rodata");
    EXPECT_EQ(difference({}, {.name = "_Z4walkv"}), "turn() is another one");
    EXPECT_EQ(difference({}, {.binding = STB_WEAK}), "turn() is another one");
}

} // namespace
} // namespace hotrun
