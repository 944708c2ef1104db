// Ninja's graph from one run to the next.
#pragma once

#include "core/build_files.hpp"
#include "core/file_system.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// What `ninja -t graph` printed, in a file of the build folder, with the targets that it was asked
// for and the timestamps of the files that it was made from: for a large project ninja takes as
// long for that as for a build in which nothing is to do. Thread-bound.
class KeptGraph {
  public:
    KeptGraph(FileSystem &files, const std::string &builddir)
        : files_(files), path_(builddir + "/.hotrun_graph") {}

    // None: there is none of these targets and build files.
    std::optional<std::string> find(const BuildFiles &build_files,
                                    const std::vector<std::string> &targets) const;

    // Where it can't be written, the next run asks ninja.
    void keep(const BuildFiles &build_files, const std::vector<std::string> &targets,
              std::string_view graphviz);

  private:
    FileSystem &files_;
    std::string path_;
};

} // namespace hotrun
