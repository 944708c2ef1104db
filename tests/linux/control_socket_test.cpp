#include "linux/control_socket.hpp"

#include "control/socket_path.hpp"
#include "linux/forked_child.hpp"
#include "linux/waiting.hpp"
#include "support/fake_controlled_run.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace hotrun {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStatus = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n";
constexpr std::string_view kBuild = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"build\"}\n";
constexpr std::string_view kSubscribe = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\"}\n";

// A client that never waits.
class TestClient {
  public:
    explicit TestClient(const std::string &path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(static_cast<char *>(address.sun_path), sizeof address.sun_path - 1);
        connected_ =
            ::connect(fd_.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    }

    bool connected() const { return connected_; }
    int descriptor() const { return fd_.get(); }

    // How many bytes went out.
    std::size_t write(std::string_view bytes) const {
        const ssize_t sent =
            ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }
    void close_own_side() const { ::shutdown(fd_.get(), SHUT_WR); }

    // What has come by now.
    const std::string &read() {
        std::array<char, 65536> bytes;
        ssize_t got = 0;
        while ((got = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT)) > 0)
            text_.append(bytes.data(), static_cast<std::size_t>(got));
        ended_ |= got == 0 || (errno != EAGAIN && errno != EINTR);
        return text_;
    }
    std::size_t line_count() {
        read();
        for (std::size_t end = 0; (end = text_.find('\n', counted_to_)) != std::string::npos;
             counted_to_ = end + 1)
            ++line_count_;
        return line_count_;
    }
    bool ended() {
        read();
        return ended_;
    }

  private:
    UniqueFd fd_;
    bool connected_ = false;
    bool ended_ = false;
    std::string text_;
    std::size_t line_count_ = 0;
    std::size_t counted_to_ = 0;
};

class ControlSocketTest : public testing::Test {
  protected:
    ControlSocketTest() {
        ::setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
        open();
    }
    ~ControlSocketTest() override { ::unsetenv("XDG_RUNTIME_DIR"); }

    void open() {
        auto made = ControlSocket::create(loop.io(), "/p/build");
        ASSERT_TRUE(made) << made.error().message;
        socket = std::move(*made);
        socket->serve(server);
    }
    ::testing::AssertionResult reached(const std::function<bool()> &done) {
        return run_until(loop, done)
                   ? ::testing::AssertionSuccess()
                   : ::testing::AssertionFailure() << socket->client_count() << " clients are left";
    }
    bool answered(TestClient &client, std::size_t count = 1) {
        return run_until(loop, [&] { return client.line_count() >= count; });
    }
    void tell(std::uint64_t seq, std::size_t bytes) {
        server.event(Event{seq, Microseconds(1), WarningEvent{"c", std::string(bytes, 'x')}});
    }

    TemporaryFolder folder;
    AsioEventLoop loop;
    FakeControlledRun run;
    ControlServer server{run, {[] {}, [](const std::function<void()> &work) { work(); }}};
    std::unique_ptr<ControlSocket> socket;
};

TEST_F(ControlSocketTest, IsForTheUserAloneAndGoesWithTheRun) {
    EXPECT_TRUE(socket->path().starts_with(folder.path() + "/hotrun/"));
    EXPECT_EQ(fs::status(folder.path() + "/hotrun").permissions(), fs::perms::owner_all);
    EXPECT_EQ(fs::status(socket->path()).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    const std::string path = socket->path();
    TestClient client(path);
    client.write(kStatus);
    EXPECT_TRUE(answered(client));
    socket->close();
    EXPECT_FALSE(fs::exists(path));
    EXPECT_TRUE(client.ended());
    EXPECT_FALSE(TestClient(path).connected());
}

TEST_F(ControlSocketTest, ItsDescriptorsAreNotInherited) {
    const TestClient client(socket->path());
    ASSERT_TRUE(reached([&] { return socket->client_count() == 1; }));
    for (const fs::directory_entry &entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        if (fs::read_symlink(entry, gone).string().starts_with("socket:")) {
            const int flags = ::fcntl(std::stoi(entry.path().filename()), F_GETFD);
            EXPECT_NE(flags & FD_CLOEXEC, 0) << entry.path();
        }
    }
}

TEST_F(ControlSocketTest, AHundredClientsAreAnsweredAtOnce) {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<TestClient>(socket->path()));
        ASSERT_TRUE(clients.back()->connected()) << i;
        clients.back()->write(kBuild);
    }
    ASSERT_TRUE(reached([&] { return run.waiting.size() == 100; }));
    while (!run.waiting.empty())
        run.answer({});
    for (const auto &client : clients)
        EXPECT_TRUE(answered(*client));
    clients.clear();
    EXPECT_TRUE(reached([&] { return socket->client_count() == 0; }));
}

