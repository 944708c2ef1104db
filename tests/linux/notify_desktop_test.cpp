#include "desktop_notices.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hotrun {
namespace {

class NotifyDesktop : public testing::Test {
  protected:
    NotifyDesktop() { ::setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere", 1); }
    ~NotifyDesktop() override {
        ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
        ::setenv("PATH", path_.c_str(), 1);
    }

    const std::string path_ = ::getenv("PATH");
    TemporaryFolder folder_;
};

TEST_F(NotifyDesktop, HandsTheWordsOverAsTheyAre) {
    constexpr int kPatienceMs = 30'000;
    const std::string fifo = folder_.path() + "/told";
    const std::string program = folder_.path() + "/notify-send";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const int told = ::open(fifo.c_str(), O_RDWR | O_CLOEXEC);
    std::ofstream(program) << "#!/bin/sh\nprintf '%s|' \"$@\" >'" << fifo << "'\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    ::setenv("PATH", (folder_.path() + ":" + path_).c_str(), 1);
    EXPECT_TRUE(notify_desktop("-a title", "$(text) \"quoted\""));
    const std::string expected = "-a|hotrun|--|-a title|$(text) \"quoted\"|";
    std::string text;
    pollfd waited = {told, POLLIN, 0};
    std::array<char, 256> bytes;
    while (text.size() < expected.size() && ::poll(&waited, 1, kPatienceMs) == 1)
        text.append(bytes.data(),
                    static_cast<std::size_t>(::read(told, bytes.data(), bytes.size())));
    EXPECT_EQ(text, expected);
    ::close(told);
}

TEST_F(NotifyDesktop, SaysWhenNobodyListens) {
    ::setenv("PATH", folder_.path().c_str(), 1);
    EXPECT_FALSE(notify_desktop("title", "text"));
    ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
    EXPECT_FALSE(notify_desktop("title", "text"));
}

} // namespace
} // namespace hotrun
