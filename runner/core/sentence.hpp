#pragma once

#include <string>

namespace hotrun {

// To what has been said already.
inline void add_sentence(std::string &text, const std::string &more) {
    if (!more.empty())
        text += (text.empty() ? "" : "; ") + more;
}

} // namespace hotrun
