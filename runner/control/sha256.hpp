// A name for a text of any length.
#pragma once

#include <string>
#include <string_view>

namespace hotrun {

// FIPS 180-4, as 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

} // namespace hotrun
