// Rebinding between two libraries as compilers and linkers really make them.
#include "core/rebind.hpp"

#include "core/pointer_scan.hpp"
#include "linux/linux_file_system.hpp"

#include "fixtures/rebind_words.hpp"

#include <gtest/gtest.h>

#include <dlfcn.h>
#include <filesystem>
#include <link.h>
#include <set>

namespace hotrun {
namespace {

// A fixture that is loaded, and what it tells of itself.
class LoadedFixture {
  public:
    explicit LoadedFixture(const std::string &name) {
        const auto beside = std::filesystem::canonical("/proc/self/exe").parent_path();
        const std::string path = beside / (name + ".so");
        auto file = LinuxFileSystem().open(path);
        EXPECT_TRUE(file) << file.error().message;
        file_ = std::move(*file);
        table = SymbolTable::read(*file_);
        handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        EXPECT_NE(handle_, nullptr) << dlerror();
        link_map *map = nullptr;
        dlinfo(handle_, RTLD_DI_LINKMAP, &map);
        bias = map->l_addr;
        using Tell = void (*)(RebindWords *);
        reinterpret_cast<Tell>(dlsym(handle_, "rebind_fixture_words"))(&words);
    }
    ~LoadedFixture() { dlclose(handle_); }
    LoadedFixture(const LoadedFixture &) = delete;
    LoadedFixture &operator=(const LoadedFixture &) = delete;

    AddressRange range() const {
        return {table.address_range().begin + bias, table.address_range().end + bias};
    }

    SymbolTable table;
    std::uint64_t bias = 0;
    RebindWords words;

  private:
    std::unique_ptr<File> file_;
    void *handle_ = nullptr;
};

class RebindLibrariesTest : public testing::Test {
  protected:
    LoadedFixture old_{"fixture_rebind_old"};
    LoadedFixture new_{"fixture_rebind_new"};
    Rebinder rebinder_{old_.table, old_.bias, new_.table, new_.bias};
};

// Those are not the same any more, or nobody can be sure that they are.
const std::set<std::string> kRefused = {
    "descriptor of a grown type", "function that is gone", "lambda with a new one before",
    "literal that is edited",     "variable that grows",   "second part of a grown vtable",
};

TEST_F(RebindLibrariesTest, PointersLeadToTheSameThingsInTheNewLibrary) {
    ASSERT_GT(old_.words.size(), kRefused.size() + 10);
    for (const auto &[name, word] : old_.words) {
        SCOPED_TRACE(name + ": " + rebinder_.describe(word));
        EXPECT_TRUE(old_.range().contains(word));
        const auto rebound = rebinder_.rebind(word);
        EXPECT_EQ(rebound.has_value(), !kRefused.contains(name));
        if (!rebound)
            continue;
        ASSERT_TRUE(new_.words.contains(name));
        EXPECT_EQ(*rebound, new_.words.at(name)) << std::hex << *rebound - new_.bias;
        EXPECT_TRUE(new_.range().contains(*rebound));
    }
}

TEST_F(RebindLibrariesTest, ScanFindsThemInMemory) {
    std::vector<std::uint64_t> memory;
    for (const auto &[name, word] : old_.words) {
        memory.push_back(word);
        memory.push_back(memory.size());
    }
    for (const auto &[name, word] : new_.words)
        memory.push_back(word);
    std::vector<std::size_t> offsets;
    find_words(std::as_bytes(std::span(memory)), old_.range(), offsets);
    ASSERT_EQ(offsets.size(), old_.words.size());
    for (std::size_t i = 0; i < offsets.size(); ++i)
        EXPECT_EQ(offsets[i], i * 16);
}

TEST_F(RebindLibrariesTest, SaysWhatIsPointedTo) {
    const auto described = [this](const char *name) {
        return rebinder_.describe(old_.words.at(name));
    };
    EXPECT_EQ(described("function that is gone"), "function game::on_gone()");
    EXPECT_EQ(described("second part of a grown vtable"), "vtable for game::Boss");
    EXPECT_EQ(described("variable that grows"), "variable `game::levels`+4");
    EXPECT_EQ(described("literal that is edited"), "a string \"an edited literal\"");
    EXPECT_EQ(described("descriptor of a grown type"), "the descriptor of type game::Shot");
}

} // namespace
} // namespace hotrun
