// What takes time that could be saved.
#pragma once

#include "core/findings.hpp"

#include <vector>

namespace hotrun {

void add_idle_build(const FolderFacts &folder, const RunTime &idle_build,
                    std::vector<Finding> &findings);
void add_times(const ModuleFacts &module, const FolderFacts &folder,
               std::vector<Finding> &findings);

} // namespace hotrun
