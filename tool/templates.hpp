// What hotrun init and hotrun report write, as it lies in tool/templates and elsewhere.
#pragma once

#include <span>
#include <string_view>

namespace hotrun {

struct Template {
    std::string_view group; // "cpp", "c", "common", "subproject", "report"
    std::string_view path;  // in the folder of the group
    std::string_view text;  // with {{words}} that are filled in
};

std::span<const Template> templates();

} // namespace hotrun
