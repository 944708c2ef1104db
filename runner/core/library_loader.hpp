// Loads shared libraries into this process.
#pragma once

#include "hotrun/result.hpp"

#include <memory>
#include <string>

namespace hotrun {

// A loaded library. Destroying it closes it; whether its code then leaves the process is the
// library's own doing (LibraryLoader::is_mapped).
class Library {
  public:
    virtual ~Library() = default;
    virtual void *handle() const = 0;                 // what get_proc takes
    virtual void *symbol(const char *name) const = 0; // null: this library does not define it
};

// Thread-safe.
class LibraryLoader {
  public:
    virtual ~LibraryLoader() = default;

    // Binds every symbol now, for this library alone. The message of the Error is the loader's own.
    virtual Result<std::unique_ptr<Library>> load(const std::string &path) = 0;
    virtual bool is_mapped(const std::string &path) const = 0; // or the name of a library
    virtual bool host_has_symbol(const char *name) const = 0;

    using GetProc = void *(*)(void *library, const char *name);
    virtual GetProc get_proc() const = 0;
};

} // namespace hotrun
