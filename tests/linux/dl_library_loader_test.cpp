#include "linux/dl_library_loader.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

class DlLibraryLoaderTest : public testing::Test {
  protected:
    // A copy of a fixture of which nothing is loaded yet.
    std::string copy(const std::string &fixture, const std::string &name) const {
        const auto beside = std::filesystem::canonical("/proc/self/exe").parent_path();
        std::filesystem::copy_file(beside / (fixture + ".so"), folder_ / name);
        return folder_ / name;
    }

    std::unique_ptr<Library> load(const std::string &path) {
        auto library = loader_.load(path, {});
        EXPECT_TRUE(library) << library.error().message;
        return library ? std::move(*library) : nullptr;
    }

    static int next(const Library &library) {
        return reinterpret_cast<int (*)()>(library.symbol("fixture_next"))();
    }

    TemporaryFolder folder_;
    DlLibraryLoader loader_;
};

TEST_F(DlLibraryLoaderTest, FindsTheSymbolsOfALibrary) {
    const auto library = load(copy("fixture_counter", "a.so"));
    ASSERT_TRUE(library);
    EXPECT_NE(library->handle(), nullptr);
    ASSERT_NE(library->symbol("fixture_next"), nullptr);
    EXPECT_EQ(library->symbol("fixture_absent"), nullptr);
    EXPECT_EQ(next(*library), 1);
    EXPECT_EQ(next(*library), 2);
}

TEST_F(DlLibraryLoaderTest, TheSymbolsOfWhatALibraryNeedsAreNotItsOwn) {
    const auto library = load("libm.so.6"); // needs the C library
    ASSERT_TRUE(library);
    EXPECT_NE(library->symbol("cos"), nullptr);
    EXPECT_NE(loader_.get_proc()(library->handle(), "malloc"), nullptr);
    EXPECT_EQ(library->symbol("malloc"), nullptr);
}

TEST_F(DlLibraryLoaderTest, GetProcFindsTheSameByTheHandle) {
    const auto library = load(copy("fixture_counter", "a.so"));
    ASSERT_TRUE(library);
    const LibraryLoader::GetProc get_proc = loader_.get_proc();
    EXPECT_EQ(get_proc(library->handle(), "fixture_next"), library->symbol("fixture_next"));
    EXPECT_EQ(get_proc(library->handle(), "fixture_absent"), nullptr);
}

TEST_F(DlLibraryLoaderTest, KeepsTwoCopiesApart) {
    const auto first = load(copy("fixture_counter", "a.so"));
    const auto second = load(copy("fixture_counter", "b.so"));
    ASSERT_TRUE(first && second);
    EXPECT_NE(first->symbol("fixture_next"), second->symbol("fixture_next"));
    EXPECT_NE(first->symbol("fixture_count"), second->symbol("fixture_count"));
    EXPECT_EQ(next(*first), 1);
    EXPECT_EQ(next(*first), 2);
    EXPECT_EQ(next(*second), 1) << "the second copy is bound to the first";
}

TEST_F(DlLibraryLoaderTest, NamesTheUndefinedSymbol) {
    const auto library = loader_.load(copy("fixture_undefined", "a.so"), {});
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().kind, ErrorKind::kFailed);
    EXPECT_NE(library.error().message.find("fixture_that_nobody_defines"), std::string::npos)
        << library.error().message;
    EXPECT_FALSE(loader_.is_mapped(folder_ / "a.so"));
}

TEST_F(DlLibraryLoaderTest, NamesTheFileThatIsNoLibrary) {
    const std::string text = folder_.write("text.so", "no library at all");
    for (const std::string &path : {text, folder_ / "absent.so"}) {
        const auto library = loader_.load(path, {});
        ASSERT_FALSE(library);
        EXPECT_NE(library.error().message.find(path), std::string::npos) << library.error().message;
    }
}

TEST_F(DlLibraryLoaderTest, ALibraryLeavesWhenItIsClosed) {
    const std::string path = copy("fixture_counter", "a.so");
    EXPECT_FALSE(loader_.is_mapped(path));
    auto library = load(path);
    EXPECT_TRUE(loader_.is_mapped(path));
    library.reset();
    EXPECT_FALSE(loader_.is_mapped(path));
}

TEST_F(DlLibraryLoaderTest, ALibraryWhoseFileIsGoneIsStillMapped) {
    const std::string path = copy("fixture_counter", "a.so");
    auto library = load(path);
    std::filesystem::remove(path);
    EXPECT_TRUE(loader_.is_mapped(path));
    library.reset();
    EXPECT_FALSE(loader_.is_mapped(path));
}

TEST_F(DlLibraryLoaderTest, ALibraryWithAUniqueSymbolStays) {
#ifdef __clang__
    GTEST_SKIP() << "clang makes no unique symbols";
#endif
    const std::string path = copy("fixture_unique", "a.so");
    auto library = load(path);
    ASSERT_TRUE(library);
    EXPECT_EQ(next(*library), 1);
    library.reset();
    EXPECT_TRUE(loader_.is_mapped(path));
}

TEST_F(DlLibraryLoaderTest, TheHostHasItsOwnSymbolsAndNotThoseOfALibrary) {
    const auto library = load(copy("fixture_counter", "a.so"));
    EXPECT_TRUE(loader_.host_has_symbol("malloc"));
    EXPECT_FALSE(loader_.host_has_symbol("fixture_that_nobody_defines"));
    EXPECT_FALSE(loader_.host_has_symbol("fixture_next"));
}

} // namespace
} // namespace hotrun
