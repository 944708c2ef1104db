// Calls after which nothing in the process can be trusted.
#include "linux/crash_guard.hpp"
#include "linux/guarded_library_loader.hpp"

#include "restarted_process.hpp"
#include "sanitizers.hpp"

namespace hotrun {
namespace {

std::string number(FailureRecord::Where where) {
    return std::to_string(static_cast<int>(where));
}

void expect_failure(const RestartedProcess &process, FailureRecord::Where where,
                    const std::string &reason, const std::string &signal) {
    EXPECT_EQ(process.status(), 0) << process.output();
    EXPECT_EQ(process.one("pid"), std::to_string(process.pid()));
    EXPECT_EQ(process.one("where"), number(where)) << process.output();
    EXPECT_EQ(process.one("reason"), reason);
    EXPECT_EQ(process.one("signal"), signal);
    EXPECT_EQ(process.all("blocked"), std::vector<std::string>()) << process.output();
}

bool has_frame_in(const RestartedProcess &process, const std::string &name) {
    const std::vector<std::string> frames = process.all("frame");
    return std::any_of(frames.begin(), frames.end(),
                       [&](const auto &file) { return file.find(name) != std::string::npos; });
}

TEST(CrashGuardRestart, ACrashBelowTheHostsOwnCode) {
    const RestartedProcess process("call", "below_other");
    expect_failure(process, FailureRecord::Where::kCall, "crash", "SIGSEGV 11");
    EXPECT_EQ(process.one("address"), "0");
    EXPECT_EQ(process.one("steps_lost"), "2");
    const std::vector<std::string> frames = process.all("frame");
    ASSERT_EQ(frames.size(), 4u) << process.output();
    EXPECT_TRUE(frames[0].ends_with("faults_live.1.1.so")) << process.output();
    EXPECT_FALSE(frames[1].ends_with("faults_live.1.1.so")) << process.output();
    EXPECT_TRUE(frames[3].ends_with("faults_live.1.1.so")) << process.output();
}

TEST(CrashGuardRestart, ACrashOnADestroyedStack) {
    if (kThreadSanitizer)
        GTEST_SKIP()
            << "ThreadSanitizer blocks all signals while one is handled, a second fault too";
    const RestartedProcess process("call", "destroyed_stack");
    expect_failure(process, FailureRecord::Where::kCall, "crash", "SIGSEGV 11");
    EXPECT_EQ(process.one("address"), "0");
}

TEST(CrashGuardRestart, ACrashInMalloc) {
    if (kSanitizer)
        GTEST_SKIP() << "a sanitizer's malloc does not fall for it";
    const RestartedProcess process("call", "in_malloc");
    expect_failure(process, FailureRecord::Where::kCall, "crash", "SIGSEGV 11");
    EXPECT_TRUE(has_frame_in(process, "/libc.so")) << process.output();
    EXPECT_TRUE(has_frame_in(process, "faults_live.1.1.so")) << process.output();
}

TEST(CrashGuardRestart, ACrashInTheDestructorOfTheExceptionThatWasCaught) {
    const RestartedProcess process("call", "throw_crashes_in_destructor");
    expect_failure(process, FailureRecord::Where::kCall, "crash", "SIGSEGV 11");
    EXPECT_TRUE(has_frame_in(process, "faults_live.1.1.so")) << process.output();
}

TEST(CrashGuardRestart, AHangOnADestroyedStack) {
    if (kThreadSanitizer)
        GTEST_SKIP() << "ThreadSanitizer holds signals back while code computes";
    const RestartedProcess process("interrupt", "hang_on_destroyed_stack");
    expect_failure(process, FailureRecord::Where::kCall, "timeout", " 0");
    EXPECT_EQ(process.one("exception"), "");
}

// The process ends as it would without us.
TEST(CrashGuardRestart, NoneIsTriedWithoutEnd) {
    const FolderOfChildren folder;
    ForkedChild child([] {
        dump_no_core();
        ::signal(SIGSEGV, SIG_DFL);
        GuardedFaults faults;
        faults.shared.call_back = [](Guard::Function called, hotrun_context *context) {
            called(context);
            ++context->step;
        };
        faults.restart().record().restarts_in_vain = 3;
        faults.call("below_other");
        return 1;
    });
    const std::optional<int> status = child.wait();
    ASSERT_TRUE(status);
    EXPECT_TRUE(WIFSIGNALED(*status) && WTERMSIG(*status) == SIGSEGV) << *status;
}

// A library that fails while it is loaded.

// Up to the function that may not throw, and only then: the frames of who has thrown are gone.
#ifdef __clang__
constexpr bool kUnwindsToTerminate = true;
#else
constexpr bool kUnwindsToTerminate = false;
#endif

class GuardedLibraryLoaderTest : public testing::TestWithParam<const char *> {
  protected:
    void SetUp() override {
        if (kThreadSanitizer && GetParam() == std::string("hang"))
            GTEST_SKIP() << "ThreadSanitizer holds signals back while code computes";
    }

