#include "core/host_thread_loader.hpp"

#include "support/fake_library_loader.hpp"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>

namespace hotrun {
namespace {

using LoadResult = Result<std::unique_ptr<Library>>;

// The test's own thread is the host's.
class HostThreadLoaderTest : public testing::Test {
  protected:
    // Loads on another thread.
    std::thread load_elsewhere(std::optional<LoadResult> &result) {
        return std::thread([this, &result] {
            result = loader.load("/b/libgame_live.so", {"/b/libgame.so", {}});
        });
    }

    FakeLibraryLoader inner;
    std::counting_semaphore<> woken{0};
    HostThreadLoader loader{inner, [this] { woken.release(); }};
};

// Where the loading is done.
class ThreadNotingLoader final : public LibraryLoader {
  public:
    LoadResult load(const std::string & /*path*/, const Origin &origin) override {
        loaded_by = std::this_thread::get_id();
        last_origin = origin;
        return Error{ErrorKind::kFailed, "undefined symbol: fly", 0};
    }
    bool is_mapped(const std::string & /*path*/) const override { return true; }
    bool host_has_symbol(const char * /*name*/) const override { return true; }
    std::uint64_t exit_hook() const override { return 0; }
    GetProc get_proc() const override { return nullptr; }

    std::thread::id loaded_by;
    Origin last_origin;
};

TEST_F(HostThreadLoaderTest, LoadWaitsUntilTheHostServes) {
    std::optional<LoadResult> result;
    std::thread runner = load_elsewhere(result);
    woken.acquire();
    loader.serve();
    runner.join();
    ASSERT_TRUE(result && *result);
    EXPECT_EQ(inner.loaded, std::vector<std::string>{"/b/libgame_live.so"});
}

TEST_F(HostThreadLoaderTest, LoadsOnTheHostsThreadAndPassesTheErrorOn) {
    ThreadNotingLoader noting;
    HostThreadLoader own(noting, [this] { woken.release(); });
    std::optional<LoadResult> result;
    std::thread runner([&] { result = own.load("/b/libgame_live.so", {"/b/libgame.so", {}}); });
    woken.acquire();
    own.serve();
    runner.join();
    EXPECT_EQ(noting.loaded_by, std::this_thread::get_id());
    EXPECT_EQ(noting.last_origin.library, "/b/libgame.so");
    ASSERT_TRUE(result);
    ASSERT_FALSE(*result);
    EXPECT_EQ(result->error().message, "undefined symbol: fly");
}

TEST_F(HostThreadLoaderTest, ServeWithoutAnOrderIsNothing) {
    loader.serve();
    EXPECT_TRUE(inner.loaded.empty());
    std::optional<LoadResult> result;
    std::thread runner = load_elsewhere(result);
    woken.acquire();
    loader.serve();
    loader.serve();
    runner.join();
    EXPECT_EQ(inner.loaded.size(), 1u);
}

TEST_F(HostThreadLoaderTest, CloseLetsWhoWaitsLoadByItself) {
    std::optional<LoadResult> result;
    std::thread runner = load_elsewhere(result);
    woken.acquire();
    loader.close();
    runner.join();
    ASSERT_TRUE(result && *result);
    EXPECT_TRUE(loader.load("/b/libmusic_live.so", {}));
    EXPECT_EQ(inner.loaded.size(), 2u);
    EXPECT_FALSE(woken.try_acquire()) << "nobody is woken any more";
}

TEST_F(HostThreadLoaderTest, QuestionsAreAnsweredByTheLoader) {
    inner.stays_mapped = {"/b/libgame.so"};
    inner.host_symbols = {"__asan_init"};
    EXPECT_TRUE(loader.is_mapped("/b/libgame.so"));
    EXPECT_FALSE(loader.is_mapped("/b/libmusic.so"));
    EXPECT_TRUE(loader.host_has_symbol("__asan_init"));
    EXPECT_EQ(loader.get_proc(), inner.get_proc());
}

} // namespace
} // namespace hotrun
