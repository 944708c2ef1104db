#include "core/code_recipe.hpp"

#include "support/fake_module.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

class CodeRecipeTest : public testing::Test {
  protected:
    LiveLibrary code(std::uint64_t number, const std::string &path) {
        LiveLibrary code = make_code(files, number);
        code.path = path;
        code.origin = {-5, number, 1ULL << 63, 9};
        return code;
    }
    static LiveLibrary::Shared shared(LiveLibrary code) {
        return std::make_shared<const LiveLibrary>(std::move(code));
    }
    static std::vector<CodeRecipe> round_trip(LiveLibrary code) {
        return parse_recipe(recipe_of(shared(std::move(code)))).value();
    }

    FakeClock clock;
    FakeFileSystem files{clock};
};

TEST_F(CodeRecipeTest, SaysAllThatLoadingNeeds) {
    LiveLibrary game = code(7, "/b/libgame.so");
    game.soname = "libgame.7";
    game.has_unique_symbols = true;
    game.is_module = false;
    game.needed_paths = {"/opt/libhelper.so", "/b/sub/libother.so"};
    const CodeRecipe expected = {.id = 7,
                                 .path = "/b/libgame.so",
                                 .copy = game.copy.path(),
                                 .soname = "libgame.7",
                                 .origin = game.origin,
                                 .has_unique_symbols = true,
                                 .is_module = false,
                                 .links = {},
                                 .needed_paths = game.needed_paths,
                                 .place = game.library->place()};
    EXPECT_EQ(round_trip(std::move(game)), std::vector{expected});
}

TEST_F(CodeRecipeTest, OddPathsPassThrough) {
    for (const std::string path : {"/b/a \"b\"\\c\n\t.so", "/b/\xff\xfe not UTF-8 \xc3.so",
                                   "/b/\u00fcn\u00ef.so", "", "/b/\x01\x7f.so"}) {
        LiveLibrary game = code(1, path);
        game.needed_paths = {path};
        const std::vector<CodeRecipe> recipes = round_trip(std::move(game));
        EXPECT_EQ(recipes.at(0).path, path);
        EXPECT_EQ(recipes.at(0).needed_paths, std::vector{path});
    }
}

TEST_F(CodeRecipeTest, LibrariesComeBeforeThoseThatLinkThemAndOnce) {
    const LiveLibrary::Shared deep = shared(code(1, "/b/libdeep.so"));
    LiveLibrary base = code(2, "/b/libbase.so");
    base.links = {deep};
    const LiveLibrary::Shared shared_base = shared(std::move(base));
    LiveLibrary game = code(3, "/b/libgame.so");
    game.links = {shared_base, deep};
    const std::vector<CodeRecipe> recipes = round_trip(std::move(game));
    ASSERT_EQ(recipes.size(), 3u);
    EXPECT_EQ(recipes[0].path, "/b/libdeep.so");
    EXPECT_EQ(recipes[1].links, std::vector<std::size_t>{0});
    EXPECT_EQ(recipes[2].path, "/b/libgame.so");
    EXPECT_EQ(recipes[2].links, (std::vector<std::size_t>{1, 0}));
}

TEST_F(CodeRecipeTest, OtherTextIsNone) {
    const std::string good = recipe_of(shared(code(1, "/b/libgame.so")));
    ASSERT_TRUE(parse_recipe(good));
    for (std::size_t length = 0; length < good.size(); ++length)
        EXPECT_FALSE(parse_recipe(std::string_view(good).substr(0, length))) << length;
    for (const char *text : {"{}", "7", "[7]", "[{}]", "garbage", "[[]]", "null"})
        EXPECT_FALSE(parse_recipe(text)) << text;
    const auto with = [&](const std::string &from, const std::string &to) {
        std::string text = good;
        return text.replace(text.find(from), from.size(), to);
    };
    EXPECT_FALSE(parse_recipe(with("\"id\":1", "\"id\":\"one\"")));
    EXPECT_FALSE(parse_recipe(with("\"id\":1", "\"id\":-1")));
    EXPECT_FALSE(parse_recipe(with("\"links\":[]", "\"links\":[0]"))) << "a circle";
    EXPECT_FALSE(parse_recipe(with("\"links\":[]", "\"links\":[5]")));
    EXPECT_FALSE(parse_recipe(with("\"origin\":[-5,", "\"origin\":[")));
}

} // namespace
} // namespace hotrun
