// `meson setup build` of the projects that tests make: it takes longer than to compile them.
#pragma once

#include <string>
#include <vector>

namespace hotrun::e2e {

// Runs `words`, which set up ROOT/build, in `root`, which lies in the temporary folder `folder`.
// Where Meson has done so for the same project before, in another temporary folder, the build
// folder is a copy of that one, with the new paths.
void set_up_project(const std::vector<std::string> &words, const std::string &root,
                    const std::string &folder);

} // namespace hotrun::e2e
