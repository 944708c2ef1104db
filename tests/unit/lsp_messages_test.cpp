#include "lsp_messages.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace hotrun {
namespace {

using Texts = std::vector<std::string>;

Texts read(LspReader &reader, std::string_view bytes) {
    Texts messages;
    reader.feed(bytes);
    while (const auto message = reader.next())
        messages.push_back(*message);
    return messages;
}

TEST(LspMessages, MayComeInPiecesCutAnywhere) {
    const std::string bytes = lsp_message("{}") +
                              "content-LENGTH:5\r\nContent-Type: x\r\n\r\n{\r\n\r}" +
                              lsp_message("\"ä\"");
    const Texts expected = {"{}", "{\r\n\r}", "\"ä\""};
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        LspReader reader;
        Texts messages = read(reader, std::string_view(bytes).substr(0, cut));
        for (std::string &message : read(reader, std::string_view(bytes).substr(cut)))
            messages.push_back(std::move(message));
        EXPECT_EQ(messages, expected) << cut;
        EXPECT_FALSE(reader.is_broken());
    }
}

TEST(LspMessages, WithoutALengthBreakTheStream) {
    for (const std::string &bytes :
         {std::string("Content-Type: x\r\n\r\n{}"), std::string("Content-Length: x\r\n\r\n{}"),
          std::string("Content-Length: -1\r\n\r\n{}"), std::string("\r\n\r\n"),
          std::string("Content-Length: 99999999999\r\n\r\n"), std::string(5000, 'x')}) {
        LspReader reader;
        EXPECT_EQ(read(reader, bytes), Texts{});
        EXPECT_TRUE(reader.is_broken()) << bytes;
    }
}

TEST(LspMessages, UrisNameFiles) {
    EXPECT_EQ(uri_of_path("/a gäme/x_1.cpp"), "file:///a%20g%C3%A4me/x_1.cpp");
    for (const char *path : {"/", "/a b/ä%漢.cpp", "/\xff"})
        EXPECT_EQ(path_of_uri(uri_of_path(path)), path);
    EXPECT_EQ(path_of_uri("file://localhost/a%2fb"), "/a/b");
    EXPECT_EQ(path_of_uri("file:///a%2"), "/a%2");
    EXPECT_EQ(path_of_uri("file:///a%zz"), "/a%zz");
    EXPECT_EQ(path_of_uri("untitled:1"), std::nullopt);
    EXPECT_EQ(path_of_uri("file://other/a"), std::nullopt);
}

TEST(LspMessages, ColumnsAreUnitsOfUtf16) {
    const std::string line = "\tä漢😀 x\xffy";
    EXPECT_EQ(utf16_offset(line, 0), 0u);
    EXPECT_EQ(utf16_offset(line, 1), 0u);
    EXPECT_EQ(utf16_offset(line, 2), 1u);
    EXPECT_EQ(utf16_offset(line, 4), 2u);
    EXPECT_EQ(utf16_offset(line, 7), 3u);
    EXPECT_EQ(utf16_offset(line, 11), 5u);
    EXPECT_EQ(utf16_offset(line, 14), 8u) << "a byte that is no character counts as one";
    EXPECT_EQ(utf16_offset(line, 99), 9u);
    EXPECT_EQ(end_of_word("int äx1_ = 2;", 5), 10u);
    EXPECT_EQ(end_of_word("int x", 4), 5u);
    EXPECT_EQ(end_of_word("int x", 9), 9u);
}

} // namespace
} // namespace hotrun
