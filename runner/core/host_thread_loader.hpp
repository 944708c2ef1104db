// Loads libraries on the host's thread, for static constructors that are bound to it.
#pragma once

#include "core/library_loader.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

namespace hotrun {

// load() waits on the runner's thread until the host's thread comes to serve().
class HostThreadLoader final : public LibraryLoader {
  public:
    // `wake_host` gets the host's thread to its safe point.
    HostThreadLoader(LibraryLoader &loader, std::function<void()> wake_host)
        : loader_(loader), wake_host_(std::move(wake_host)) {}

    Result<std::unique_ptr<Library>> load(const std::string &path, const Origin &origin) override;
    bool is_mapped(const std::string &path) const override { return loader_.is_mapped(path); }
    bool host_has_symbol(const char *name) const override { return loader_.host_has_symbol(name); }
    std::uint64_t exit_hook() const override { return loader_.exit_hook(); }
    GetProc get_proc() const override { return loader_.get_proc(); }

    // Host's thread: loads what is waited for.
    void serve();

    // Host's thread, which will serve no more: from now on load() loads by itself.
    void close();

  private:
    struct Order {
        const std::string &path;
        const Origin &origin;
        std::optional<Result<std::unique_ptr<Library>>> outcome;
    };

    LibraryLoader &loader_;
    const std::function<void()> wake_host_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Order *order_ = nullptr; // guarded by mutex_, as the next one; owned by who waits
    bool closed_ = false;
};

} // namespace hotrun
