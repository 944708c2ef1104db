// What a library of an existing project needs to become a hot module.
#pragma once

#include "hotrun/project.hpp"
#include "hotrun/result.hpp"
#include "new_project.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

struct ChangedFile {
    std::string path;
    std::string before;
    std::string after;
};

// All of it text; nothing is written.
struct Adaptation {
    std::string library;
    std::vector<ChangedFile> changed;
    bool needs_dependency = false; // on 'hotrun-module', which may be a subproject
};

// Reads a file; none: there is none, or it can't be read.
using ReadText = std::function<std::optional<std::string>(const std::string &path)>;

// The smallest change that makes a hot module of the library `name`; empty: of the only
// shared_module or, if there is none, of the only shared_library. No changes: it is one. Errors
// name what there is to choose from, and what has to be done by hand.
Result<Adaptation> adapt(const std::vector<ProjectLibrary> &libraries, const std::string &name,
                         const ReadText &read);

} // namespace hotrun
