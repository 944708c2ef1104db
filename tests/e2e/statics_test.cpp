// Static variables, which keep their values while the code around them is exchanged.
#include "e2e/compiled_module.hpp"
#include "e2e/fault_test.hpp"

#include <csignal>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun::e2e {
namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + 1))
        ++count;
    return count;
}

class Statics : public FaultTest {
  protected:
    static std::string version(int number, const std::string &flag = "-O0") {
        return compiled("statics_module.cpp",
                        {flag, "-DVERSION=" + std::to_string(number)});
    }
    static std::string text(const std::string &source) { return compiled(source, {"-O0"}); }
    const boost::json::object *reload(const std::string &library) {
        run.put_bytes(library);
        return run.expect_outcome("reloaded");
    }
    void expect_held(const std::string &line) { EXPECT_TRUE(run.hotrun().wait_for(line)); }
};

// Each object is destroyed once, also where new code has failed with it.
TEST_F(Statics, AreCarriedThereAndBack) {
    const std::string versions[] = {version(1), version(2)};
    run.put_bytes(versions[0]);
    run.start();
    run.wait_until_ready();
    const auto expect_kept = [&](int number, const std::string &said) {
        const boost::json::object *event = reload(versions[number - 1]);
        ASSERT_NE(event, nullptr);
        EXPECT_EQ(event->at("state").as_string(), "migrated");
        EXPECT_EQ(std::string(event->at("detail").as_string()),
                  "1 static variable migrated; (anonymous namespace)::touched keeps its value, "
                  "though its initialiser has "
                  "changed");
        expect_held(said);
    };
    expect_kept(2, "<version 2: 33 of 33 hold>");
    run.put_bytes(version(3, "-DFAILS"));
    EXPECT_NE(run.expect_outcome("rolled_back"), nullptr);
    expect_held("<version 2: 32 of 33 hold>"); // what starts afresh does so with new code only
    expect_kept(1, "<version 1: 32 of 32 hold>");
    expect_kept(2, "<version 2: 33 of 33 hold>");
    run.expect_clean_end(SIGTERM, 0);
    const std::string &output = run.hotrun().child().output();
    EXPECT_EQ(count_of(output, "<made>"), 7U);
    EXPECT_EQ(count_of(output, "<destroyed"), 7U) << output;
}

constexpr const char *kCounting = R"(#include "hotrun/module.h"
#include <cstdio>
static int count = 0;
extern "C" void hotrun_step(hotrun_context *context) {
    std::printf("<generation %d counts %d>\n", static_cast<int>(context->generation), ++count);
}
extern "C" void hotrun_unload(hotrun_context *) {
    count = 1000;
}
)";

TEST_F(Statics, StartAfreshIfThatIsAskedFor) {
    run.put_bytes(text(kCounting));
    run.start({"--no-statics"});
    run.wait_until_ready();
    EXPECT_NE(reload(text(std::string(kCounting) + "int added = 1;\n")), nullptr);
    expect_held("<generation 2 counts 1>");
    run.expect_clean_end(SIGTERM, 0);
}

std::string with_vector(const std::string &member, const std::string &mark) {
    return R"(#include "hotrun/module.h"
#include <cstdio>
#include <vector>
struct Enemy {
    )" + member +
           R"(
    int health = 5;
};
static )" + mark +
           R"( std::vector<Enemy> enemies;
extern "C" void hotrun_step(hotrun_context *context) {
    if (enemies.empty())
        enemies.resize(3);
    std::printf("<generation %d: %d>\n", static_cast<int>(context->generation), enemies[2].health);
}
)";
}

TEST_F(Statics, WhatHasChangedOutsideTheHeapIsRefused) {
    run.put_bytes(text(with_vector("", "")));
    run.start();
    run.wait_until_ready();
    run.put_bytes(text(with_vector("int added = 1;", "")));
    const boost::json::object *event = run.expect_outcome("rejected");
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(
        std::string(event->at("detail").as_string()),
        "the static variable enemies can't be carried over: a pointer in a "
        "std::vector<Enemy, std::allocator<Enemy> > leads to a Enemy outside the permanent heap, "
        "and that type has changed: make it in the heap, or clear the pointer in "
        "hotrun_unload, or mark it HOTRUN_RESET");
    expect_held("<generation 1: 5>");
    EXPECT_NE(reload(text(with_vector("int added = 1;", "HOTRUN_RESET"))), nullptr);
    expect_held("<generation 2: 5>");
    run.expect_clean_end(SIGTERM, 0);
}

} // namespace
} // namespace hotrun::e2e
