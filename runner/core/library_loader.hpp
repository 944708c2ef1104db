// Loads shared libraries into this process.
#pragma once

#include "core/timestamp.hpp"
#include "hotrun/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hotrun {

// What is called when a library is closed: the destructor of a static object of it.
struct ExitCall {
    void (*function)(void *object) = nullptr;
    void *object = nullptr;
    const void *owner = nullptr; // an address in the library that is closed
    bool is_off = false;         // not to be called: the object lives on elsewhere
};

// A loaded library. Destroying it closes it; whether its code then leaves the process is the
// library's own doing (LibraryLoader::is_mapped).
class Library {
  public:
    virtual ~Library() = default;
    virtual void *handle() const = 0;                 // what get_proc takes
    virtual void *symbol(const char *name) const = 0; // null: this library does not define it

    // Its static and global variables: what it may write once it is loaded.
    virtual std::vector<std::span<std::byte>> writable_segments() const = 0;

    // What a part of them was when its constructors had run, and nothing else of the library.
    // False: it is not known.
    virtual bool read_initial(std::uint64_t address, std::span<std::byte> to) const = 0;

    // Those that are yet to be called, the first to be registered first. Nobody else uses them
    // while the library's own code does not run.
    virtual std::vector<ExitCall *> exit_calls() const = 0;
    virtual ExitCall &add_exit_call(void (*function)(void *), void *object) = 0;

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

    // A function that libraries are to be bound to in place of __cxa_atexit, so that their exit
    // calls are known; 0: none.
    virtual std::uint64_t exit_hook() const = 0;

    using GetProc = void *(*)(void *library, const char *name);
    virtual GetProc get_proc() const = 0;
};

} // namespace hotrun
