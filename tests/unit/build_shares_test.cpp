#include "build_shares.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;

TEST(BuildShares, WhatIsDoneSideBySideIsCountedOnceAndAsCompiling) {
    const BuildShares shares = shares_of({{"a.o", milliseconds(0), milliseconds(50)},
                                          {"b.o", milliseconds(10), milliseconds(20)},
                                          {"liba.a", milliseconds(40), milliseconds(15)},
                                          {"c.o", milliseconds(60), milliseconds(5)},
                                          {"libx.so.1.2", milliseconds(65), milliseconds(9)},
                                          {"tools/gen", milliseconds(80), milliseconds(2)},
                                          {"version.h", milliseconds(0), milliseconds(70)}});
    EXPECT_EQ(shares.compile, milliseconds(55));
    EXPECT_EQ(shares.link, milliseconds(16));
}

TEST(BuildShares, APrecompiledHeaderIsCompiledAndCodeThatIsMadeIsNeither) {
    const BuildShares shares = shares_of({{"x.so.p/all.hpp.gch", milliseconds(0), milliseconds(3)},
                                          {"made.cpp", milliseconds(3), milliseconds(9)}});
    EXPECT_EQ(shares.compile, milliseconds(3));
    EXPECT_EQ(shares.link, milliseconds(0));
}

} // namespace
} // namespace hotrun
