// A module of the size that is asked for, in two versions that differ a little.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace hotrun::bench {

struct LibrarySize {
    std::string name;
    int source_count = 0; // each has 100 functions
    std::size_t statics_bytes = 0;
};

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

    // The version itself, as the linker has made it.
    std::string version_path(int version) const;

    // Of the first of its sources, as the compiler has made it.
    std::string object_path() const { return folder_ + "/sourceQ000.cpp.o"; }

  private:
    void write_build_file(const LibrarySize &size) const;

    std::string folder_;
    std::string path_;
    int version_ = 1;
};

} // namespace hotrun::bench
