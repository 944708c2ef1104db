// The build folder of a project, for those who set up none.
#pragma once

#include "hotrun/project.hpp"

#include <string>

namespace hotrun {

inline Result<std::string> set_up_folder(const Project &project) {
    if (project.set_up)
        return project.builddir;
    return Error{ErrorKind::kFailed,
                 "there is no build folder yet; set it up with meson setup " + project.builddir, 0};
}

} // namespace hotrun
