// Structs that change their layout while the program runs.
#include "e2e/compiled_module.hpp"
#include "e2e/fault_test.hpp"
#include "e2e/proc_view.hpp"
#include "e2e/random_layout.hpp"
#include "e2e/test_project.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <string>
#include <tuple>
#include <vector>

namespace hotrun::e2e {
namespace {

// The migration is the same code whatever the compiler did; a sanitizer watches it once.
const auto kOptimisations = std::string_view(HOTRUN_SANITIZE) == "thread"
                                ? testing::ValuesIn(std::vector{"-O0"})
                                : testing::ValuesIn(std::vector{"-O0", "-O2"});

class Layout : public FaultTest, public testing::WithParamInterface<const char *> {
  protected:
    static std::string version(const std::string &source, int number) {
        return compiled(source, {GetParam(), "-DVERSION=" + std::to_string(number)});
    }
};

// Modules of many structs: all of their values have to be there.
struct Table {
    const char *source;
    int count;
};

class LayoutTable : public FaultTest,
                    public testing::WithParamInterface<std::tuple<Table, const char *>> {};

TEST_P(LayoutTable, EveryValueIsCarriedThereAndBack) {
    const auto &[table, optimisation] = GetParam();
    const std::string versions[] = {
        compiled(table.source, {optimisation, "-DVERSION=1"}),
        compiled(table.source, {optimisation, "-DVERSION=2"}),
    };
    run.put_bytes(versions[0]);
    run.start();
    run.wait_until_ready();
    const std::string all = std::to_string(table.count) + " of " + std::to_string(table.count);
    for (const int number : {2, 1, 2, 1}) {
        run.put_bytes(versions[number - 1]);
        const boost::json::object *event = run.expect_outcome("reloaded");
        ASSERT_NE(event, nullptr);
        EXPECT_EQ(event->at("state").as_string(), "migrated");
        const std::string said = "<version " + std::to_string(number) + ": " + all + " hold>";
        EXPECT_TRUE(run.hotrun().wait_for(said));
    }
    run.expect_clean_end(SIGTERM, 0);
}

constexpr Table kTables[] = {
    {"layout_module.cpp", 47},
    {"layout_class_module.cpp", 22},
    {"layout_pointer_module.cpp", 11},
    {"layout_library_module.cpp", 24},
};

INSTANTIATE_TEST_SUITE_P(Tables, LayoutTable,
                         testing::Combine(testing::ValuesIn(kTables), kOptimisations),
                         [](const auto &info) {
                             const std::string source = std::get<0>(info.param).source;
                             return source.substr(0, source.find('.')) + "_" +
                                    (std::get<1>(info.param) + 1);
                         });

INSTANTIATE_TEST_SUITE_P(Optimisation, Layout, kOptimisations,
                         [](const auto &info) { return std::string(info.param + 1); });

int number_of(const char *variable, int otherwise) {
    const char *text = std::getenv(variable); // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? otherwise : std::atoi(text);
}

TEST_P(Layout, StructsMadeAtRandomAreCarriedThereAndBack) {
    const int count = number_of("HOTRUN_RANDOM_LAYOUTS", 50);
    const int seed = number_of("HOTRUN_RANDOM_SEED", 20);
    const RandomLayouts layouts = random_layouts(static_cast<unsigned>(seed), count);
    const std::string libraries[] = {compiled(layouts.versions[0], {GetParam()}),
                                     compiled(layouts.versions[1], {GetParam()})};
    run.put_bytes(libraries[0]);
    run.start();
    run.wait_until_ready();
    const std::string all = std::to_string(count);
    for (const int version : {1, 0, 1}) {
        run.put_bytes(libraries[version]);
        ASSERT_NE(run.expect_outcome("reloaded"), nullptr);
        EXPECT_TRUE(run.hotrun().wait_for("<version " + std::to_string(version + 1) + ": " + all +
                                          " of " + all + " hold>"))
            << "seed " << seed;
    }
    run.expect_clean_end(SIGTERM, 0);
}

class ContainerLayout : public Layout {};

TEST_P(ContainerLayout, ElementsOfContainersInTheHeapAreCarriedOver) {
    const std::string versions[] = {version("state_module.cpp", 1), version("state_module.cpp", 2)};
    run.put_bytes(versions[0]);
    run.start();
    run.wait_until_ready();
    for (const int number : {2, 1, 2}) {
        run.put_bytes(versions[number - 1]);
        const boost::json::object *event = run.expect_outcome("reloaded");
        ASSERT_NE(event, nullptr);
        EXPECT_EQ(event->at("state").as_string(), "migrated");
        ASSERT_TRUE(run.hotrun().wait_for("<version " + std::to_string(number) + ": "));
        ASSERT_TRUE(run.hotrun().wait_for("all hold>"));
    }
    run.expect_clean_end(SIGTERM, 0);
}

INSTANTIATE_TEST_SUITE_P(Optimisation, ContainerLayout, kOptimisations,
                         [](const auto &info) { return std::string(info.param + 1); });

TEST_F(FaultTest, AConstructorOfNewMembersThatFailsIsRefused) {
    const auto version = [](const std::string &number) {
        return compiled("state_module.cpp", {"-O0", "-DVERSION=" + number, "-DFAILS"});
    };
    run.put_bytes(version("1"));
    run.start();
    run.wait_until_ready();
    run.put_bytes(version("2"));
    const boost::json::object *event = run.expect_outcome("rejected");
    ASSERT_NE(event, nullptr);
    EXPECT_NE(event->at("detail").as_string().find("the default constructor of Enemy has failed"),
              std::string::npos)
        << event->at("detail");
    EXPECT_TRUE(run.hotrun().wait_for("<version 1: all hold>"));
    run.expect_clean_end(SIGTERM, 0);
}

class LayoutChain : public FaultTest {
  protected:
    static std::string version(int number, const std::vector<std::string> &more = {}) {
        std::vector<std::string> words = {"-O0", "-DVERSION=" + std::to_string(number)};
        words.insert(words.end(), more.begin(), more.end());
        return compiled("chain_module.cpp", words);
    }
    void expect_carried_to(int number, const std::string &library) {
        run.put_bytes(library);
        const boost::json::object *event = run.expect_outcome("reloaded");
        ASSERT_NE(event, nullptr);
        EXPECT_EQ(event->at("state").as_string(), "migrated");
        ASSERT_TRUE(run.hotrun().wait_for("<version " + std::to_string(number) + ": "));
        ASSERT_TRUE(run.hotrun().wait_for("all hold>"));
    }
};

TEST_F(LayoutChain, TenChangesInARowEndWithTheSameValuesAndLeaveNothingOfTheFirstCode) {
    const std::string first = version(1);
    run.put_bytes(first);
    run.start();
    run.wait_until_ready();
    const std::vector<AddressRange> places = mapped_at(run.hotrun().child().pid(), "_live.");
    ASSERT_FALSE(places.empty());
    for (int number = 2; number <= 10; ++number) {
        expect_carried_to(number, version(number));
        if (HasFatalFailure())
            return;
        if (number != 4)
            continue;
        run.put_bytes(version(5, {"-DREFUSED"}));
        ASSERT_NE(run.expect_outcome("rejected"), nullptr);
    }
    expect_carried_to(1, first);
    // Who holds the old code for a moment, as a reload that is prepared does, lets go of it at
    // last.
    const std::string second = version(2);
    const auto accessible = [&] { return accessible_in(run.hotrun().child().pid(), places); };
    for (int i = 0; i < 10 && !accessible().empty(); ++i) {
        expect_carried_to(2, second);
        expect_carried_to(1, first);
    }
    EXPECT_EQ(accessible(), "");
    expect_carried_to(2, second); // all that is kept is used once more
    expect_carried_to(1, first);
    run.expect_clean_end(SIGTERM, 0);
}

struct RefusedChange {
    const char *macro;
    const char *sentence; // a part of it
};

constexpr RefusedChange kRefused[] = {
    {"UNTYPED_BLOCK", "a block of 400 bytes has no type, and may hold one of those that have "
                      "changed (Part, State)"},
    {"CHANGED_UNION", "refused_module.cpp:49): the union Part::Value has changed"},
    {"ENUMERATOR_GONE", "State.part.color: its value 1 is none of the enumerators"},
    {"VIRTUAL_BASE", "a class with virtual bases has changed"},
    {"FIRST_VIRTUAL_FUNCTION", "its class has got its first virtual function"},
    {"OTHER_POINTER", "a pointer to int can't become one to long"},
    {"TYPE_GONE", "Before: the new code makes no block of this type"},
    {"OWNED_OUTSIDE", "leads to a Item outside the permanent heap"},
    {"MAP_OUTSIDE", "leads to a Item outside the permanent heap"},
    {"VECTOR_OUTSIDE", "leads to a Item outside the permanent heap"},
    {"POINTER_TO_WHAT_IS_GONE", "leads to a part of Pair that is gone"},
    {"OTHER_KIND", "int can't become Item"},
    {"POINTER_TO_A_MEMBER", "leads to a member of the class Item, which has changed: set it to "
                            "nullptr in hotrun_unload"},
    {"POINTER_TO_A_MEMBER_FUNCTION", "leads to a member of the class Shape, which has changed"},
    {"MEMBER_OF_A_DECLARED_CLASS", "leads to a member of the class Shape, which may have changed"},
    {"PACKED_POINTER_TO_CODE", "lies at no multiple of 8 bytes"},
    {"OTHER_UNIT", "counts in another unit"},
    {"OTHER_COMPLEX", "can't become"},
    {"HEAP_TOO_SMALL", "the heap has no 100000000 bytes left for 1 object"},
};

class RefusedLayout : public FaultTest, public testing::WithParamInterface<RefusedChange> {
  protected:
    static std::string version(int number) {
        return compiled("refused_module.cpp", {std::string("-D") + GetParam().macro,
                                               "-DVERSION=" + std::to_string(number)});
    }
};

TEST_P(RefusedLayout, TheOldCodeGoesOnAndTheNextSaveIsTaken) {
    run.put_bytes(version(1));
    run.start();
    run.wait_until_ready();
    run.put_bytes(version(2));
    const boost::json::object *event = run.expect_outcome("rejected");
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->at("reason").as_string(), "layout_refused");
    EXPECT_EQ(event->at("generation").to_number<int>(), 1);
    EXPECT_NE(event->at("detail").as_string().find(GetParam().sentence), std::string::npos)
        << event->at("detail");
    EXPECT_TRUE(run.hotrun().wait_for("<version 1 from step "));
    run.put_bytes(version(3));
    event = run.expect_outcome("reloaded");
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->at("state").as_string(), "kept");
    EXPECT_EQ(event->at("generation").to_number<int>(), 2) << "what is rejected has no number";
    EXPECT_TRUE(run.hotrun().wait_for("<version 3 from step "));
    run.expect_clean_end(SIGTERM, 0);
}

class FreshLayout : public RefusedLayout {};

TEST_P(FreshLayout, IsTakenIfThatIsAskedFor) {
    run.put_bytes(version(1));
    run.start({"--on-refuse", "fresh"});
    run.wait_until_ready();
    run.put_bytes(version(2));
    const boost::json::object *event = run.expect_outcome("reloaded");
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->at("state").as_string(), "fresh");
    EXPECT_NE(event->at("detail").as_string().find(GetParam().sentence), std::string::npos);
    run.expect_clean_end(SIGTERM, 0);
}

const auto kMacroOf = [](const auto &info) { return std::string(info.param.macro); };
INSTANTIATE_TEST_SUITE_P(Layout, RefusedLayout, testing::ValuesIn(kRefused), kMacroOf);
// One that is seen at once, one that a value decides, and one that fails half way.
INSTANTIATE_TEST_SUITE_P(Layout, FreshLayout,
                         testing::Values(kRefused[0], kRefused[1],
                                         kRefused[std::size(kRefused) - 1]),
                         kMacroOf);

} // namespace
} // namespace hotrun::e2e