TEST_F(ControlSocketTest, MoreClientsThanItTakesAreClosed) {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (std::size_t i = 0; i < ControlSocket::kMostClients; ++i) {
        clients.push_back(std::make_unique<TestClient>(socket->path()));
        clients.back()->write(kStatus);
        ASSERT_TRUE(answered(*clients.back())) << i;
    }
    TestClient one_more(socket->path());
    EXPECT_TRUE(reached([&] { return one_more.ended(); }));
    clients.pop_back();
    ASSERT_TRUE(reached([&] { return socket->client_count() < ControlSocket::kMostClients; }));
    TestClient next(socket->path());
    next.write(kStatus);
    EXPECT_TRUE(answered(next));
}

// What it has not read is kept up to a limit, and nobody waits for it.
TEST_F(ControlSocketTest, AClientThatDoesNotReadIsDroppedAndOthersAreTold) {
    TestClient deaf(socket->path());
    TestClient other(socket->path());
    deaf.write(kSubscribe);
    other.write(kSubscribe);
    ASSERT_TRUE(answered(other));
    ASSERT_TRUE(reached([&] { return socket->client_count() == 2; }));
    constexpr std::size_t kLine = std::size_t{1} << 20;
    constexpr std::size_t kEnough = ControlSocket::kMostUnreadBytes / kLine + 3;
    for (std::size_t seq = 1; seq <= kEnough; ++seq) {
        tell(seq, kLine);
        ASSERT_TRUE(answered(other, seq + 1));
    }
    EXPECT_TRUE(reached([&] { return socket->client_count() == 1; }));
    EXPECT_TRUE(deaf.ended());
    EXPECT_LT(deaf.read().size(), kEnough * kLine);
}

TEST_F(ControlSocketTest, AnAnswerLongerThanTheKernelTakesIsSentInPieces) {
    TestClient client(socket->path());
    client.write(kBuild);
    ASSERT_TRUE(reached([&] { return run.waiting.size() == 1; }));
    run.answer({OutcomeStatus::kFailed, std::string(1'000'000, 'x'), {}, {}});
    EXPECT_TRUE(answered(client));
    EXPECT_GT(client.read().size(), 1'000'000u);
}

TEST_F(ControlSocketTest, AClientThatHasGoneIsForgotten) {
    {
        const TestClient client(socket->path());
        client.write(kBuild);
        ASSERT_TRUE(reached([&] { return run.waiting.size() == 1; }));
    }
    run.answer({});
    EXPECT_TRUE(reached([&] { return socket->client_count() == 0; }));
    {
        const TestClient subscriber(socket->path());
        subscriber.write(kSubscribe);
        ASSERT_TRUE(reached([&] { return socket->client_count() == 1; }));
    }
    EXPECT_TRUE(reached([&, seq = 0]() mutable {
        tell(static_cast<std::uint64_t>(++seq), 10);
        return socket->client_count() == 0;
    }));
}

TEST_F(ControlSocketTest, AClientThatHasSaidAllStillGetsItsAnswers) {
    TestClient client(socket->path());
    client.write(kBuild);
    client.close_own_side();
    ASSERT_TRUE(reached([&] { return run.waiting.size() == 1; }));
    run.answer({});
    EXPECT_TRUE(answered(client));
    EXPECT_TRUE(reached([&] { return client.ended(); }));
    EXPECT_EQ(socket->client_count(), 0u);
}

