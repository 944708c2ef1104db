#include "linux/mount_points.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Paths = std::set<std::string>;

TEST(MountPoints, AreTheFifthFields) {
    EXPECT_EQ(parse_mount_points("22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                                 "30 22 8:1 /a.cpp /home/a.cpp rw - ext4 /dev/sda1 rw\n"),
              (Paths{"/", "/home/a.cpp"}));
}

TEST(MountPoints, HaveTheirBlanksAndBackslashes) {
    EXPECT_EQ(parse_mount_points("1 1 8:1 / /a\\040b\\134c/\xc3\xa4\\9 rw - ext4 /dev/sda1 rw\n"),
              Paths{"/a b\\c/\xc3\xa4\\9"});
}

TEST(MountPoints, AreNoneWhereALineIsCutShort) {
    EXPECT_EQ(parse_mount_points(""), Paths{});
    EXPECT_EQ(parse_mount_points("22 1 8:1"), Paths{});
}

TEST(MountPoints, OfThisProcessHaveProc) {
    EXPECT_TRUE(mount_points().contains("/proc"));
    EXPECT_FALSE(mount_points().contains("/proc/self"));
}

} // namespace
} // namespace hotrun
