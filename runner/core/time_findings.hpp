// What takes time that could be saved.
#pragma once

#include "core/findings.hpp"

#include <string>
#include <vector>

namespace hotrun {

void add_idle_build(const FolderFacts &folder, const RunTime &idle_build,
                    std::vector<Finding> &findings);
void add_times(const ModuleFacts &module, const std::string &builddir,
               std::vector<Finding> &findings);

} // namespace hotrun
