// Compilers that are called through another program.
#include "editors/save_test.hpp"

#include "support/temporary_folder.hpp"

#include <csignal>
#include <cstdlib>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hotrun::editors {
namespace {

// A variable of the environment, until the end of the test.
class Variable {
  public:
    Variable(const char *name, const char *value) : name_(name) { // null: it is not there
        if (const char *before = std::getenv(name))
            before_ = before;
        set(value);
    }
    Variable(const Variable &) = delete;
    Variable &operator=(const Variable &) = delete;
    ~Variable() { set(before_ ? before_->c_str() : nullptr); }

  private:
    void set(const char *value) const {
        if (value != nullptr)
            ::setenv(name_, value, 1);
        else
            ::unsetenv(name_);
    }

    const char *name_;
    std::optional<std::string> before_;
};

void save(ValuesProject &project, const std::string &file) {
    project.files().write(file, ValuesProject::content(file, project.value(file)));
}

long cache_hits() {
    e2e::Child ccache({"ccache", "--print-stats"}, "/", e2e::Child::Streams::kPipe);
    EXPECT_EQ(ccache.wait_for_exit(), 0);
    long hits = 0;
    std::istringstream lines(ccache.output());
    long count = 0;
    for (std::string name; lines >> name >> count;)
        hits += name == "direct_cache_hit" || name == "preprocessed_cache_hit" ? count : 0;
    return hits;
}

TEST(CompilerWrapper, CcacheGivesBackWhatWasCompiledBefore) {
    if (!e2e::program_exists("ccache"))
        GTEST_SKIP() << "ccache is not installed";
    const TemporaryFolder folder;
    const Variable enabled("CCACHE_DISABLE", nullptr);
    const Variable cache("CCACHE_DIR", folder.path().c_str());
    ValuesProject project("ccache gcc");
    e2e::HotrunProcess hotrun(kArguments, project.path());
    hotrun.wait_until_ready();
    for (const std::string &file : {kFiles[0], kFiles[1]}) {
        const std::map<std::string, int> before = project.values();
        project.new_value(file);
        save(project, file);
        ASSERT_TRUE(hotrun.wait_for(project.line()));
        const long hits = cache_hits();
        project.set_values(before);
        save(project, file);
        ASSERT_TRUE(hotrun.wait_for(project.line()));
        EXPECT_EQ(cache_hits(), hits + 1) << "after " << file << " was saved as it was before";
    }
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    expect_that_steps_go_on(hotrun.child().output());
}

std::string free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr *>(&address), length), 0);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length), 0);
    ::close(fd);
    return std::to_string(ntohs(address.sin_port));
}

std::size_t count_of(const std::string &part, const std::string &text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
        ++count;
    return count;
}

TEST(CompilerWrapper, DistccCompilesElsewhere) {
    if (!e2e::program_exists("distcc") || !e2e::program_exists("distccd"))
        GTEST_SKIP() << "distcc is not installed";
    const TemporaryFolder folder;
    const std::string port = free_port();
    // In a session of its own: it ends its whole process group. A daemon that root starts becomes
    // another user, who may write only where everybody may.
    e2e::Child daemon({"env", "TMPDIR=/tmp", "setsid", "distccd", "--daemon", "--no-detach",
                       "--listen", "127.0.0.1", "--port", port, "--allow", "127.0.0.1", "--jobs",
                       "2", "--log-stderr", "--log-level", "info"},
                      "/", e2e::Child::Streams::kPipe);
    ASSERT_TRUE(daemon.wait_for("daemon started"));
    ValuesProject project("distcc gcc"); // set up without the daemon
    const Variable hosts("DISTCC_HOSTS", ("127.0.0.1:" + port).c_str());
    const Variable no_fallback("DISTCC_FALLBACK", "0");
    const Variable state("DISTCC_DIR", folder.path().c_str());
    e2e::HotrunProcess hotrun(kArguments, project.path());
    hotrun.wait_until_ready();
    std::size_t compiled = 1;
    for (const std::string &file : kFiles) {
        project.new_value(file);
        save(project, file);
        ASSERT_TRUE(hotrun.wait_for(project.line()));
        ++compiled;
        daemon.wait_until([&] { return count_of("COMPILE_OK", daemon.output()) >= compiled; },
                          "what the daemon has compiled");
    }
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    expect_that_steps_go_on(hotrun.child().output());
    daemon.signal(SIGTERM);
    daemon.wait_for_exit();
}

} // namespace
} // namespace hotrun::editors
