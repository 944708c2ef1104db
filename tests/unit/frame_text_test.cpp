#include "control/frame_text.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace hotrun {
namespace {

TEST(FrameText, SaysTheFunctionAndItsLine) {
    EXPECT_EQ(frame_text({0x10, "draw(int)", "/p/game.cpp", 12, "/p/libgame.so"}),
              "draw(int) at /p/game.cpp:12");
}

TEST(FrameText, SaysWhateverIsKnown) {
    EXPECT_EQ(frame_text({0x10, "memcpy", "", 0, "/lib/libc.so.6"}), "memcpy in /lib/libc.so.6");
    EXPECT_EQ(frame_text({0x10, "", "", 0, "/p/libgame.so"}), "0x10 in /p/libgame.so");
    EXPECT_EQ(frame_text({0x10, "", "/p/game.cpp", 12, ""}), "0x10 at /p/game.cpp:12");
    EXPECT_EQ(frame_text({0x10, "draw", "/p/game.cpp", 0, ""}), "draw at /p/game.cpp");
    EXPECT_EQ(frame_text({0x10, "draw", "", 0, ""}), "draw");
    EXPECT_EQ(frame_text({}), "0x0");
}

TEST(ToHex, IsAsCWritesIt) {
    EXPECT_EQ(to_hex(0), "0x0");
    EXPECT_EQ(to_hex(0x7ffd00ab), "0x7ffd00ab");
    EXPECT_EQ(to_hex(UINT64_MAX), "0xffffffffffffffff");
}

} // namespace
} // namespace hotrun
