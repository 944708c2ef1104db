// Text in UTF-8, character by character.
#pragma once

#include <cstddef>
#include <string_view>

#include <locale.h>

namespace hotrun {

// The length of the UTF-8 sequence at the start of `text`, 0 if there is none; overlong forms,
// surrogates and what is above U+10FFFF are none.
std::size_t utf8_length(std::string_view text);

// What a whole sequence stands for.
char32_t utf8_code_point(std::string_view sequence);

// While there is one, its thread uses a locale in which the C library knows the width of each
// character, whatever the user's is.
class CharacterWidths {
  public:
    CharacterWidths();
    CharacterWidths(const CharacterWidths &) = delete;
    CharacterWidths &operator=(const CharacterWidths &) = delete;
    ~CharacterWidths();

    // 0 for what joins the character before it; 1 for what is not known.
    std::size_t width(char32_t point) const;

  private:
    locale_t before_;
};

} // namespace hotrun
