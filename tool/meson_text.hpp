// Small changes of a meson.build, as text: what its author has written stays as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hotrun {

// `text` with `definition`, whole lines, before the statement that makes the library `name`, if it
// is not above that yet, and with `dependency`, an expression, among the dependencies of the
// library. None: no call in `text` makes a library of that name in so many letters.
std::optional<std::string> with_dependency(std::string_view text, std::string_view name,
                                           std::string_view definition,
                                           std::string_view dependency);

// The folder of the project's subprojects, by the text of its own meson.build.
std::string subproject_folder(std::string_view text);

} // namespace hotrun
