#include "wrapped_text.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

TEST(WrappedText, BreaksBetweenWordsSoThatALineIsFull) {
    const std::string word(39, 'a');
    EXPECT_EQ(wrapped(word + "\n" + word + "b " + word), word + " " + word + "b\n" + word + "\n");
    EXPECT_EQ(wrapped(word + " " + word + "bb"), word + "\n" + word + "bb\n");
}

TEST(WrappedText, AWordThatIsTooLongHasALineOfItsOwn) {
    const std::string word(90, 'a');
    EXPECT_EQ(wrapped("at " + word + " it"), "at\n" + word + "\nit\n");
}

TEST(WrappedText, FurtherLinesAreIndented) {
    const std::string word(60, 'a');
    EXPECT_EQ(wrapped(word + " b", 4, 20), word + "\n    b\n");
}

TEST(WrappedText, ParagraphsStayApart) {
    EXPECT_EQ(wrapped("one\ntwo\n\nthree\n"), "one two\n\nthree\n");
}

} // namespace
} // namespace hotrun
