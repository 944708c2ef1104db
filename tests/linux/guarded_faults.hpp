// A guard on this thread, and a copy of fixtures/faults.cpp that counts as hot code.
#pragma once

#include "fixtures/faults.h"
#include "linux/crash_guard.hpp"
#include "linux/dl_library_loader.hpp"
#include "linux/waiting.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

namespace hotrun {

constexpr const char *kLiveCopyMark = "_live.";

inline std::string beside_this_program(const std::string &name) {
    return std::filesystem::canonical("/proc/self/exe").parent_path() / name;
}

// For a process that is to end by a signal.
inline void dump_no_core() {
    const rlimit none = {0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

// Holds what child processes leave behind that end without a chance to clean up.
class FolderOfChildren {
  public:
    FolderOfChildren() { ::setenv("TEST_TMPDIR", folder_.path().c_str(), 1); } // NOLINT
    FolderOfChildren(const FolderOfChildren &) = delete;
    FolderOfChildren &operator=(const FolderOfChildren &) = delete;
    ~FolderOfChildren() { ::unsetenv("TEST_TMPDIR"); } // NOLINT(concurrency-mt-unsafe)

  private:
    TemporaryFolder folder_;
};

// Without a guard. It is hot code by its name, and its context is `context`.
class LoadedFaults {
  public:
    LoadedFaults() : path_(folder_ / "faults_live.1.1.so") {
        std::filesystem::copy_file(beside_this_program("fixture_faults.so"), path_);
        Result<std::unique_ptr<Library>> loaded = DlLibraryLoader().load(path_, {});
        EXPECT_TRUE(loaded) << loaded.error().message;
        library_ = std::move(*loaded);
        context.state = &shared;
        shared.event = event.descriptor();
    }

    const std::string &path() const { return path_; }
    Guard::Function function(const std::string &name) const {
        void *address = library_->symbol(("fault_" + name).c_str());
        EXPECT_NE(address, nullptr) << name;
        return reinterpret_cast<Guard::Function>(address);
    }
    const Library &library() const { return *library_; }

    Gate event; // what a function tells that does not return
    FaultsShared shared;
    hotrun_context context{};

  private:
    TemporaryFolder folder_;
    std::string path_;
    std::unique_ptr<Library> library_;
};

inline std::unique_ptr<ProcessRestart> make_restart(std::size_t module_count = 1) {
    auto restart = ProcessRestart::create(module_count, [] {});
    EXPECT_TRUE(restart) << restart.error().message;
    return std::move(*restart);
}

// None of its calls may replace the process: a test would begin anew.
class GuardedFaults : public LoadedFaults {
  public:
    GuardedFaults() : restart_(make_restart()), guard_(*restart_, kLiveCopyMark) {
        restart_->record().restarts_in_vain = 100;
    }

    bool call(const std::string &name) {
        return guard_.call({0, CallKind::kStep}, function(name), &context);
    }

    CrashGuard &guard() { return guard_; }
    ProcessRestart &restart() { return *restart_; }

  private:
    std::unique_ptr<ProcessRestart> restart_;
    CrashGuard guard_;
};

} // namespace hotrun
