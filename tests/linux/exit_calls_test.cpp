#include "linux/exit_calls.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

extern "C" void __cxa_finalize(void *owner);

namespace hotrun {
namespace {

using Objects = std::vector<void *>;

Objects called;

void note(void *object) {
    called.push_back(object);
}

// A library is where its handle is, and closed by that.
class ExitCallsTest : public testing::Test {
  protected:
    ExitCallsTest() { called.clear(); }
    ~ExitCallsTest() override { ::__cxa_finalize(&handle_); }

    void add(void *object) { EXPECT_EQ(register_exit_call(note, object, &handle_), 0); }
    std::vector<ExitCall *> all() const {
        const auto begin = reinterpret_cast<std::uintptr_t>(&handle_);
        return exit_calls_in({begin, begin + sizeof handle_});
    }
    void close() { ::__cxa_finalize(&handle_); }

    int handle_ = 0;
    int first_ = 0;
    int second_ = 0;
};

TEST_F(ExitCallsTest, AreMadeFromTheLastToTheFirst) {
    add(&first_);
    add(&second_);
    ASSERT_EQ(all().size(), 2U);
    EXPECT_EQ(all()[0]->object, &first_);
    close();
    EXPECT_EQ(called, (Objects{&second_, &first_}));
    EXPECT_TRUE(all().empty());
}

TEST_F(ExitCallsTest, OneThatIsOffIsNotMade) {
    add(&first_);
    add(&second_);
    all()[1]->is_off = true;
    close();
    EXPECT_EQ(called, Objects{&first_});
}

// As when its construction was undone with all else.
TEST_F(ExitCallsTest, AnObjectThatIsRegisteredAgainIsDestroyedOnce) {
    add(&first_);
    add(&first_);
    close();
    EXPECT_EQ(called, Objects{&first_});
}

TEST_F(ExitCallsTest, AFunctionWithoutAnObjectMayComeAgain) {
    add(nullptr);
    add(nullptr);
    close();
    EXPECT_EQ(called, (Objects{nullptr, nullptr}));
}

TEST_F(ExitCallsTest, ThoseOfAnotherLibraryAreNotFound) {
    add(&first_);
    const auto begin = reinterpret_cast<std::uintptr_t>(&first_);
    EXPECT_TRUE(exit_calls_in({begin, begin + sizeof first_}).empty());
}

} // namespace
} // namespace hotrun
