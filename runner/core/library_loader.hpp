// Loads shared libraries into this process.
#pragma once

#include "core/timestamp.hpp"
#include "hotrun/result.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hotrun {

// A loaded library. Destroying it closes it; whether its code then leaves the process is the
// library's own doing (LibraryLoader::is_mapped).
class Library {
  public:
    virtual ~Library() = default;
    virtual void *handle() const = 0;                 // what get_proc takes
    virtual void *symbol(const char *name) const = 0; // null: this library does not define it

    // Its static and global variables: what it may write once it is loaded.
    virtual std::vector<std::span<std::byte>> writable_segments() const = 0;

    // Where it lies: what was added to the addresses in its file, and its first and last byte.
    struct Place {
        std::uint64_t load_bias = 0;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;

        bool operator==(const Place &) const = default;
    };
    virtual Place place() const = 0;
};

// What a live copy was made from.
struct Origin {
    std::string library; // path
    Timestamp timestamp;

    bool operator==(const Origin &) const = default;
};

// Thread-safe.
class LibraryLoader {
  public:
    virtual ~LibraryLoader() = default;

    // Binds every symbol now, for this library alone. The message of the Error is the loader's own.
    virtual Result<std::unique_ptr<Library>> load(const std::string &path,
                                                  const Origin &origin) = 0;
    virtual bool is_mapped(const std::string &path) const = 0; // or the name of a library
    virtual bool host_has_symbol(const char *name) const = 0;

    using GetProc = void *(*)(void *library, const char *name);
    virtual GetProc get_proc() const = 0;
};

} // namespace hotrun
