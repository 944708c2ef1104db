// Parts of sentences for the user.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace hotrun {

// To what has been said already.
inline void add_sentence(std::string &text, const std::string &more) {
    if (!more.empty())
        text += (text.empty() ? "" : "; ") + more;
}

// "a, b and 3 more": at most so many, of a number of which these names are known.
inline std::string listed(const std::vector<std::string> &names, std::size_t most,
                          std::size_t count) {
    std::string text;
    const std::size_t told = std::min(names.size(), most);
    for (std::size_t i = 0; i < told; ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    return text + (count > told ? " and " + std::to_string(count - told) + " more" : "");
}
inline std::string listed(const std::vector<std::string> &names) {
    return listed(names, names.size(), names.size());
}

} // namespace hotrun
