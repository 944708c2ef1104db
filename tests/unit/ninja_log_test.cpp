#include "core/ninja_log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace hotrun {
namespace {

using Edges = std::vector<std::pair<std::string, int>>; // output, milliseconds

Edges edges_of(std::string_view lines) {
    Edges edges;
    for (const BuiltEdge &edge : parse_ninja_log(lines))
        edges.emplace_back(edge.output, static_cast<int>(edge.duration.count() / 1000));
    return edges;
}

TEST(NinjaLog, ReadsALogThatNinjaWrote) {
    EXPECT_EQ(edges_of("# ninja log v5\n"
                       "0\t30\t1795363220409661132\ta.o\tdb384bae03c83383\n"
                       "30\t47\t1795363220429433997\tb.o\te8a82e1eb9858829\n"
                       "47\t51\t1795363220433558402\tt1\tcfc62b50c7fb95d4\n"
                       "47\t51\t1795363220433558402\tt2\tcfc62b50c7fb95d4\n"),
              (Edges{{"a.o", 30}, {"b.o", 17}, {"t1", 4}, {"t2", 4}}));
}

TEST(NinjaLog, TheLastLineOfAnOutputCountsAtThePlaceOfItsFirst) {
    EXPECT_EQ(edges_of("0\t30\t1\ta.o\tdb38\n"
                       "30\t47\t1\tb.o\te8a8\n"
                       "0\t20\t2\ta.o\tdb38\n"),
              (Edges{{"a.o", 20}, {"b.o", 17}}));
}

TEST(NinjaLog, TellsWhenAnEdgeStarted) {
    EXPECT_EQ(parse_ninja_log("30\t47\t1\tb.o\te8a8\n").at(0).start,
              std::chrono::milliseconds(30));
}

TEST(NinjaLog, AnOutputMayHaveSpaces) {
    EXPECT_EQ(edges_of("1\t3\t0\tlib my own.so.p/x.cpp.o\tab\n"),
              (Edges{{"lib my own.so.p/x.cpp.o", 2}}));
}

TEST(NinjaLog, ATornLineAtTheEndIsLeftOut) {
    EXPECT_EQ(edges_of("0\t30\t1\ta.o\tdb38\n30\t47\t1\tb.o\te8"), (Edges{{"a.o", 30}}));
    EXPECT_EQ(edges_of("0\t30"), (Edges{}));
    EXPECT_EQ(edges_of(""), (Edges{}));
}

TEST(NinjaLog, WhatIsNoEntryIsLeftOut) {
    EXPECT_EQ(edges_of("# ninja log v7\n"
                       "\n"
                       "0\t30\t1\tno_hash\n"
                       "0\t30\t1\tempty_hash\t\n"
                       "0\t30\t1\t\tdb38\n"
                       "x\t30\t1\tno_start\tdb38\n"
                       "0\t30ms\t1\tno_end\tdb38\n"
                       "30\t0\t1\tends_before_it_starts\tdb38\n"
                       "-5\t0\t1\tnegative\tdb38\n"
                       "0\t99999999999\t1\ttoo_long\tdb38\n"
                       "0\t1\t1\tgood\tdb38\n"),
              (Edges{{"good", 1}}));
}

} // namespace
} // namespace hotrun
