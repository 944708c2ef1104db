// The files that hotrun init writes, as they are in tool/templates and elsewhere in the sources.
#pragma once

#include <span>
#include <string_view>

namespace hotrun {

struct Template {
    std::string_view group; // "cpp", "c", "common", "subproject"
    std::string_view path;  // in the folder of the group
    std::string_view text;  // with {{words}} that are filled in
};

std::span<const Template> templates();

} // namespace hotrun
