// A module of the size that is asked for, in two versions that differ a little.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace hotrun::bench {

struct LibrarySize {
    std::string name;
    int source_count = 0; // each has 100 functions
    std::size_t statics_bytes = 0;
};

// The folder of the generated libraries: HOTRUN_BENCH_CACHE, else one in the build folder.
std::string library_cache();

// In a folder that is used again by the next run: its sources, what g++ makes of them, and the file
// that is loaded, which is one version or the other.
class GeneratedLibrary {
  public:
    // Builds it, unless that was done before: the largest takes minutes.
    GeneratedLibrary(const std::string &cache, const LibrarySize &size);

    const std::string &path() const { return path_; }
    double size_mb() const;

    // As a linker does that writes beside the file and renames: at once.
    void put(int version) const;

    // Puts the version that is not there.
    void put_other();

    // The same as a file of its own: one that has failed is not tried again.
    void put_copy_of_other();

    // The version itself, as the linker has made it.
    std::string version_path(int version) const;

    // Has the precompiled pause_state.hpp.
    const std::string &folder() const { return folder_; }

    // All that is linked beside the module itself.
    const std::vector<std::string> &objects() const { return objects_; }

    // What a command that compiles the module, or links it, begins with.
    static std::string compile_command(const LibrarySize &size);
    static std::string link_command();

  private:
    void write_build_file(const LibrarySize &size);

    std::string folder_;
    std::string path_;
    std::vector<std::string> objects_;
    int version_ = 1;
};

} // namespace hotrun::bench
