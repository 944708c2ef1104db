// std::optional and std::variant of libstdc++: unions of which it is known what is in use.
#pragma once

#include "core/type_layout.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace hotrun {

struct Choice {
    const TypeLayout *tag = nullptr; // a number
    std::uint64_t tag_at = 0;
    std::uint64_t value_at = 0; // of each alternative
    std::int64_t first = 0;     // the tag's value for the first alternative; others follow
    std::int64_t none = 0;      // its value for none
    std::vector<const TypeLayout *> alternatives;
};

// None: the type is no such thing.
std::optional<Choice> choice_of(const TypeLayout &type);

} // namespace hotrun
