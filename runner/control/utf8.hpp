// Text in UTF-8, character by character.
#pragma once

#include <cstddef>
#include <string_view>

namespace hotrun {

// The length of the UTF-8 sequence at the start of `text`, 0 if there is none; overlong forms,
// surrogates and what is above U+10FFFF are none.
std::size_t utf8_length(std::string_view text);

// What a whole sequence stands for.
char32_t utf8_code_point(std::string_view sequence);

} // namespace hotrun