    static void expect_constructor_failed(const RestartedProcess &process) {
        const std::string fault = GetParam();
        if (fault == "hang")
            expect_failure(process, FailureRecord::Where::kConstructor, "timeout", " 0");
        else if (fault == "abort" || fault == "throw")
            expect_failure(process, FailureRecord::Where::kConstructor, "abort", "SIGABRT 6");
        else
            expect_failure(process, FailureRecord::Where::kConstructor, "crash", "SIGSEGV 11");
        EXPECT_EQ(process.one("library"), "/a/library.so 77");
        EXPECT_EQ(process.one("exception"), fault == "throw" ? "St13runtime_error" : "");
        if (fault != "throw" || !kUnwindsToTerminate) {
            EXPECT_TRUE(has_frame_in(process, "fixture_constructor.so")) << process.output();
        }
    }
};

TEST_P(GuardedLibraryLoaderTest, AConstructorThatFailsOnTheHostsThread) {
    expect_constructor_failed(RestartedProcess("load", GetParam()));
}

// The host's thread is well, and has state to save.
TEST_P(GuardedLibraryLoaderTest, AConstructorThatFailsOnAnotherThreadAsksTheHost) {
    const RestartedProcess process("load-on-other-thread", GetParam());
    expect_constructor_failed(process);
    EXPECT_EQ(process.one("host_is_asked"), "true");
}

INSTANTIATE_TEST_SUITE_P(All, GuardedLibraryLoaderTest,
                         testing::Values("crash", "overflow", "abort", "throw", "hang"),
                         [](const auto &row) { return std::string(row.param); });

TEST(GuardedLibraryLoader, ADestructorThatFailsWhenALibraryIsClosed) {
    const RestartedProcess process("load", "crash-at-close");
    expect_failure(process, FailureRecord::Where::kDestructor, "crash", "SIGSEGV 11");
    EXPECT_EQ(process.one("library"), "/a/library.so 77");
    if (kThreadSanitizer)
        return; // it holds signals back while code computes
    const RestartedProcess hung("load", "hang-at-close");
    expect_failure(hung, FailureRecord::Where::kDestructor, "timeout", " 0");
}

TEST(GuardedLibraryLoader, ALibraryThatLoadsIsThere) {
    GuardedFaults faults;
    DlLibraryLoader loader;
    GuardedLibraryLoader guarded(loader, faults.restart(), std::chrono::milliseconds(0));
    auto library = guarded.load(beside_this_program("fixture_constructor.so"), {});
    ASSERT_TRUE(library);
    EXPECT_NE((*library)->handle(), nullptr);
    EXPECT_FALSE((*library)->writable_segments().empty());
    EXPECT_NE((*library)->place().begin, 0u);
    EXPECT_FALSE(guarded.load("/absent.so", {}));
    EXPECT_FALSE(faults.call("null_write")) << "the guard is not that of the call again";
    library->reset();
    EXPECT_FALSE(guarded.is_mapped(beside_this_program("fixture_constructor.so")));
}

} // namespace
} // namespace hotrun
