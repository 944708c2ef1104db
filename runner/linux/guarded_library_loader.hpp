// Loads libraries whose static constructors may fail.
#pragma once

#include "core/library_loader.hpp"
#include "linux/process_restart.hpp"

#include <chrono>
#include <thread>

namespace hotrun {

// A constructor that crashes, throws or hangs replaces the process, and so does a destructor when a
// library is closed. Made on the host's thread; thread-safe.
class GuardedLibraryLoader final : public LibraryLoader {
  public:
    // `limit`: for the loading of one library; 0: none.
    GuardedLibraryLoader(LibraryLoader &loader, ProcessRestart &restart,
                         std::chrono::milliseconds limit)
        : loader_(loader), restart_(restart), limit_(limit) {}

    Result<std::unique_ptr<Library>> load(const std::string &path, const Origin &origin) override;
    bool is_mapped(const std::string &path) const override { return loader_.is_mapped(path); }
    bool host_has_symbol(const char *name) const override { return loader_.host_has_symbol(name); }
    std::uint64_t exit_hook() const override { return loader_.exit_hook(); }
    GetProc get_proc() const override { return loader_.get_proc(); }

  private:
    class GuardedLibrary;

    bool on_host() const { return std::this_thread::get_id() == host_; }

    LibraryLoader &loader_;
    ProcessRestart &restart_;
    const std::chrono::milliseconds limit_;
    const std::thread::id host_ = std::this_thread::get_id();
};

} // namespace hotrun
