#include "control/socket_path.hpp"

#include "control/sha256.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

// FIPS 180-4's own examples, and lengths about that of a block (sha256sum).
TEST(Sha256, IsThatOfTheStandard) {
    EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256(std::string(55, 'a')),
              "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    EXPECT_EQ(sha256(std::string(64, 'a')),
              "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    EXPECT_EQ(sha256(std::string(1000, 'a')),
              "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
}

std::vector<std::string> paths(const SocketSurroundings &surroundings) {
    std::vector<std::string> found;
    for (const SocketPlace &place : socket_places("/p/build", surroundings)) {
        EXPECT_TRUE(place.path.starts_with(place.folder + "/"));
        found.push_back(place.path);
    }
    return found;
}

TEST(SocketPath, LiesInTheRuntimeFolderOrBelowTheTemporaryOne) {
    const std::string name = "/" + sha256("/p/build").substr(0, 16) + ".sock";
    using Paths = std::vector<std::string>;
    EXPECT_EQ(paths({"/run/user/7", "", 7}),
              (Paths{"/run/user/7/hotrun" + name, "/tmp/hotrun-7" + name}));
    EXPECT_EQ(paths({"", "/var/tmp", 7}),
              (Paths{"/var/tmp/hotrun-7" + name, "/tmp/hotrun-7" + name}));
    EXPECT_EQ(paths({"", "/tmp", 7}), Paths{"/tmp/hotrun-7" + name});
}

TEST(SocketPath, FitsIntoTheAddressOfASocket) {
    const std::string name = "/" + sha256("/p/build").substr(0, 16) + ".sock";
    const std::size_t room = 107 - name.size() - std::string("/hotrun").size();
    const std::string longest = "/" + std::string(room - 1, 'r');
    EXPECT_EQ(paths({longest, "", 7}).front().size(), 107u);
    EXPECT_EQ(paths({longest + "r", "", 7}).front(), "/tmp/hotrun-7" + name);
    EXPECT_EQ(paths({"relative", "relative", 7}).front(), "/tmp/hotrun-7" + name);
}

} // namespace
} // namespace hotrun