TEST_F(ControlSocketTest, ALineThatIsTooLongIsAnsweredAndEndsTheConnection) {
    TestClient client(socket->path());
    const std::string bytes(std::size_t{64} << 10, '{');
    std::size_t sent = 0;
    EXPECT_TRUE(reached([&] {
        sent += client.write(bytes);
        return client.ended();
    }));
    EXPECT_GE(sent, ControlServer::kMostLineBytes);
    EXPECT_NE(client.read().find("-32600"), std::string::npos);
}

TEST_F(ControlSocketTest, TakesThePlaceOfOneThatADeadRunHasLeft) {
    const std::string path = socket->path();
    ForkedChild dead([this] {
        socket.reset();
        const auto made = ControlSocket::create(loop.io(), "/p/build");
        ::raise(made ? SIGKILL : SIGTERM);
        return 0;
    });
    const std::optional<int> status = dead.wait();
    ASSERT_TRUE(status && WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL);
    socket.reset();
    dead.end_now();
    ASSERT_TRUE(fs::exists(path)) << "the child has left it";
    open();
    EXPECT_EQ(socket->path(), path);
    TestClient client(path);
    client.write(kStatus);
    EXPECT_TRUE(answered(client));
}

TEST_F(ControlSocketTest, LeavesOneAloneThatSomebodyListensAt) {
    ::unsetenv("TMPDIR"); // which would be a further place
    const std::string path = socket->path();
    const auto second = ControlSocket::create(loop.io(), "/p/build");
    ASSERT_TRUE(second) << "it lies below the temporary folder";
    EXPECT_NE((*second)->path(), path);
    EXPECT_TRUE(TestClient(path).connected());
    const auto third = ControlSocket::create(loop.io(), "/p/build");
    ASSERT_FALSE(third) << "there is no third place";
    EXPECT_EQ(third.error().message, "another program listens at " + (*second)->path() +
                                         "; end it to have a control socket");
}

TEST_F(ControlSocketTest, DoesNotRemoveTheSocketOfAnother) {
    const std::string path = socket->path();
    ASSERT_TRUE(fs::remove(path));
    const auto next = ControlSocket::create(loop.io(), "/p/build");
    ASSERT_TRUE(next);
    ASSERT_EQ((*next)->path(), path);
    socket.reset();
    EXPECT_TRUE(TestClient(path).connected());
}

TEST_F(ControlSocketTest, AFolderThatOthersMayWriteIsNotTaken) {
    ::setenv("TMPDIR", folder.path().c_str(), 1);
    fs::permissions(folder.path() + "/hotrun", fs::perms::all);
    const auto made = ControlSocket::create(loop.io(), "/p/other");
    ASSERT_TRUE(made);
    EXPECT_TRUE((*made)->path().starts_with(folder.path() + "/hotrun-")) << (*made)->path();
    ::unsetenv("TMPDIR");
    fs::permissions(folder.path() + "/hotrun", fs::perms::owner_all);
}

// The modes keep others out already; here they let everybody in.
TEST_F(ControlSocketTest, AnotherUserIsRefused) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can become another user";
    constexpr uid_t kNobody = 65534;
    for (const std::string &path : {folder.path(), folder.path() + "/hotrun", socket->path()})
        fs::permissions(path, fs::perms::all);
    ForkedChild other([this] {
        if (::setuid(kNobody) != 0)
            return 2;
        TestClient client(socket->path());
        if (!client.connected())
            return 3;
        client.write(kStatus);
        if (!wait_readable(client.descriptor()))
            return 4;
        return client.ended() && client.read().empty() ? 0 : 5;
    });
    bool ended = false;
    loop.await_end(other.pid(), [&] { ended = true; });
    EXPECT_TRUE(reached([&] { return ended; }));
    EXPECT_EQ(other.exit_status(), 0);
    TestClient own(socket->path());
    own.write(kStatus);
    EXPECT_TRUE(answered(own));
}

} // namespace
} // namespace hotrun
