#include "core/static_pairs.hpp"

#include <gtest/gtest.h>

#include <map>

namespace hotrun {
namespace {

using Variables = std::vector<StaticVariable>;
using VariableNames = std::set<std::string>;

StaticVariable variable(const std::string &name, const std::string &symbol,
                        const std::string &file = {}) {
    return {std::make_shared<StaticName>(name, symbol, file)};
}

// By symbols and files.
std::map<std::string, std::string> paired(const Variables &olds, const Variables &news) {
    std::map<std::string, std::string> pairs;
    for (const auto &[old_one, new_one] : pair_statics(olds, news).pairs)
        pairs[old_one->file() + ":" + old_one->symbol()] =
            new_one->file() + ":" + new_one->symbol();
    return pairs;
}

using Pairs = std::map<std::string, std::string>;

TEST(StaticPairs, AreMadeBySymbolAndFile) {
    const Variables both = {variable("count", "count", "a.c"), variable("count", "count", "b.c"),
                            variable("lives", "lives")};
    EXPECT_EQ(
        paired(both, both),
        (Pairs{{"a.c:count", "a.c:count"}, {"b.c:count", "b.c:count"}, {":lives", ":lives"}}));
}

TEST(StaticPairs, TheOnlyOneOfItsNameMayMoveToAnotherFile) {
    EXPECT_EQ(paired({variable("count", "count", "a.c")}, {variable("count", "count", "b.c")}),
              (Pairs{{"a.c:count", "b.c:count"}}));
    EXPECT_EQ(paired({variable("n::count", "_ZN1nL5countE", "a.cpp")},
                     {variable("n::count", "_ZN1n5countE")}),
              (Pairs{{"a.cpp:_ZN1nL5countE", ":_ZN1n5countE"}}));
}

TEST(StaticPairs, OneOfSeveralOfItsNameDoesNotMove) {
    const Variables olds = {variable("count", "count", "a.c"), variable("count", "count", "b.c")};
    const Variables news = {variable("count", "count", "b.c"), variable("count", "count", "c.c")};
    EXPECT_EQ(paired(olds, news), (Pairs{{"b.c:count", "b.c:count"}}));
    EXPECT_EQ(pair_statics(olds, news).ambiguous, VariableNames{"count"});
}

TEST(StaticPairs, NumbersOfCCompilersSayNothing) {
    EXPECT_EQ(paired({variable("step::n", "n.3", "a.c"), variable("init::n", "n.2", "a.c")},
                     {variable("step::n", "n.2", "a.c"), variable("init::n", "n.1", "a.c")}),
              (Pairs{{"a.c:n.3", "a.c:n.2"}, {"a.c:n.2", "a.c:n.1"}}));
}

// A lambda before it gives the next one another number.
TEST(StaticPairs, NumbersOfLambdasAreBelievedIfTheirFamilyIsAsLarge) {
    const auto of_lambda = [](const std::string &number) {
        return variable("step::n", "_ZZZ4stepvENKUlvE" + number + "_clEvE1n", "a.cpp");
    };
    EXPECT_EQ(paired({of_lambda("")}, {of_lambda("0")}),
              (Pairs{{"a.cpp:_ZZZ4stepvENKUlvE_clEvE1n", "a.cpp:_ZZZ4stepvENKUlvE0_clEvE1n"}}));
    EXPECT_EQ(paired({of_lambda(""), of_lambda("0")}, {of_lambda(""), of_lambda("0")}).size(), 2U);
    const StaticPairs unsure = pair_statics({of_lambda("")}, {of_lambda(""), of_lambda("0")});
    EXPECT_TRUE(unsure.pairs.empty());
    EXPECT_EQ(unsure.ambiguous, VariableNames{"step::n"});
}

} // namespace
} // namespace hotrun
